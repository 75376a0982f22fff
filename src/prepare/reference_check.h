// ReferenceCheck: a second opinion on the reference. ONNX Runtime computes the reference, and it is
// one of the engines: where it is wrong, a right engine would be called wrong. So the reference's
// values within the model are taken out of it, and each node's output is checked by itself against
// the operator's definition (evaluate/formula.h), given the node's inputs. A model of which every
// node is right is right, and what is wrong has a name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "prepare/compute_references.h"
#include "prepare/simplify_model.h"
#include "process/work_folder.h"
#include "protocol/load_config.h"
#include "run/progress.h"
#include "verify/second_opinion.h"

namespace dnnbench {

class ReferenceCheck {
 public:
  // `config` as for the reference. `work` and `progress` must outlive this. `seed` draws what is
  // sampled.
  ReferenceCheck(LoadConfig config, const std::vector<InputSet>& sets,
                 std::shared_ptr<ModelSimplifier> simplifier, uint64_t seed, double timeout_s,
                 const WorkFolder& work, Progress& progress);

  // Cheap, well below a second but for the loading of the model: a node of each operator, and more
  // as far as that goes; some elements of each. Throws Interrupted.
  SecondOpinion sample(size_t input_set);

  // Every node that has a formula, every element as far as some 20 seconds reach, more evenly then.
  // Made at the first call for a set of inputs.
  const SecondOpinion& check(size_t input_set);

 private:
  LoadConfig config_;
  std::vector<std::string> inputs_files_;
  std::shared_ptr<ModelSimplifier> simplifier_;
  uint64_t seed_;
  double timeout_s_;
  const WorkFolder& work_;
  Progress& progress_;
  std::map<size_t, SecondOpinion> checked_;
};

}  // namespace dnnbench
