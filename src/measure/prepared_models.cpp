#include "measure/prepared_models.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/cache.h"
#include "core/error.h"
#include "prepare/compute_references.h"
#include "prepare/same_task.h"
#include "run/names.h"

namespace dnnbench {

PreparedModels::PreparedModels(const RunOptions& options, const std::vector<Candidate>& candidates,
                               int threads, Progress& progress)
    : options_(options),
      first_path_(candidates.at(0).model_path),
      threads_(threads),
      progress_(progress) {
  for (const Candidate& candidate : candidates) {
    if (models_.count(candidate.model_path) == 0) {
      models_.emplace(candidate.model_path, read_model(candidate.model_path));
      require_same_task(models_.at(first_path_), models_.at(candidate.model_path));
    }
    judged_by_.merge(classes_judged_by(models_.at(candidate.model_path), candidate.precision));
    asked_.emplace(candidate.model_path, candidate.batch);
    if (options.throughput() == nullptr) continue;
    for (const int64_t batch : options.throughput()->batches) {
      asked_.emplace(candidate.model_path, batch);
    }
  }
}

void PreparedModels::require_batches() const {
  for (const auto& [path, batch] : asked_) require_batch(path, batch);
}

bool PreparedModels::takes_batches(const std::string& path) const {
  try {
    require_batch(path, 2);
  } catch (const Error&) {
    return false;
  }
  return true;
}

void PreparedModels::require_batch(const std::string& path, std::optional<int64_t> batch) const {
  const Model& first = models_.at(first_path_);
  const GivenInputs given = read_given_inputs(first, options_.inputs, options_.test_data);
  const WorkFolder work;
  require_shapes(models_.at(path), fix_shapes(first, options_.shapes, given, work, batch).sizes());
}

const ModelAtBatch& PreparedModels::at(const std::string& path, std::optional<int64_t> batch,
                                       const std::string& precision) {
  Forms& model = forms(path, batch);
  if (!is_quantised(precision)) return model.f32;
  const auto found = model.quantised.find(precision);
  if (found != model.quantised.end()) return found->second;
  if (!model.maker) {
    model.maker = std::make_unique<quantise::VariantMaker>(model.f32.prepared, options_.max_error,
                                                           options_.timeout_s, *model.f32.work,
                                                           progress_, cache_folder() + "/variants");
  }
  ModelAtBatch variant{model.f32.work, model.maker->make(precision)};
  save(variant.prepared, precision, batch);
  return model.quantised.emplace(precision, std::move(variant)).first->second;
}

// Keeps a quantised model for the user: "mobilenetv2-10-int8.onnx", "...-batch4-int8.onnx".
void PreparedModels::save(PreparedModel& variant, const std::string& precision,
                          std::optional<int64_t> batch) const {
  namespace fs = std::filesystem;
  if (!options_.save_variants || !variant.variant->outcome.ok()) return;
  const std::string name = with_safe_characters(fs::path(variant.model.path).stem().string());
  const fs::path path =
      fs::path(*options_.save_variants) /
      fmt::format("{}{}-{}.onnx", name, batch ? fmt::format("-batch{}", *batch) : "", precision);
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  fs::copy_file(variant.load.model_path, path, fs::copy_options::overwrite_existing, error);
  if (error) throw Error(fmt::format("could not write {}: {}", path.string(), error.message()));
  variant.variant->saved_path = fs::absolute(path).string();
}

PreparedModels::Forms& PreparedModels::forms(const std::string& path,
                                             std::optional<int64_t> batch) {
  const auto found = prepared_.find({path, batch});
  if (found != prepared_.end()) return found->second;
  Forms model{{std::make_shared<WorkFolder>(), {}}, nullptr, {}};
  model.f32.prepared = prepare(path, batch, *model.f32.work);
  return prepared_.emplace(std::pair(path, batch), std::move(model)).first->second;
}

PreparedModel PreparedModels::prepare(const std::string& path, std::optional<int64_t> batch,
                                      const WorkFolder& work) {
  if (path != first_path_) {
    return prepare_other_model(options_, models_.at(path), at(first_path_, batch).prepared, work,
                               progress_, judged_by_);
  }
  return prepare_model(options_, models_.at(path), batch, threads_, work, progress_, judged_by_);
}

}  // namespace dnnbench
