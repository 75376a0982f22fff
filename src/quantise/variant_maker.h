// Makes the quantised forms of one model, after our own simplification with fixed shapes, and
// prepares them as models of their own: an engine's outputs are verified against what the reference
// makes of the quantised model, so that computing it wrongly is found, whatever quantising costs.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "prepare/prepare_model.h"
#include "quantise/plan.h"
#include "quantise/static_int8.h"
#include "quantise/variant_cache.h"

namespace dnnbench::quantise {

class VariantMaker {
 public:
  // `f32` has samples. With `max_error`, int8 leaves products in f32 until the error is within it,
  // if that helps. What was made before is taken from `cache`, a folder; "" for none. All arguments
  // must outlive this.
  VariantMaker(const PreparedModel& f32, std::optional<double> max_error, double timeout_s,
               const WorkFolder& work, Progress& progress, const std::string& cache = "");

  // "int8" or "int8-dynamic". A failure is the outcome in its facts.
  PreparedModel make(const std::string& precision);

 private:
  VariantFacts find_or_write(const std::string& precision, const std::string& path);
  VariantFacts write(const std::string& precision, const std::string& path);
  const std::string& simplified();
  EditableModel open();
  void require_same_outputs(EditableModel model);
  void write_int8(const std::string& path, VariantFacts& facts);
  Plan plan_of(const EditableModel& model, const std::set<std::string>& kept_in_f32 = {}) const;
  Ranges calibrate(EditableModel model, const Plan& plan, VariantFacts& facts);
  std::vector<std::string> by_noise(EditableModel model, const Plan& plan, const Ranges& ranges);
  size_t fewest_in_f32(const std::vector<std::string>& noisiest, const std::string& path,
                       const Ranges& ranges);
  size_t write_keeping(const std::vector<std::string>& noisiest, size_t kept,
                       const std::string& path, const Ranges& ranges);
  double error_on_calibration(const std::string& path);
  LoadConfig load_of(const std::string& path) const;
  void keep_peak(int64_t bytes) { peak_bytes_ = std::max(peak_bytes_, bytes); }

  const PreparedModel& f32_;
  std::optional<double> max_error_;
  double timeout_s_;
  int largest_weight_;  // that this machine multiplies without overflow
  const WorkFolder& work_;
  const WorkFolder simplifier_folder_;  // the only one that the simplifier may write
  Progress& progress_;
  std::optional<VariantCache> cache_;
  std::string simplified_path_;  // made at the first call; upgraded
  double simplify_s_ = 0;
  std::vector<std::vector<Value>> expected_;  // f32 outputs of the first calibration samples
  int64_t peak_bytes_ = 0;
};

}  // namespace dnnbench::quantise
