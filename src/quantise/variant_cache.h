// Quantised models that were made before, kept between runs in the cache's folder "variants", where
// no engine can write. A file that is broken is as good as none.
#pragma once

#include <optional>
#include <string>

#include "prepare/prepare_model.h"

namespace dnnbench::quantise {

class VariantCache {
 public:
  explicit VariantCache(std::string folder) : folder_(std::move(folder)) {}

  // All that a quantised form depends on, as one name: the model with its external weights, its
  // shapes, the calibration samples, what is asked for, the largest weight (quantised_weights.h)
  // and this very program. Throws Error where a file can't be read.
  static std::string key_of(const PreparedModel& f32, const std::string& precision,
                            std::optional<double> max_error, int largest_weight);

  // Copies the model to `path` and says how it was made, if it is there.
  std::optional<VariantFacts> find(const std::string& key, const std::string& path) const;

  // Keeps the newest few. A full disk is no error: the next run makes it again.
  void store(const std::string& key, const std::string& path, const VariantFacts& facts) const;

 private:
  void drop_oldest() const;

  std::string folder_;
};

}  // namespace dnnbench::quantise
