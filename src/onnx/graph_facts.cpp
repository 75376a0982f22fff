#include "onnx/graph_facts.h"

#include <map>
#include <utility>

#include "import/graph_walk.h"
#include "onnx/signature.h"

namespace dnnbench {
namespace {

constexpr int64_t kMaxConstantElements = 1024;  // larger ones are tables, not operands
constexpr size_t kMaxInlined = 20'000;          // nodes; functions may use each other endlessly

void add_tensor(const std::string& name, const import::Constant& tensor, GraphFacts& facts) {
  std::vector<Dimension> shape;
  for (const int64_t size : tensor.shape) shape.push_back({size, ""});
  facts.shapes[name] = shape;
  if (tensor.type == DataType::kString || tensor.element_count() > kMaxConstantElements) return;
  facts.constants[name] = tensor.doubles();
}

void add_constant_node(const import::Node& node, GraphFacts& facts) {
  if (node.op != "Constant" || node.outputs.empty()) return;
  const std::string& name = node.outputs[0];
  for (const auto& [kind, value] : node.attributes) {
    if (value.tensor) add_tensor(name, *value.tensor, facts);
    if (kind == "value_int") facts.constants[name] = {static_cast<double>(value.i)};
    if (kind == "value_float") facts.constants[name] = {value.f};
    if (kind == "value_ints") facts.constants[name].assign(value.ints.begin(), value.ints.end());
    if (kind == "value_floats") facts.constants[name] = value.floats;
  }
}

void add_graph(const import::Graph& graph, GraphFacts& facts) {
  for (const auto& [name, type] : graph.types) {
    const ModelValue value = to_model_value({name, type});
    if (value.dimensions) facts.shapes[name] = *value.dimensions;
  }
  for (const auto& [name, tensor] : graph.constants) add_tensor(name, tensor, facts);
}

bool is_large(const import::Attribute& attribute) {
  return attribute.ints.size() + attribute.floats.size() + attribute.s.size() +
             attribute.strings.size() + attribute.tensors.size() >
         static_cast<size_t>(kMaxConstantElements);
}

class FactsGatherer {
 public:
  explicit FactsGatherer(const import::ModelFile& file) {
    import::for_each_graph(file.graph,
                           [&](const import::Graph& graph) { add_graph(graph, facts); });
    for (const import::Function& function : file.functions) {
      functions_[{function.domain, function.name}] = &function;
    }
    import::for_each_node(file.graph.nodes, [&](const import::Node& node) { add(node); });
    for (size_t i = 0; i < facts.inlined.size(); ++i) add(facts.inlined[i]);
  }

  GraphFacts facts;

 private:
  void add(const import::Node& node) {
    add_constant_node(node, facts);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      facts.uses[node.inputs[i]].push_back({&node, static_cast<int>(i)});
    }
    const auto function = functions_.find({node.domain, node.op});
    if (function != functions_.end() && facts.inlined.size() < kMaxInlined) {
      inline_use(node, *function->second);
    }
  }

  void inline_use(const import::Node& use, const import::Function& function) {
    const std::string prefix = "use " + std::to_string(facts.inlined.size()) + "/";
    std::unordered_map<std::string, std::string> outside{{"", ""}};
    for (size_t i = 0; i < function.inputs.size(); ++i) {
      outside[function.inputs[i]] = use.has_input(i) ? use.inputs[i] : "";
    }
    for (size_t i = 0; i < function.outputs.size(); ++i) {
      if (use.has_output(i)) outside[function.outputs[i]] = use.outputs[i];
    }
    const auto rename = [&](std::vector<std::string>& names) {
      for (std::string& name : names) {
        const auto found = outside.find(name);
        name = found == outside.end() ? prefix + name : found->second;
      }
    };
    import::for_each_node(function.nodes, [&](const import::Node& node) {
      import::Node& copy = facts.inlined.emplace_back(node);
      std::erase_if(copy.attributes, [](const auto& named) { return is_large(named.second); });
      rename(copy.inputs);
      rename(copy.outputs);
    });
  }

  std::map<std::pair<std::string, std::string>, const import::Function*> functions_;
};

}  // namespace

GraphFacts gather_facts(const import::ModelFile& file) { return FactsGatherer(file).facts; }

}  // namespace dnnbench
