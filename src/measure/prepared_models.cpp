#include "measure/prepared_models.h"

#include "prepare/same_task.h"

namespace dnnbench {

PreparedModels::PreparedModels(const RunOptions& options, const std::vector<Candidate>& candidates,
                               int threads, Progress& progress)
    : options_(options),
      first_path_(candidates.at(0).model_path),
      threads_(threads),
      progress_(progress) {
  for (const Candidate& candidate : candidates) {
    if (models_.count(candidate.model_path) > 0) continue;
    models_.emplace(candidate.model_path, read_model(candidate.model_path));
    require_same_task(models_.at(first_path_), models_.at(candidate.model_path));
  }
}

const ModelAtBatch& PreparedModels::at(const std::string& path, std::optional<int64_t> batch) {
  const auto found = prepared_.find({path, batch});
  if (found != prepared_.end()) return found->second;
  ModelAtBatch model{std::make_unique<WorkFolder>(), {}};
  model.prepared = prepare(path, batch, *model.work);
  return prepared_.emplace(std::pair(path, batch), std::move(model)).first->second;
}

PreparedModel PreparedModels::prepare(const std::string& path, std::optional<int64_t> batch,
                                      const WorkFolder& work) {
  if (path != first_path_) {
    return prepare_other_model(options_, models_.at(path), at(first_path_, batch).prepared, work);
  }
  return prepare_model(options_, models_.at(path), batch, threads_, work, progress_);
}

}  // namespace dnnbench
