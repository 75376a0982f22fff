// PreparedModels: the models of a comparison, each read and prepared once, however many candidates
// use it. All of them get the inputs of the first, and are judged by its reference.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "prepare/prepare_model.h"
#include "process/work_folder.h"
#include "quantise/variant_maker.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

// A model at one size of its batch, and the folder in which its inputs lie.
struct ModelAtBatch {
  std::shared_ptr<WorkFolder> work;
  PreparedModel prepared;
};

class PreparedModels {
 public:
  // Reads the candidates' models, which throws Error where one is not a model, or does another task
  // than the first (prepare/same_task.h). `threads` compute the reference. Options and progress
  // must outlive this.
  PreparedModels(const RunOptions& options, const std::vector<Candidate>& candidates, int threads,
                 Progress& progress);

  // One of those models, for int8 and int8-dynamic quantised; prepared at the first call. Throws
  // Error for what the user must fix. Valid as long as this.
  const ModelAtBatch& at(const std::string& path, std::optional<int64_t> batch,
                         const std::string& precision = "f32");

  // Throws Error where a model can't be run at a batch that the run asks for, as far as its shapes
  // show. Prepares nothing.
  void require_batches() const;

  // Whether the model can be run at another batch than 1, in the same sense.
  bool takes_batches(const std::string& path) const;

 private:
  void require_batch(const std::string& path, std::optional<int64_t> batch) const;
  PreparedModel prepare(const std::string& path, std::optional<int64_t> batch,
                        const WorkFolder& work);

  const RunOptions& options_;
  const std::string first_path_;
  int threads_;
  Progress& progress_;
  std::map<std::string, Model> models_;
  std::set<std::pair<std::string, std::optional<int64_t>>> asked_;  // models at batches
  std::set<ToleranceClass> judged_by_;                              // of all candidates
  struct Forms {
    ModelAtBatch f32;
    std::unique_ptr<quantise::VariantMaker> maker;
    std::map<std::string, ModelAtBatch> quantised;  // by precision
  };
  Forms& forms(const std::string& path, std::optional<int64_t> batch);
  void save(PreparedModel& variant, const std::string& precision,
            std::optional<int64_t> batch) const;

  std::map<std::pair<std::string, std::optional<int64_t>>, Forms> prepared_;
};

}  // namespace dnnbench
