#include "quantise/static_int8.h"

#include <algorithm>
#include <cmath>

#include "quantise/quantised_weights.h"

namespace dnnbench::quantise {
namespace {

constexpr double kLevels = 255;           // steps of unsigned 8 bits
constexpr double kLargestBias = 1 << 30;  // in steps: room for the sum beside it in 32 bits

const ValueBounds* bounds_of(const Plan& plan, const Ranges& ranges, std::string value) {
  for (auto shared = plan.same_range.find(value); shared != plan.same_range.end();
       shared = plan.same_range.find(value)) {
    value = shared->second;
  }
  const auto found = ranges.find(value);
  const bool usable = found != ranges.end() && std::isfinite(found->second.low) &&
                      std::isfinite(found->second.high) && found->second.high > found->second.low;
  return usable ? &found->second : nullptr;
}

class StaticWriter {
 public:
  StaticWriter(EditableModel& model, const Plan& plan, const Ranges& ranges)
      : model_(model), products_(plan.products), largest_weight_(plan.largest_weight) {
    for (const std::string& value : plan.values) {
      if (const ValueBounds* bounds = bounds_of(plan, ranges, value)) {
        kept_[value] = affine_of(*bounds);
      }
    }
  }

  size_t write() {
    std::vector<EditableNode> nodes = std::move(model_.nodes);
    model_.nodes.clear();
    size_t products = 0;
    for (const import::Parameter& input : model_.file.graph.inputs) add_pair(input.name);
    for (size_t i = 0; i < nodes.size(); ++i) {
      EditableNode& node = nodes[i];
      if (products_.count(i) > 0 && kept_.count(node.node.inputs[0]) > 0) {
        quantise_product(node.node);
        ++products;
      }
      for (std::string& input : node.node.inputs) {
        if (kept_.count(input) > 0) input = read_name(input);
      }
      const std::vector<std::string> outputs = node.node.outputs;
      for (std::string& output : node.node.outputs) {
        if (kept_.count(output) > 0) output = written_name(output);
      }
      model_.nodes.push_back(std::move(node));
      for (const std::string& output : outputs) add_pair(output);
    }
    return products;
  }

  void add_noise() {
    std::vector<EditableNode> nodes = std::move(model_.nodes);
    model_.nodes.clear();
    std::set<std::string> paired;
    for (size_t i = 0; i < nodes.size(); ++i) {
      model_.nodes.push_back(nodes[i]);
      const std::string& input = nodes[i].node.inputs[0];
      if (products_.count(i) == 0 || kept_.count(input) == 0) continue;
      if (paired.insert(input).second) add_pair(input, input, input + "/dequantised");
      add_noise_of(nodes[i]);
    }
  }

 private:
  void add_noise_of(EditableNode node) {
    const std::string output = node.node.outputs[0];
    quantise_product(node.node);
    node.node.inputs[0] += "/dequantised";
    node.node.name = output + "/int8";
    node.node.outputs = {output + "/int8"};
    model_.nodes.push_back(std::move(node));
    model_.nodes.push_back(make_node("Sub", {output, output + "/int8"}, {output + "/difference"}));
    add_energy(output + "/difference", output + kNoise);
    add_energy(output, output + kSignal);
  }

  void add_energy(const std::string& value, const std::string& energy) {
    EditableNode sum = make_node("ReduceSumSquare", {value}, {energy});
    set_integer(sum, "keepdims", 0);
    model_.nodes.push_back(std::move(sum));
    model_.more_outputs.push_back(energy);
  }

  // An output of the model keeps its name behind DequantizeLinear.
  std::string written_name(const std::string& value) const {
    return model_.is_output(value) ? value + "/f32" : value;
  }
  std::string read_name(const std::string& value) const {
    return model_.is_output(value) ? value : value + "/dequantised";
  }

  void add_pair(const std::string& value) {
    if (kept_.count(value) > 0) add_pair(value, written_name(value), read_name(value));
  }

  void add_pair(const std::string& value, const std::string& from, const std::string& to) {
    const auto found = kept_.find(value);
    const std::string scale =
        add_constant(model_, value + "/scale", f32_tensor({}, {found->second.scale}));
    Tensor zero = make_tensor(DataType::kUint8, {});
    zero.bytes[0] = static_cast<std::byte>(found->second.zero_point);
    const std::string zero_point = add_constant(model_, value + "/zero_point", std::move(zero));
    const std::string quantised = value + "/quantised";
    model_.nodes.push_back(make_node("QuantizeLinear", {from, scale, zero_point}, {quantised}));
    model_.nodes.push_back(make_node("DequantizeLinear", {quantised, scale, zero_point}, {to}));
  }

