#include "recurrent.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

struct Function {
  const char* name;
  bool has_alpha = false;
  bool has_beta = false;
  // Without defaults: ONNX takes those of the operators of that name, ONNX Runtime zeros.
  // engines/tvm/compiler/activations.py is the same rule; tests/recurrent_activations.json has
  // cases for both.
  std::optional<double> alpha;
  std::optional<double> beta;
};

const Function kFunctions[] = {
    {"Sigmoid", false, false, 0, 0},
    {"Tanh", false, false, 0, 0},
    {"Relu", false, false, 0, 0},
    {"Softplus", false, false, 0, 0},
    {"Softsign", false, false, 0, 0},
    {"HardSigmoid", true, true, 0.2, 0.5},
    {"LeakyRelu", true, false, 0.01, 0},
    {"Elu", true, false, 1, 0},
    {"ThresholdedRelu", true, false, std::nullopt, 0},
    {"Affine", true, true, std::nullopt, std::nullopt},
    {"ScaledTanh", true, true, std::nullopt, std::nullopt},
};

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

const Function& find_function(const std::string& name) {
  const auto* found =
      std::find_if(std::begin(kFunctions), std::end(kFunctions), [&](const Function& function) {
        return in_lower_case(function.name) == in_lower_case(name);
      });
  if (found == std::end(kFunctions)) throw Unsupported("it has the activation " + name);
  return *found;
}

std::vector<double> floats(const import::Node& node, const char* name) {
  const import::Attribute* attribute = node.attribute(name);
  return attribute == nullptr ? std::vector<double>{} : attribute->floats;
}

// The lists hold the parameters of those activations only that have one.
class Parameters {
 public:
  Parameters(const import::Node& node, const char* attribute)
      : values_(floats(node, attribute)), attribute_(attribute) {}

  double next(bool wanted, std::optional<double> otherwise, const char* function) {
    if (wanted && next_ < values_.size()) return values_[next_++];
    if (otherwise) return *otherwise;
    throw Unsupported(std::string("it leaves ") + attribute_ + " of " + function +
                      " to a default, on which ONNX and ONNX Runtime disagree");
  }

 private:
  std::vector<double> values_;
  const char* attribute_;
  size_t next_ = 0;
};

std::vector<std::string> usual_names(int64_t gates) {
  if (gates == 4) return {"Sigmoid", "Tanh", "Tanh"};
  if (gates == 3) return {"Sigmoid", "Tanh"};
  return {"Tanh"};
}

void read_activations(const import::Node& node, Recurrent& result) {
  const std::vector<std::string> usual = usual_names(result.gates);
  std::vector<std::string> names;
  if (const import::Attribute* given = node.attribute("activations")) names = given->strings;
  if (names.empty()) {
    for (int64_t i = 0; i < result.directions; ++i) {
      names.insert(names.end(), usual.begin(), usual.end());
    }
  }
  const size_t wanted = usual.size() * static_cast<size_t>(result.directions);
  // By default ONNX names two for an RNN of one direction as well, and the first one counts.
  if (wanted == 1 && names.size() == 2) names.pop_back();
  if (names.size() != wanted) {
    throw Unsupported("it has " + std::to_string(names.size()) + " activations");
  }
  Parameters alphas(node, "activation_alpha"), betas(node, "activation_beta");
  result.has_usual_activations = true;
  for (size_t i = 0; i < names.size(); ++i) {
    const Function& function = find_function(names[i]);
    const double alpha = alphas.next(function.has_alpha, function.alpha, function.name);
    const double beta = betas.next(function.has_beta, function.beta, function.name);
    result.activations.push_back({function.name, alpha, beta});
    result.has_usual_activations =
        result.has_usual_activations && function.name == usual[i % usual.size()];
  }
}

}  // namespace

std::vector<Activation> Recurrent::activations_of(int64_t direction) const {
  const auto each = static_cast<std::ptrdiff_t>(activations.size()) / directions;
  const auto first = activations.begin() + each * direction;
  return {first, first + each};
}

Recurrent read_recurrent(const import::Node& node) {
  Recurrent result;
  result.gates = node.op == "GRU" ? 3 : node.op == "RNN" ? 1 : 4;
  const std::string direction = node.text("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    throw Unsupported("its direction is " + direction);
  }
  result.directions = direction == "bidirectional" ? 2 : 1;
  result.reverse = direction == "reverse";
  result.batch_first = node.integer("layout", 0) == 1;
  result.clip = std::max(0.0, node.number("clip", 0));
  result.input_forget = node.integer("input_forget", 0) != 0;
  result.linear_before_reset = node.integer("linear_before_reset", 0) != 0;
  read_activations(node, result);
  return result;
}

}  // namespace dnnbench::semantics
