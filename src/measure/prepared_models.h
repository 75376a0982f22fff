// PreparedModels: the models of a comparison, each read and prepared once, however many candidates
// use it. All of them get the inputs of the first, and are judged by its reference.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "prepare/prepare_model.h"
#include "process/work_folder.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

// A model at one size of its batch, and the folder in which its inputs lie.
struct ModelAtBatch {
  std::unique_ptr<WorkFolder> work;
  PreparedModel prepared;
};

class PreparedModels {
 public:
  // Reads the candidates' models, which throws Error where one is not a model or does another task
  // than the first (prepare/same_task.h). `threads` compute the reference. Options and progress
  // must outlive this.
  PreparedModels(const RunOptions& options, const std::vector<Candidate>& candidates, int threads,
                 Progress& progress);

  // One of those models; prepared at the first call. Throws Error for what the user must fix. Valid
  // as long as this.
  const ModelAtBatch& at(const std::string& path, std::optional<int64_t> batch);

 private:
  PreparedModel prepare(const std::string& path, std::optional<int64_t> batch,
                        const WorkFolder& work);

  const RunOptions& options_;
  const std::string first_path_;
  int threads_;
  Progress& progress_;
  std::map<std::string, Model> models_;
  std::map<std::pair<std::string, std::optional<int64_t>>, ModelAtBatch> prepared_;
};

}  // namespace dnnbench
