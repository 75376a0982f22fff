#include "onnx/value_ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>
#include <utility>

#include "onnx/graph_facts.h"

namespace dnnbench {
namespace {

constexpr int kEveryInput = -1;
constexpr ValueRange kMask{0, 1};
constexpr ValueRange kPositive{0.1, 1};
constexpr ValueRange kDivisors{1, 9};
constexpr ValueRange kUnknownTable{0, 0};

int input_count(const import::Node& node) { return static_cast<int>(node.inputs.size()); }

const std::vector<double>* constant_input(const GraphFacts& facts, const import::Node& node,
                                          int input) {
  if (input < 0 || input >= input_count(node)) return nullptr;
  const auto found = facts.constants.find(node.inputs[static_cast<size_t>(input)]);
  return found == facts.constants.end() || found->second.empty() ? nullptr : &found->second;
}

// Operators that hand the values of an input on to their first output (Split: to all of them).
bool passes_values_on(const import::Node& node, int input) {
  static const std::unordered_map<std::string, std::vector<int>> kPassing{
      {"Identity", {0}},
      {"Cast", {0}},
      {"CastLike", {0}},
      {"Reshape", {0}},
      {"Squeeze", {0}},
      {"Unsqueeze", {0}},
      {"Flatten", {0}},
      {"Slice", {0}},
      {"Expand", {0}},
      {"Tile", {0}},
      {"Transpose", {0}},
      {"Split", {0}},
      {"Clip", {0}},
      {"Gather", {0}},
      {"GatherElements", {0}},
      {"GatherND", {0}},
      {"Where", {1, 2}},
      {"Pad", {0}},
      {"Dropout", {0}},
      {"Trilu", {0}},
      {"Compress", {0}},
      {"ReduceMax", {0}},
      {"ReduceMin", {0}},
      {"ScatterND", {0, 2}},
      {"ScatterElements", {0, 2}},
      {"Concat", {kEveryInput}},
      {"Min", {kEveryInput}},
      {"Max", {kEveryInput}},
  };
  const auto found = kPassing.find(node.op);
  if (found == kPassing.end()) return false;
  const std::vector<int>& inputs = found->second;
  return inputs[0] == kEveryInput || std::find(inputs.begin(), inputs.end(), input) != inputs.end();
}

// 0 to one less than a dimension of a node's input; negative axes count from the end.
ValueRange index_range(const GraphFacts& facts, const import::Node& node, int table, int64_t axis) {
  if (table >= input_count(node)) return kUnknownTable;
  const auto found = facts.shapes.find(node.inputs[static_cast<size_t>(table)]);
  if (found == facts.shapes.end()) return kUnknownTable;
  const auto rank = static_cast<int64_t>(found->second.size());
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return kUnknownTable;
  const std::optional<int64_t> size = found->second[static_cast<size_t>(axis)].size;
  return size && *size > 0 ? ValueRange{0, static_cast<double>(*size - 1)} : kUnknownTable;
}

// GatherND and ScatterND index several dimensions by one tensor: the smallest decides.
ValueRange smallest_index_range(const GraphFacts& facts, const import::Node& node) {
  const auto found = facts.shapes.find(node.inputs[0]);
  if (found == facts.shapes.end()) return kUnknownTable;
  ValueRange range{0, std::numeric_limits<double>::max()};
  for (size_t axis = 0; axis < found->second.size(); ++axis) {
    range.high = std::min(range.high, index_range(facts, node, 0, static_cast<int64_t>(axis)).high);
  }
  return found->second.empty() ? kUnknownTable : range;
}

std::optional<ValueRange> index_use(const GraphFacts& facts, const import::Node& node, int input) {
  const std::string& type = node.op;
  if (input == 1 && (type == "Gather" || type == "GatherElements" || type == "ScatterElements" ||
                     type == "Scatter")) {
    return index_range(facts, node, 0, node.integer("axis", 0));
  }
  if (input == 1 && (type == "GatherND" || type == "ScatterND")) {
    return smallest_index_range(facts, node);
  }
  if (input == 1 && (type == "SoftmaxCrossEntropyLoss" || type == "NegativeLogLikelihoodLoss")) {
    return index_range(facts, node, 0, 1);
  }
  if (input == 1 && type == "ArrayFeatureExtractor") return index_range(facts, node, 0, -1);
  if (input == 0 && type == "OneHot") {
    const std::vector<double>* depth = constant_input(facts, node, 1);
    return depth != nullptr && depth->front() >= 1 ? ValueRange{0, depth->front() - 1}
                                                   : kUnknownTable;
  }
  // https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
  if (type == "EmbedLayerNormalization" && input <= 1) {
    return index_range(facts, node, input == 0 ? 2 : 4, 0);
  }
  return std::nullopt;
}

// Axes, counts and sizes, by operator and input.
std::optional<ValueRange> size_use(const import::Node& node, int input) {
  static const std::map<std::pair<std::string, int>, ValueRange> kRanges{
      {{"BatchNormalization", 4}, {0.1, 1}},
      {{"ConstantOfShape", 0}, {1, 1}},
      {{"CumSum", 1}, {0, 0}},
      {{"DFT", 2}, {1, 1}},
      {{"EmbedLayerNormalization", 7}, {0, 1}},
      {{"Expand", 1}, {1, 1}},
      {{"GRU", 4}, {1, 1}},
      {{"LSTM", 4}, {1, 1}},
      {{"Loop", 0}, {2, 2}},
      {{"NonMaxSuppression", 2}, {10, 10}},
      {{"NonMaxSuppression", 3}, {0, 1}},
      {{"NonMaxSuppression", 4}, {0, 1}},
      {{"OneHot", 1}, {10, 10}},
      {{"Pad", 1}, {0, 1}},
      {{"Pad", 3}, {0, 0}},
      {{"RNN", 4}, {1, 1}},
      {{"Range", 0}, {0, 0}},
      {{"Range", 1}, {1, 1}},
      {{"Range", 2}, {1, 1}},
      {{"Reshape", 1}, {1, 1}},
      {{"Resize", 1}, {1, 1}},
      {{"Resize", 2}, {1, 1}},
      {{"ReverseSequence", 1}, {1, 1}},
      {{"Slice", 1}, {0, 0}},
      {{"Slice", 2}, {1, 1}},
      {{"Slice", 3}, {0, 0}},
      {{"Slice", 4}, {1, 1}},
      {{"Squeeze", 1}, {0, 0}},
      {{"TensorScatter", 2}, {0, 0}},
      {{"Tile", 1}, {1, 1}},
      {{"TopK", 1}, {1, 1}},
      {{"Unsqueeze", 1}, {0, 0}},
      {{"Upsample", 1}, {1, 1}},
  };
  if (input == 1 && node.op.rfind("Reduce", 0) == 0) return ValueRange{0, 0};
  const auto found = kRanges.find({node.op, input});
  return found == kRanges.end() ? std::nullopt : std::optional(found->second);
}

bool all_equal(const std::vector<double>* values, double expected) {
  return values != nullptr &&
         std::all_of(values->begin(), values->end(), [&](double v) { return v == expected; });
}

std::optional<ValueRange> mask_use(const GraphFacts& facts, const import::Node& node, int input,
                                   bool integer) {
  if (node.op == "Cast" && node.integer("to", 0) == static_cast<int64_t>(DataType::kBool)) {
    return kMask;
  }
  const bool one_minus =
      node.op == "Sub" && input == 1 && all_equal(constant_input(facts, node, 0), 1);
  return integer && one_minus ? std::optional(kMask) : std::nullopt;
}

std::optional<ValueRange> positive_use(const GraphFacts& facts, const import::Node& node, int input,
                                       bool integer) {
  const std::string& type = node.op;
  if (input == 1 && (type == "Div" || type == "Mod")) return integer ? kDivisors : kPositive;
  if (type == "Log" || type == "Sqrt") return kPositive;
  if (type != "Pow" || input != 0) return std::nullopt;
  const std::vector<double>* exponent = constant_input(facts, node, 1);
  const bool whole =
      exponent != nullptr && std::all_of(exponent->begin(), exponent->end(),
                                         [](double e) { return e >= 0 && e == std::floor(e); });
  return whole ? std::nullopt : std::optional(kPositive);
}

std::optional<ValueRange> restriction(const GraphFacts& facts, const Use& use, bool integer) {
  if (auto range = index_use(facts, *use.node, use.input)) return range;
  if (auto range = mask_use(facts, *use.node, use.input, integer)) return range;
  if (auto range = size_use(*use.node, use.input)) return range;
  return positive_use(facts, *use.node, use.input, integer);
}

// A value reached from an input: the input plus something between low and high.
struct Reached {
  std::string name;
  double low = 0;
  double high = 0;
};

// Where a use leads on to with the value, by an operator that keeps or shifts it.
void follow(const GraphFacts& facts, const Use& use, const Reached& from,
            std::vector<Reached>& next) {
  const import::Node& node = *use.node;
  Reached shifted = from;
  const bool adds = node.op == "Add";
  const bool subtracts = node.op == "Sub" && use.input == 0;
  if (adds || subtracts) {
    const std::vector<double>* constant = constant_input(facts, node, 1 - use.input);
    if (constant == nullptr) return;
    const auto [least, most] = std::minmax_element(constant->begin(), constant->end());
    shifted.low += adds ? *least : -*most;
    shifted.high += adds ? *most : -*least;
  } else if (!passes_values_on(node, use.input)) {
    return;
  }
  for (const std::string& output : node.outputs) {
    shifted.name = output;
    next.push_back(shifted);
    if (node.op != "Split") break;
  }
}

void restrict_to(const ValueRange& range, std::optional<ValueRange>& all) {
  if (!all) {
    all = range;
    return;
  }
  const ValueRange both{std::max(all->low, range.low), std::min(all->high, range.high)};
  if (both.low <= both.high) all = both;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

// The value that masks nothing, by the names of PyTorch and transformers. With a random mask a
// causal model has queries that may attend to no key: NaN where the mask is -infinity.
std::optional<double> value_without_mask(const std::string& name, const ModelValue& input) {
  static const std::pair<const char*, double> kNames[] = {
      {"padding_mask", 0}, {"global_attention_mask", 0}, {"attention_mask", 1}};
  const bool has_keys = input.dimensions && input.dimensions->size() >= 2;
  if (!has_keys || is_floating_point(input.type)) return std::nullopt;
  for (const auto& [part, value] : kNames) {
    if (name.find(part) != std::string::npos) return value;
  }
  return std::nullopt;
}

std::optional<ValueRange> find_range(const GraphFacts& facts, const ModelValue& input) {
  std::optional<ValueRange> range;
  const std::string name = lower(input.name);
  if (name.find("mask") != std::string::npos) range = kMask;
  std::set<std::string> seen{input.name};
  std::vector<Reached> open{{input.name}};
  while (!open.empty()) {
    const Reached value = open.back();
    open.pop_back();
    const auto uses = facts.uses.find(value.name);
    if (uses == facts.uses.end()) continue;
    std::vector<Reached> next;
    for (const Use& use : uses->second) {
      if (const auto found = restriction(facts, use, is_integer(input.type))) {
        restrict_to({found->low - value.low, found->high - value.high}, range);
      }
      follow(facts, use, value, next);
    }
    for (const Reached& reached : next) {
      if (seen.insert(reached.name).second) open.push_back(reached);
    }
  }
  const auto open_mask = value_without_mask(name, input);
  if (open_mask && range->low <= *open_mask && *open_mask <= range->high) {
    return ValueRange{*open_mask, *open_mask};
  }
  return range;
}

}  // namespace

std::map<std::string, ValueRange> find_value_ranges(const import::ModelFile& file,
                                                    const std::vector<ModelValue>& inputs) {
  const GraphFacts facts = gather_facts(file);
  std::map<std::string, ValueRange> ranges;
  for (const ModelValue& input : inputs) {
    if (const auto range = find_range(facts, input)) ranges[input.name] = *range;
  }
  return ranges;
}

}  // namespace dnnbench
