#include "prepare/same_task.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"

namespace dnnbench {
namespace {

std::string described(const ModelValue& value) {
  return fmt::format("\"{}\", {}", value.name, describe(value));
}

bool agree(const std::optional<std::vector<Dimension>>& a,
           const std::optional<std::vector<Dimension>>& b) {
  if (!a || !b) return true;
  if (a->size() != b->size()) return false;
  for (size_t i = 0; i < a->size(); ++i) {
    if ((*a)[i].size && (*b)[i].size && (*a)[i].size != (*b)[i].size) return false;
  }
  return true;
}

bool are_alike(const ModelValue& a, const ModelValue& b) {
  return a.name == b.name && a.kind == b.kind && a.type == b.type && a.map_key == b.map_key &&
         agree(a.dimensions, b.dimensions);
}

void require_same(const std::vector<ModelValue>& first, const std::vector<ModelValue>& other,
                  const std::string& what, const std::string& paths) {
  if (first.size() != other.size()) {
    throw UsageError(fmt::format("{}: the first has {} {}s, the second {}", paths, first.size(),
                                 what, other.size()));
  }
  for (size_t i = 0; i < first.size(); ++i) {
    if (are_alike(first[i], other[i])) continue;
    throw UsageError(fmt::format("{}: {} {} of the first is {}, of the second {}", paths, what,
                                 i + 1, described(first[i]), described(other[i])));
  }
}

}  // namespace

void require_same_task(const Model& first, const Model& other) {
  const std::string paths =
      fmt::format("{} and {} can't be compared, which takes the same inputs and outputs",
                  first.path, other.path);
  require_same(first.inputs, other.inputs, "input", paths);
  require_same(first.outputs, other.outputs, "output", paths);
}

void require_shapes(const Model& model, const InputShapes& shapes) {
  for (const ModelValue& input : model.inputs) {
    const auto shape = shapes.find(input.name);
    if (!input.dimensions || shape == shapes.end()) continue;
    for (size_t i = 0; i < input.dimensions->size(); ++i) {
      const std::optional<int64_t> size = (*input.dimensions)[i].size;
      if (i >= shape->second.size() || !size || *size == shape->second[i]) continue;
      throw UsageError(fmt::format(
          "{} takes input \"{}\" as {} only, and the model it is compared with runs on {}; give "
          "that one the same shape with --shape or --batch",
          model.path, input.name, describe(input), shape_text(shape->second)));
    }
  }
}

}  // namespace dnnbench
