#include "semantics/normalization.h"

#include <string>

#include "core/error.h"
#include "semantics/axes.h"

namespace dnnbench::semantics {
namespace {

bool is_training(const import::Node& node) {
  if (node.opset >= 14) return node.integer("training_mode", 0) != 0;
  if (node.opset < 7) return node.integer("is_test", 0) == 0;
  for (size_t i = 1; i < node.outputs.size(); ++i) {
    if (node.has_output(i)) return true;
  }
  return false;
}

}  // namespace

double read_epsilon(const import::Node& node) { return node.number("epsilon", 1e-5); }

BatchNormalization read_batch_normalization(const import::Node& node) {
  if (node.integer("spatial", 1) == 0) throw Unsupported("it normalises each element by itself");
  const bool training = is_training(node);
  if (training && node.opset < 14) throw Unsupported("it is in training mode");
  return {read_epsilon(node), node.number("momentum", 0.9), training};
}

LayerNormalization read_layer_normalization(const import::Node& node, DataType input, size_t rank) {
  LayerNormalization read;
  read.epsilon = read_epsilon(node);
  const int64_t first = axis_from_start(node.integer("axis", -1), rank);
  for (int64_t i = first; i < static_cast<int64_t>(rank); ++i) read.axes.push_back(i);
  read.statistics = static_cast<DataType>(node.integer("stash_type", 1));
  if (!is_floating_point(read.statistics)) {
    throw Unsupported("its stash_type is " + std::string(to_string(read.statistics)));
  }
  read.computed = bit_width(input) > bit_width(read.statistics) ? input : read.statistics;
  return read;
}

bool has_parameters_per_group(const import::Node& node) { return node.opset < 21; }

}  // namespace dnnbench::semantics
