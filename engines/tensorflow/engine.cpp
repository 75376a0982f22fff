// TensorFlow through its C interface: the model is emitted as a graph of TensorFlow operations
// (emitter.h) and run by a session. Its inputs and outputs are the model's own.
#include "worker/engine.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "emitter.h"
#include "graph.h"
#include "import/read_graph.h"
#include "saved_model.h"
#include "session.h"

namespace dnnbench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void require_supported(const LoadConfig& config) {
  if (config.device == "gpu") {
    throw Unsupported("this build of TensorFlow has CPU kernels only, not --device=gpu");
  }
  if (config.precision != "f32" && config.precision != "default") {
    throw Unsupported("TensorFlow computes in the model's own types on CPUs, not in " +
                      config.precision + "; convert the model");
  }
}

// The threads of the library's pool. It names all its others, and the process's first thread is
// ours.
int count_pool_threads() {
  std::string own_name, name;
  std::ifstream("/proc/self/comm") >> own_name;
  int count = -1;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    if (std::ifstream(task.path() / "comm") >> name) count += name == own_name;
  }
  return count;
}

// A model in the library's own form.
struct Converted {
  import::ImportedModel model;
  tf::Graph graph;
  std::vector<tf::NamedOut> inputs;
  // A tensor each, or the tensors of a sequence.
  struct Output {
    std::string name;
    bool is_sequence = false;
    size_t count = 1;
  };
  std::vector<Output> outputs;
  tf::Outs input_outs;
  tf::Outs output_outs;
  std::string precision;
};

void add_inputs(Converted& converted, tf::Emitter& emitter) {
  for (const import::Parameter& input : converted.model.graph.inputs) {
    if (input.type.kind != import::ValueType::Kind::kTensor) {
      throw Unsupported("TensorFlow's session takes no sequence or optional, as input \"" +
                        input.name + "\" is");
    }
    const tf::Out out = converted.graph.placeholder(
        input.name, tf::to_tensorflow(input.type.element), input.type.shape);
    emitter.set(input.name, out);
    converted.inputs.push_back({input.name, out});
    converted.input_outs.push_back(out);
  }
}

void add_outputs(Converted& converted, tf::Emitter& emitter) {
  for (const import::Parameter& output : converted.model.graph.outputs) {
    const std::vector<std::string>* elements = emitter.sequence(output.name);
    if (elements == nullptr) {
      converted.outputs.push_back({output.name, false, 1});
      converted.output_outs.push_back(converted.graph.identity(emitter.get(output.name)));
      continue;
    }
    converted.outputs.push_back({output.name, true, elements->size()});
    for (const std::string& element : *elements) {
      converted.output_outs.push_back(converted.graph.identity(emitter.get(element)));
    }
  }
}

// The types that the graph computes in, by its floating-point values.
std::string precision_of(const import::Graph& graph) {
  std::set<DataType> types;
  for (const auto& [name, type] : graph.types) types.insert(type.element);
  for (const auto& [name, constant] : graph.constants) types.insert(constant.type);
  const bool f16 = types.count(DataType::kFloat16) != 0;
  const bool bf16 = types.count(DataType::kBfloat16) != 0;
  const bool f32 = types.count(DataType::kFloat32) != 0;
  const bool f64 = types.count(DataType::kFloat64) != 0;
  if (f16 + bf16 + f32 + f64 > 1) return "mixed";
  return f16 ? "f16" : bf16 ? "bf16" : f64 ? "f64" : "f32";
}

std::unique_ptr<Converted> convert(const LoadConfig& config) {
  auto converted = std::make_unique<Converted>();
  converted->model = import::read_graph(config);
  converted->precision = precision_of(converted->model.graph);
  tf::Emitter emitter(converted->graph, converted->model.graph, nullptr);
  add_inputs(*converted, emitter);
  emitter.emit_nodes();
  add_outputs(*converted, emitter);
  // The weights are the graph's now; what they were read from need not stay in memory.
  converted->model.graph.constants.clear();
  converted->model.graph.nodes.clear();
  tf::release_scratch();
  return converted;
}

class TensorFlowEngine : public Engine {
 public:
  std::string version() override { return TF_Version(); }

  bool imports() override { return true; }

  void load(const LoadConfig& config) override {
    session_.reset();
    converted_.reset();
    require_supported(config);
    const auto start = Clock::now();
    converted_ = convert(config);
    convert_s_ = seconds_since(start);
    session_ = std::make_unique<tf::Session>(converted_->graph, converted_->input_outs,
                                             converted_->output_outs, config.threads);
    session_->prepare();
  }

  double convert_s() override { return convert_s_; }

  std::string save_converted(const std::string& path) override {
    std::vector<tf::NamedOut> outputs;
    size_t next = 0;
    for (const Converted::Output& output : converted_->outputs) {
      if (output.is_sequence) throw Unsupported("a SavedModel has no sequences as outputs");
      outputs.push_back({output.name, converted_->output_outs[next++]});
    }
    tf::save_model(converted_->graph, converted_->inputs, outputs, path);
    return path;
  }

  InForce in_force() override {
    std::vector<Placement> placement;
    for (const std::string& device : session_->devices()) {
      placement.push_back({device, converted_->graph.operation_count()});
    }
    if (placement.size() != 1) {
      throw Error("TensorFlow found several devices, so it is unknown where the model runs");
    }
    return {converted_->precision,
            count_pool_threads(),
            placement,
            {{"inter_op_threads", "none: operations run in the calling thread"},
             {"graph_optimization", "library default without layout, memory and TFG"},
             {"placement_read", "of the graph before optimization"}}};
  }

  void set_inputs(const std::vector<Value>& inputs) override {
    session_->set_inputs(import::graph_inputs(converted_->model, inputs));
  }

  void run() override { session_->run(); }

  std::vector<Value> outputs() override {
    std::vector<Tensor> tensors = session_->outputs();
    std::vector<Value> values;
    size_t next = 0;
    for (const Converted::Output& output : converted_->outputs) {
      if (!output.is_sequence) {
        values.push_back(make_value(output.name, std::move(tensors[next++])));
        continue;
      }
      Value sequence{output.name, Value::Kind::kSequence, {}};
      for (size_t i = 0; i < output.count; ++i) {
        sequence.tensors.push_back(std::move(tensors[next++]));
      }
      values.push_back(std::move(sequence));
    }
    return values;
  }

 private:
  std::unique_ptr<Converted> converted_;
  std::unique_ptr<tf::Session> session_;
  double convert_s_ = 0;
};

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<TensorFlowEngine>(); }

}  // namespace dnnbench
