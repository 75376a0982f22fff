// OpenVINO through its C++ interface, CPU plugin.
#include "worker/engine.h"

#include <openvino/core/model.hpp>
#include <openvino/core/version.hpp>
#include <openvino/frontend/manager.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>
#include <sstream>

#include "core/error.h"
#include "core/precision.h"
#include "failure.h"
#include "import/real_paths.h"
#include "ports.h"
#include "protocol/precision.h"
#include "runtime_graph.h"
#include "tensors.h"

namespace dnnbench {
namespace {

void require_supported(const LoadConfig& config) {
  if (!config.optimize) {
    throw Unsupported("OpenVINO has no switch that turns its graph optimisation off");
  }
}

// What the vendor's benchmark_app sets for `-hint latency`, and the thread count; all else,
// thread pinning for one, is left to the library's own choice as the vendor leaves it.
ov::AnyMap make_properties(const LoadConfig& config) {
  ov::AnyMap properties{ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
                        ov::num_streams(1), ov::inference_num_threads(config.threads)};
  if (config.precision != "default") {
    // What a quantised model leaves in floating point stays in f32.
    const std::string floats = is_quantised(config.precision) ? "f32" : config.precision;
    properties.emplace(ov::hint::inference_precision(ov::element::Type(floats)));
  }
  return properties;
}

// A reshape is a new pass of shape inference over the model, so only where a shape changes.
void fix_shapes(ov::Model& model, const LoadConfig& config) {
  if (config.input_shapes.empty()) return;
  std::vector<std::string> names;
  for (const auto& [name, shape] : config.input_shapes) names.push_back(name);
  const ov::Model& unchanged = model;
  const auto matches = match_inputs(unchanged.inputs(), unchanged.outputs(), names);
  std::map<ov::Output<ov::Node>, ov::PartialShape> changes;
  for (size_t i = 0; i < matches.size(); ++i) {
    const std::vector<int64_t>& sizes = config.input_shapes.at(names[matches[i]]);
    const ov::PartialShape shape(std::vector<ov::Dimension>(sizes.begin(), sizes.end()));
    if (model.input(i).get_partial_shape() != shape) changes.emplace(model.input(i), shape);
  }
  if (!changes.empty()) model.reshape(changes);
}

void require_precision(const std::string& asked, const std::string& in_force) {
  if ((asked != "f16" && asked != "bf16") || in_force == asked || in_force == "mixed") return;
  throw Unsupported("OpenVINO computes this model in " + in_force + " on this CPU although " +
                    asked + " was asked for");
}

class OpenVinoEngine : public Engine {
 public:
  std::string version() override {
    const std::string build = ov::get_openvino_version().buildNumber;
    return build.substr(0, build.find('-'));
  }

  LoadTimes load(const LoadConfig& config) override {
    request_ = {};
    compiled_ = {};
    require_supported(config);
    precision_asked_ = config.precision;
    inlined_ = false;
    real_paths_ = false;
    try {
      compile(config);
    } catch (const std::exception&) {
      // Its reader and its CPU plugin refuse values whose number of dimensions isn't known.
      if (config.inlined_path.empty()) throw;
      LoadConfig inlined = config;
      inlined.model_path = config.inlined_path;
      compile(inlined);
      inlined_ = true;
    }
    return {};
  }

  InForce in_force() override {
    return translating_failures([&] { return read_back(); });
  }

  void set_inputs(const std::vector<Value>& inputs) override {
    std::vector<std::string> names;
    for (const Value& value : inputs) names.push_back(value.name);
    const Ports& ports = compiled_.inputs();
    const auto matches = match_inputs(ports, compiled_.outputs(), names);
    translating_failures([&] {
      for (size_t i = 0; i < ports.size(); ++i) set_input(ports[i], inputs[matches[i]]);
    });
  }

  void run() override {
    translating_failures([&] { request_.infer(); });
  }

  std::vector<Value> outputs() override {
    std::vector<Value> values;
    for (const Ports::value_type& port : compiled_.outputs()) {
      values.push_back(make_value(output_name(port), from_openvino(request_.get_tensor(port))));
    }
    return values;
  }

