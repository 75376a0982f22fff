// Makes the quantised forms of one model, after our own simplification with fixed shapes, and
// prepares them as models of their own: an engine's outputs are verified against what the reference
// makes of the quantised model, so that computing it wrongly is found, whatever quantising costs.
#pragma once

#include <optional>
#include <string>

#include "prepare/prepare_model.h"
#include "quantise/plan.h"
#include "quantise/static_int8.h"

namespace dnnbench::quantise {

class VariantMaker {
 public:
  // `f32` has samples. All arguments must outlive this.
  VariantMaker(const PreparedModel& f32, double timeout_s, const WorkFolder& work,
               Progress& progress)
      : f32_(f32), timeout_s_(timeout_s), work_(work), progress_(progress) {}

  // "int8" or "int8-dynamic". A failure is the outcome in its facts.
  PreparedModel make(const std::string& precision);

 private:
  VariantFacts write(const std::string& precision, const std::string& path);
  const std::string& simplified();
  EditableModel open();
  void require_same_outputs(EditableModel model);
  Ranges calibrate(EditableModel model, const Plan& plan, VariantFacts& facts);
  LoadConfig load_of(const std::string& path) const;
  void keep_peak(int64_t bytes) { peak_bytes_ = std::max(peak_bytes_, bytes); }

  const PreparedModel& f32_;
  double timeout_s_;
  const WorkFolder& work_;
  Progress& progress_;
  std::string simplified_path_;  // made at the first call; upgraded
  int64_t peak_bytes_ = 0;
};

}  // namespace dnnbench::quantise