  void quantise_product(import::Node& node) {
    const import::Constant& weights = model_.constants.at(node.inputs[1]);
    const bool by_rows = node.op == "Conv" || node.integer("transB", 0) != 0;
    const size_t axis = by_rows ? 0 : 1;
    const double input_scale = kept_.at(node.inputs[0]).scale;
    const auto channels = static_cast<size_t>(weights.shape[axis]);
    const std::vector<double> bias = bias_of(node, channels);
    std::vector<double> min_scale;
    for (const double value : bias) {
      min_scale.push_back(std::fabs(value) / (input_scale * kLargestBias));
    }
    QuantisedWeights quantised = quantise_weights(weights, axis, largest_weight_, min_scale);
    const std::string name = node.outputs[0] + "/weights";
    if (!bias.empty()) {
      std::vector<double> scale;
      Tensor steps = make_tensor(DataType::kInt32, {static_cast<int64_t>(channels)});
      for (size_t c = 0; c < channels; ++c) {
        scale.push_back(static_cast<float>(quantised.scale[c] * input_scale));
        steps.as<int32_t>()[c] = static_cast<int32_t>(std::nearbyint(bias[c] / scale[c]));
      }
      node.inputs[2] = dequantised(node.outputs[0] + "/bias", std::move(steps), scale, 0);
    }
    node.inputs[1] = dequantised(name, std::move(quantised.values), quantised.scale, axis);
  }

  // None where there is none of that many constant elements.
  std::vector<double> bias_of(const import::Node& node, size_t channels) const {
    if (!node.has_input(2)) return {};
    const auto bias = model_.constants.find(node.inputs[2]);
    if (bias == model_.constants.end() || bias->second.type != DataType::kFloat32) return {};
    const bool fits = bias->second.shape.size() == 1 &&
                      bias->second.element_count() == static_cast<int64_t>(channels);
    return fits ? bias->second.doubles() : std::vector<double>{};
  }

  std::string dequantised(const std::string& name, Tensor values, const std::vector<double>& scale,
                          size_t axis) {
    const auto channels = static_cast<int64_t>(scale.size());
    Tensor zeros = make_tensor(values.type, {channels});
    EditableNode node =
        make_node("DequantizeLinear",
                  {add_constant(model_, name, std::move(values)),
                   add_constant(model_, name + "/scale", f32_tensor({channels}, scale)),
                   add_constant(model_, name + "/zero_point", std::move(zeros))},
                  {name + "/dequantised"});
    set_integer(node, "axis", static_cast<int64_t>(axis));
    model_.nodes.push_back(std::move(node));
    return name + "/dequantised";
  }

  EditableModel& model_;
  const std::set<size_t>& products_;
  int largest_weight_;
  std::map<std::string, Affine> kept_;
};

}  // namespace

Affine affine_of(const ValueBounds& bounds) {
  const double low = std::min(bounds.low, 0.0);
  const double high = std::max(bounds.high, 0.0);
  const double scale = static_cast<float>((high - low) / kLevels);
  return {scale, static_cast<int>(std::clamp(std::nearbyint(-low / scale), 0.0, kLevels))};
}

void add_range_outputs(EditableModel& model, const Plan& plan) {
  for (const std::string& value : plan.values) {
    for (const auto& [op, end] : {std::pair("ReduceMin", kMin), std::pair("ReduceMax", kMax)}) {
      EditableNode node = make_node(op, {value}, {value + end});
      set_integer(node, "keepdims", 0);
      model.nodes.push_back(std::move(node));
      model.more_outputs.push_back(value + end);
    }
  }
}

size_t write_static_int8(EditableModel& model, const Plan& plan, const Ranges& ranges) {
  return StaticWriter(model, plan, ranges).write();
}

void add_noise_outputs(EditableModel& model, const Plan& plan, const Ranges& ranges) {
  StaticWriter(model, plan, ranges).add_noise();
}

std::vector<std::string> noisiest_first(const std::map<std::string, double>& energy) {
  std::vector<std::pair<double, std::string>> products;
  for (const auto& [output, noise] : energy) {
    if (!output.ends_with(kNoise)) continue;
    const std::string product = output.substr(0, output.size() - std::string(kNoise).size());
    const auto signal = energy.find(product + kSignal);
    if (signal == energy.end()) continue;
    const double share = noise / std::max(signal->second, 1e-30);
    products.emplace_back(std::isfinite(share) ? share : HUGE_VAL, product);
  }
  std::sort(products.rbegin(), products.rend());
  std::vector<std::string> names;
  for (const auto& [share, name] : products) names.push_back(name);
  return names;
}

}  // namespace dnnbench::quantise
