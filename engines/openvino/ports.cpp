#include "ports.h"

#include <algorithm>
#include <limits>
#include <openvino/core/node.hpp>

#include "core/error.h"

namespace dnnbench {
namespace {

constexpr size_t kNone = std::numeric_limits<size_t>::max();

bool is_named(const Ports::value_type& port, const std::string& name) {
  return port.get_names().count(name) != 0;
}

bool carries_name_of_an_output(const Ports::value_type& input, const Ports& outputs) {
  return std::any_of(outputs.begin(), outputs.end(), [&](const Ports::value_type& output) {
    return is_named(input, output_name(output));
  });
}

}  // namespace

std::vector<size_t> match_inputs(const Ports& inputs, const Ports& outputs,
                                 const std::vector<std::string>& names) {
  std::vector<size_t> matches(inputs.size(), kNone);
  std::vector<size_t> left;
  for (size_t n = 0; n < names.size(); ++n) {
    const auto input = std::find_if(inputs.begin(), inputs.end(),
                                    [&](const auto& port) { return is_named(port, names[n]); });
    if (input == inputs.end()) {
      left.push_back(n);
    } else {
      matches[static_cast<size_t>(input - inputs.begin())] = n;
    }
  }
  auto next = left.begin();
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (matches[i] != kNone) continue;
    if (next == left.end() || !carries_name_of_an_output(inputs[i], outputs)) {
      throw Error("the model's input \"" + inputs[i].get_any_name() + "\" was not given");
    }
    matches[i] = *next++;
  }
  return matches;
}

std::string output_name(const Ports::value_type& output) {
  // The ONNX reader names a graph output's node "NAME/sink_port_0".
  const std::string name = output.get_node()->get_friendly_name();
  return name.substr(0, name.rfind("/sink_port_"));
}

}  // namespace dnnbench
