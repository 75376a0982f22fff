#include "simplify.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <set>

#include "core/clock.h"
#include "core/error.h"
#include "import/branches.h"
#include "import/simplify.h"
#include "library.h"
#include "open_model.h"
#include "values.h"

namespace dnnbench::ort {
namespace {

constexpr int64_t kAll = std::numeric_limits<int64_t>::max();  // no tensor is too large to fold
constexpr size_t kMaxMessage_bytes = std::numeric_limits<int32_t>::max();  // of protobuf

SessionOptions make_options(const LoadConfig& config, int level) {
  const Api& api = library().api;
  auto options =
      owned<SessionOptions>([&](OrtSessionOptions** out) { return api.CreateSessionOptions(out); });
  check(api.SetSessionGraphOptimizationLevel(options.get(), level));
  check(api.SetIntraOpNumThreads(options.get(), 1));
  if (!config.optimize) {
    check(api.AddSessionConfigEntry(options.get(), "optimization.disable_specified_optimizers",
                                    "ConstantFolding"));
  }
  return options;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  if (!file.flush()) throw Error("the simplified model can't be written to " + path);
}

std::string optimized(const LoadConfig& config, const std::string& model, const std::string& path) {
  const SessionOptions options = make_options(config, kEnableBasic);
  check(library().api.SetOptimizedModelFilePath(options.get(), path.c_str()));
  open_bytes(model, config.model_path, *options);
  return read_file(path);
}

// A condition is known when the library folds it. `path` may be overwritten.
std::map<std::string, bool> known_conditions(const LoadConfig& config,
                                             const import::ModelFile& model,
                                             const std::string& path) {
  const std::set<std::string> conditions = import::branch_conditions(model.graph);
  auto known = import::constant_conditions(model.graph, conditions);
  const std::string smaller = import::model_of_conditions(model);
  if (smaller.empty()) return known;
  try {
    optimized(config, smaller, path);
    known.merge(import::constant_conditions(import::read_model_file(path, config.model_path).graph,
                                            conditions));
  } catch (const std::exception&) {
    // The branches then stay; the library says what is wrong with the whole model.
  }
  return known;
}

// Before they are all in memory.
bool weights_fit(const import::Graph& inlined, const import::Graph& original) {
  size_t bytes = 0;
  for (const import::Parameter& input : inlined.inputs) {
    const import::Constant* const weight = original.constant(input.name);
    if (weight != nullptr) bytes += weight->bytes.size();
  }
  return bytes <= kMaxMessage_bytes;
}

// A second try for engines that can do without: nothing that fails here is theirs, and no torn file
// is.
void write_inlined(const LoadConfig& config, const std::string& model) {
  const std::string unfinished = config.inlined_path + ".part";
  try {
    const auto inlined = import::read_model_message(model, config.model_path);
    const import::Graph original = import::read_model_file(config.model_path).graph;
    if (!weights_fit(inlined.graph, original)) return;
    const std::string whole = import::with_weights(inlined, original);
    if (whole.size() > kMaxMessage_bytes) return;
    write_file(unfinished, whole);
    std::filesystem::rename(unfinished, config.inlined_path);
  } catch (const std::exception&) {
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
  }
}

struct Reduced {
  std::string model;     // without weights, and without the If nodes whose condition is known
  bool inlined = false;  // whether there were such
};

Reduced reduce(const LoadConfig& config, int64_t largest_folded_bytes, const std::string& path) {
  Reduced reduced{import::without_weights(config, largest_folded_bytes)};
  while (true) {
    const auto file = import::read_model_message(reduced.model, config.model_path);
    const auto known = known_conditions(config, file, path);
    if (known.empty()) return reduced;
    reduced = {import::with_taken_branches(file, known), true};
  }
}

// Returns the simplified form, and in `reduced` what it was made of.
std::string simplified(const LoadConfig& config, const std::string& path, bool with_weights,
                       Reduced& reduced) {
  if (with_weights) {
    reduced = reduce(config, kAll, path);
    return optimized(config, reduced.model, path);
  }
  try {
    reduced = reduce(config, import::kLargestFolded_bytes, path);
    return optimized(config, reduced.model, path);
  } catch (const std::exception&) {
    // An operator that wants one of its weights beforehand.
    reduced = reduce(config, kAll, path);
    return optimized(config, reduced.model, path);
  }
}

std::string with_types(const LoadConfig& config, const std::string& model) {
  std::vector<import::Parameter> values;
  try {
    const Session session = open_bytes(import::with_every_value_as_output(model), config.model_path,
                                       *make_options(config, kDisableAll));
    for (const Signature& value : read_outputs(*session)) {
      if (value.value_type != kTypeTensor) continue;
      import::ValueType type;
      type.element = value.element_type;
      if (value.has_shape) type.shape = value.shape;
      values.push_back({value.name, type});
    }
  } catch (const std::exception&) {
    return model;  // of a kind that can't be an output; the importers then know less
  }
  return import::with_types(model, values);
}

}  // namespace

double simplify(const LoadConfig& config, const std::string& path, bool with_weights) {
  library();
  const double start_s = monotonic_s();
  Reduced reduced;
  write_file(path, with_types(config, simplified(config, path, with_weights, reduced)));
  const double duration_s = monotonic_s() - start_s;
  if (reduced.inlined && !config.inlined_path.empty()) write_inlined(config, reduced.model);
  return duration_s;
}

}  // namespace dnnbench::ort