 private:
  void compile(const LoadConfig& config) {
    translating_failures([&] {
      const std::shared_ptr<ov::Model> model = read_model(config);
      compiled_ = core_.compile_model(model, "CPU", make_properties(config));
      request_ = compiled_.create_infer_request();
    });
  }

  // A graph may be wrong at these sizes in a branch that isn't taken. Then the inputs alone say
  // the sizes.
  std::shared_ptr<ov::Model> read_model(const LoadConfig& config) {
    std::shared_ptr<ov::Model> model = read_file(config.model_path);
    try {
      fix_shapes(*model, config);
      sizes_fixed_ = true;
      return model;
    } catch (const ov::Exception&) {
      sizes_fixed_ = false;
      return read_file(config.model_path);
    }
  }

  // The reader refuses weights behind links that lead out of the model's folder.
  std::shared_ptr<ov::Model> read_file(const std::string& path) {
    try {
      return core_.read_model(path);
    } catch (const ov::Exception&) {
      const auto real = import::with_real_paths(path);
      if (!real) throw;
      std::istringstream model(real->model);
      static ov::frontend::FrontEndManager readers;  // keeps the reader's library loaded
      const auto reader = readers.load_by_framework("onnx");
      constexpr bool kMapWeights = true;  // as read_model does
      std::shared_ptr<ov::Model> read = reader->convert(reader->load(
          static_cast<std::istream*>(&model), real->folder + "model.onnx", kMapWeights));
      real_paths_ = true;
      return read;
    }
  }

  InForce read_back() {
    const RuntimeGraph graph = read_runtime_graph(compiled_);
    const auto setting = [&](const std::string& key) {
      return compiled_.get_property(key).as<std::string>();
    };
    const std::string hint = setting(ov::hint::inference_precision.name());
    const std::string floats = graph.float_types.empty() ? hint : precision_of(graph.float_types);
    require_precision(precision_asked_, floats);
    const bool in_8_bits = !graph.product_precision.empty();
    InForce in_force{in_8_bits ? graph.product_precision : floats,
                     compiled_.get_property(ov::inference_num_threads),
                     {},
                     {}};
    if (in_force.precision == "mixed") {
      in_force.settings[kCoarsestType] = coarsest_of(graph.float_types);
    }
    for (const std::string& device : compiled_.get_property(ov::execution_devices)) {
      in_force.placement.push_back({device, graph.nodes});
    }
    in_force.settings["sizes_fixed"] = sizes_fixed_ ? "yes" : "no";
    in_force.settings["node_precisions"] = graph.node_precisions;
    in_force.settings["inference_precision_hint"] = hint;
    if (real_paths_) in_force.settings["external_weights"] = "by their real paths, without links";
    if (inlined_) in_force.settings["model"] = kInlinedModel;
    for (const std::string key :
         {ov::hint::performance_mode.name(), ov::num_streams.name(),
          ov::hint::enable_cpu_pinning.name(), ov::hint::enable_hyper_threading.name()}) {
      in_force.settings[key] = setting(key);
    }
    return in_force;
  }

  void set_input(const Ports::value_type& port, const Value& value) {
    if (value.kind != Value::Kind::kTensor) {
      throw Unsupported("OpenVINO takes no sequences or optionals as inputs (\"" + value.name +
                        "\")");
    }
    const ov::Tensor tensor = to_openvino(value.tensor());
    if (tensor.get_element_type() != port.get_element_type() ||
        !port.get_partial_shape().compatible(tensor.get_shape())) {
      throw Error("the model's input \"" + value.name + "\" takes " +
                  port.get_element_type().get_type_name() + port.get_partial_shape().to_string() +
                  ", not " + describe(value.tensor().type, value.tensor().shape));
    }
    request_.set_tensor(port, tensor);
  }

  ov::Core core_;
  std::string precision_asked_;
  bool inlined_ = false;
  bool real_paths_ = false;
  bool sizes_fixed_ = true;
  ov::CompiledModel compiled_;
  ov::InferRequest request_;
};

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<OpenVinoEngine>(); }

}  // namespace dnnbench
