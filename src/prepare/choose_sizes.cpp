#include "prepare/choose_sizes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "prepare/size_system.h"

namespace dnnbench {
namespace {

bool is_open(const ModelValue& input) {
  return input.kind == ModelValue::Kind::kTensor &&
         (!input.dimensions || std::any_of(input.dimensions->begin(), input.dimensions->end(),
                                           [](const Dimension& d) { return !d.size; }));
}

std::vector<std::string> open_inputs(const Model& model, const InputShapes& given) {
  std::vector<std::string> names;
  for (const ModelValue& input : model.inputs) {
    if (is_open(input) && given.count(input.name) == 0) names.push_back(input.name);
  }
  return names;
}

std::vector<std::string> all_inputs(const Model& model) {
  std::vector<std::string> names;
  for (const ModelValue& input : model.inputs) names.push_back(input.name);
  return names;
}

// "x float32[1,3,height,?]".
std::string descriptions(const Model& model, const std::vector<std::string>& inputs) {
  std::vector<std::string> texts;
  for (const std::string& name : inputs) {
    texts.push_back(fmt::format("{} {}", name, describe(*find_input(model, name))));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

// "--shape=x=1,3,224,224".
std::string flags(const InputShapes& shapes, const std::vector<std::string>& inputs) {
  std::vector<std::string> texts;
  for (const std::string& name : inputs) {
    texts.push_back(fmt::format("--shape={}={}", name, fmt::join(shapes.at(name), ",")));
  }
  return fmt::format("{}", fmt::join(texts, " "));
}

void check_against_model(const Model& model, const std::string& name,
                         const std::vector<int64_t>& shape) {
  const ModelValue* input = find_input(model, name);
  if (input == nullptr) {
    throw UsageError(
        fmt::format("the model has no input '{}'; its inputs are {}", name, input_names(model)));
  }
  if (input->kind != ModelValue::Kind::kTensor) {
    throw UsageError(
        fmt::format("input '{}' is a {}, which has no shape to set", name, to_string(input->kind)));
  }
  const bool fits = [&] {
    if (!input->dimensions) return true;
    if (input->dimensions->size() != shape.size()) return false;
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      const std::optional<int64_t> fixed = (*input->dimensions)[axis].size;
      if (fixed && *fixed != shape[axis]) return false;
    }
    return true;
  }();
  if (!fits) {
    throw UsageError(fmt::format("the shape [{}] does not fit input '{}', which is {}",
                                 fmt::join(shape, ","), name, describe(*input)));
  }
}

void require_ranks(const Model& model, const InputShapes& given) {
  for (const ModelValue& input : model.inputs) {
    if (input.kind != ModelValue::Kind::kTensor || input.dimensions) continue;
    if (given.count(input.name) > 0) continue;
    throw Error(fmt::format(
        "the model does not say how many dimensions input '{0}' has; give --shape={0}=DIMS",
        input.name));
  }
}

// The first dimensions of the inputs that have one: by the model, or, where it does not state an
// input's rank, by the shape given. Absent where the size is open.
std::vector<std::optional<int64_t>> first_dimensions(const Model& model, const InputShapes& given) {
  std::vector<std::optional<int64_t>> sizes;
  for (const ModelValue& input : model.inputs) {
    if (input.kind != ModelValue::Kind::kTensor) continue;
    if (!input.dimensions) {
      const std::vector<int64_t>& shape = given.at(input.name);
      if (!shape.empty()) sizes.emplace_back(shape.front());
    } else if (!input.dimensions->empty()) {
      sizes.push_back(input.dimensions->front().size);
    }
  }
  return sizes;
}

void set_batch(const Model& model, const InputShapes& given, int64_t batch, SizeSystem& system) {
  if (system.set_batch(batch)) return;
  const auto sizes = first_dimensions(model, given);
  if (sizes.empty() && batch != 1) {
    throw UsageError(fmt::format(
        "--batch={} can't be run: no input of the model has a dimension that could be the batch",
        batch));
  }
  if (std::all_of(sizes.begin(), sizes.end(), [&](const auto& size) { return size == batch; })) {
    return;
  }
  throw UsageError(fmt::format(
      "--batch={} can't be run: the model fixes the batch of its inputs ({}); export it with an "
      "open first dimension",
      batch, descriptions(model, all_inputs(model))));
}

void require_suggestions(const Model& model, const SizeSystem& system) {
  const std::vector<std::string> inputs = system.unsuggested();
  if (inputs.empty()) return;
  throw Error(
      fmt::format("nothing says how large the open dimensions of {} are; give them, for "
                  "example {}",
                  descriptions(model, inputs), flags(system.example(), inputs)));
}

}  // namespace

ResolvedShapes choose_sizes(const Model& model, const InputShapes& given,
                            const AcceptsShapes& accepts, std::optional<int64_t> batch) {
  for (const auto& [name, shape] : given) check_against_model(model, name, shape);
  require_ranks(model, given);
  SizeSystem system(model, given);
  if (batch) set_batch(model, given, *batch, system);
  require_suggestions(model, system);
  const std::vector<ResolvedShapes> candidates = system.candidates();
  if (candidates.size() == 1) return candidates.front();
  std::string reason = "the sizes that the names of its dimensions ask for contradict each other";
  for (const ResolvedShapes& shapes : candidates) {
    const std::optional<std::string> refusal = accepts(shapes.sizes());
    if (!refusal) return shapes;
    reason = *refusal;
  }
  const std::vector<std::string> inputs = open_inputs(model, given);
  throw Error(fmt::format(
      "no usual size was found that {} runs with for {}; give the right ones, "
      "as in {} (the last try ended with: {})",
      model.path, descriptions(model, inputs), flags(system.example(), inputs), reason));
}

}  // namespace dnnbench
