#include "measure/prepared_models.h"

namespace dnnbench {

PreparedModels::PreparedModels(const RunOptions& options, const std::vector<Candidate>& candidates,
                               int threads, Progress& progress)
    : options_(options), threads_(threads), progress_(progress) {
  for (const Candidate& candidate : candidates) {
    if (models_.count(candidate.model_path) > 0) continue;
    models_.emplace(candidate.model_path, read_model(candidate.model_path));
  }
}

const ModelAtBatch& PreparedModels::at(const std::string& path, std::optional<int64_t> batch) {
  const auto found = prepared_.find({path, batch});
  if (found != prepared_.end()) return found->second;
  ModelAtBatch model{std::make_unique<WorkFolder>(), {}};
  model.prepared =
      prepare_model(options_, models_.at(path), batch, threads_, *model.work, progress_);
  return prepared_.emplace(std::pair(path, batch), std::move(model)).first->second;
}

}  // namespace dnnbench
