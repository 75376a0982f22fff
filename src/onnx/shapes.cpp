#include "onnx/shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dnnbench {
namespace {

std::string explanation(const ResolvedDimension& dimension, size_t axis) {
  const std::string label =
      dimension.symbol.empty() ? fmt::format("dimension {}", axis) : dimension.symbol;
  if (dimension.source == SizeSource::kUser) return label + " given";
  const std::string set = fmt::format("{} set to {}", label, dimension.size);
  if (dimension.reason.empty()) return set;
  return fmt::format("{}: {}", set, dimension.reason);
}

}  // namespace

std::string_view to_string(SizeSource source) {
  switch (source) {
    case SizeSource::kModel:
      return "model";
    case SizeSource::kUser:
      return "user";
    case SizeSource::kChosen:
      return "chosen";
  }
  return "model";
}

InputShapes ResolvedShapes::sizes() const {
  InputShapes shapes;
  for (const auto& [name, dimensions] : inputs) {
    std::vector<int64_t>& shape = shapes[name];
    for (const ResolvedDimension& dimension : dimensions) shape.push_back(dimension.size);
  }
  return shapes;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  return shape.empty() ? "a scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

std::string describe(const std::vector<ResolvedDimension>& dimensions) {
  std::vector<int64_t> shape;
  std::vector<std::string> explanations;
  for (size_t axis = 0; axis < dimensions.size(); ++axis) {
    shape.push_back(dimensions[axis].size);
    if (dimensions[axis].source == SizeSource::kModel) continue;
    explanations.push_back(explanation(dimensions[axis], axis));
  }
  const std::string text = shape_text(shape);
  return explanations.empty() ? text : fmt::format("{} ({})", text, fmt::join(explanations, ", "));
}

}  // namespace dnnbench
