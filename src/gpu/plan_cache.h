// PlanCache: what a compiler for one GPU made of a model, kept between runs. A file that is broken,
// or made for another model, library or GPU, is as good as none: it is compiled again and replaced.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"

namespace dnnbench {

// All that a plan depends on.
struct PlanKey {
  std::string model_sha256;  // of its files (import/model_hash.h)
  std::string library;       // "TensorRT 10.6.0"
  std::string gpu;           // its name and SM, not the one board's UUID
  std::string settings;      // precision, shapes, which form of the model
};

class PlanCache {
 public:
  // `folder` is made when something is stored.
  explicit PlanCache(std::string folder) : folder_(std::move(folder)) {}

  std::optional<std::string> find(const PlanKey& key) const;

  // Replaces the file as its last step. Throws Error when it can't be written.
  void store(const PlanKey& key, std::string_view plan) const;

  // Opens the plan that is kept; where there is none, or `open(plan)` refuses it by returning
  // false, keeps what `build()` makes and opens that. Returns how long building took; absent
  // without it. Throws Error where a new plan is refused, too.
  template <typename Open, typename Build>
  std::optional<double> open_or_build(const PlanKey& key, Open open, Build build) const {
    if (const auto plan = find(key); plan && open(*plan)) return std::nullopt;
    const double start_s = monotonic_s();
    const std::string plan = build();
    const double build_s = monotonic_s() - start_s;
    store(key, plan);
    if (!open(plan)) throw Error(key.library + " refuses the plan that it has just built");
    return build_s;
  }

 private:
  std::string path_of(const PlanKey& key) const;

  std::string folder_;
};

}  // namespace dnnbench
