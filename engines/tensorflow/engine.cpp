// TensorFlow through its C interface: the model is emitted as a graph of TensorFlow operations
// (emitter.h) and run by a session. Its inputs and outputs are the model's own.
#include "worker/engine.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/precision.h"
#include "emitter.h"
#include "graph.h"
#include "import/read_graph.h"
#include "operators.h"
#include "packed_sequence.h"
#include "protocol/precision.h"
#include "saved_model.h"
#include "semantics/lower.h"
#include "session.h"

namespace dnnbench {
namespace {

constexpr const char* kWhyNotGpu =
    "TensorFlow 2.21 is built for CUDA 12.5, which can't share the libraries of CUDA 13 that the "
    "other engines use";

void require_supported(const LoadConfig& config) {
  if (is_quantised(config.precision)) {
    throw Unsupported(
        "this build has no way to TensorFlow's int8 operators; emulating them in f32 would only be "
        "slower");
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
  // A tensor each, or the tensors of a sequence, or the three of a packed one.
  enum class Form { kTensor, kSequence, kPacked };
  struct Output {
    std::string name;
    Form form = Form::kTensor;
    size_t count = 1;
  };
  std::vector<Output> outputs;
  tf::Outs input_outs;
  tf::Outs output_outs;
  std::set<DataType> types;  // that the graph computes in
};

using Kind = import::ValueType::Kind;

// A sequence, or an optional as a sequence of at most one.
void add_packed_input(Converted& converted, tf::Emitter& emitter, const import::Parameter& input) {
  tf::Graph& g = converted.graph;
  const tf::Outs parts{
      g.placeholder(input.name + "/elements", tf::to_tensorflow(input.type.element), tf::Shape{-1}),
      g.placeholder(input.name + "/sizes", TF_INT64, tf::Shape{-1}),
      g.placeholder(input.name + "/places", TF_INT64, tf::Shape{-1, 4})};
  emitter.set_list(input.name, tf::unpacked(g, parts[0], parts[1], parts[2]));
  converted.input_outs.insert(converted.input_outs.end(), parts.begin(), parts.end());
}

void add_inputs(Converted& converted, tf::Emitter& emitter) {
  for (const import::Parameter& input : converted.model.graph.inputs) {
    const Kind kind = input.type.kind;
    if (kind == Kind::kSequence || kind == Kind::kOptional) {
      add_packed_input(converted, emitter, input);
      continue;
    }
    if (kind != Kind::kTensor) {
      throw Unsupported("the importer for TensorFlow takes no optional sequence, as input \"" +
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
  using Form = Converted::Form;
  const auto add = [&](const std::string& name, Form form, const tf::Outs& outs) {
    converted.outputs.push_back({name, form, outs.size()});
    for (const tf::Out out : outs) converted.output_outs.push_back(converted.graph.identity(out));
  };
  for (const import::Parameter& output : converted.model.graph.outputs) {
    const std::vector<std::string>* elements = emitter.sequence(output.name);
    if (const auto list = emitter.find_list(output.name)) {
      add(output.name, Form::kPacked, tf::packed(converted.graph, *list));
    } else if (elements != nullptr) {
      tf::Outs outs;
      for (const std::string& element : *elements) outs.push_back(emitter.get(element));
      add(output.name, Form::kSequence, outs);
    } else {
      add(output.name, Form::kTensor, {emitter.get(output.name)});
    }
  }
}

std::set<DataType> types_of(const import::Graph& graph) {
  std::set<DataType> types;
  for (const auto& [name, type] : graph.types) types.insert(type.element);
  for (const auto& [name, constant] : graph.constants) types.insert(constant.type);
  return types;
}

std::unique_ptr<Converted> convert(const LoadConfig& config) {
  auto converted = std::make_unique<Converted>();
  converted->model = import::read_graph(config);
  semantics::lower(converted->model.graph, tf::has_operator);
  converted->types = types_of(converted->model.graph);
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

  Abilities abilities(const std::string&) override {
    return {.imports = true, .why_not_gpu = kWhyNotGpu};
  }

  LoadTimes load(const LoadConfig& config) override {
    session_.reset();
    converted_.reset();
    require_supported(config);
    const double start_s = monotonic_s();
    converted_ = convert(config);
    const double convert_s = monotonic_s() - start_s;
    session_ = std::make_unique<tf::Session>(converted_->graph, converted_->input_outs,
                                             converted_->output_outs, config.threads);
    session_->prepare();
    return {.convert_s = convert_s};
  }

  std::string save_converted(const std::string& path) override {
    if (converted_->inputs.size() != converted_->input_outs.size()) {
      throw Unsupported("a SavedModel has no sequences or optionals as inputs");
    }
    if (!converted_->graph.fed().empty()) {
      throw Unsupported("a SavedModel's graph holds no weights of 1 GiB or more");
    }
    std::vector<tf::NamedOut> outputs;
    size_t next = 0;
    for (const Converted::Output& output : converted_->outputs) {
      if (output.form != Converted::Form::kTensor) {
        throw Unsupported("a SavedModel has no sequences as outputs");
      }
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
    InForce in_force{
        precision_of(converted_->types),
        count_pool_threads(),
        placement,
        {{"inter_op_threads", "none: operations run in the calling thread"},
         {"graph_optimization", "library default without layout, memory and TFG"},
         {"placement_read", "of the graph before optimization"},
         {"weights_given_to_each_run", std::to_string(converted_->graph.fed().size())}}};
    if (in_force.precision == "mixed") {
      in_force.settings[kCoarsestType] = coarsest_of(converted_->types);
    }
    return in_force;
  }

  void set_inputs(const std::vector<Value>& inputs) override {
    std::vector<Value> tensors;
    const std::vector<Value> given = import::graph_inputs(converted_->model, inputs);
    for (size_t i = 0; i < given.size(); ++i) {
      const import::ValueType& type = converted_->model.graph.inputs[i].type;
      if (type.kind == Kind::kTensor) {
        tensors.push_back(given[i]);
        continue;
      }
      for (Tensor& part : tf::pack(given[i], type.element)) {
        tensors.push_back(make_value(given[i].name, std::move(part)));
      }
    }
    session_->set_inputs(tensors);
  }

  void run() override { session_->run(); }

  std::vector<Value> outputs() override {
    std::vector<Tensor> tensors = session_->outputs();
    std::vector<Value> values;
    size_t next = 0;
    for (const Converted::Output& output : converted_->outputs) {
      const auto first =
          std::make_move_iterator(tensors.begin() + static_cast<std::ptrdiff_t>(next));
      std::vector<Tensor> own(first, first + static_cast<std::ptrdiff_t>(output.count));
      next += output.count;
      if (output.form == Converted::Form::kTensor) {
        values.push_back(make_value(output.name, std::move(own.front())));
        continue;
      }
      const bool packed = output.form == Converted::Form::kPacked;
      values.push_back(
          {output.name, Value::Kind::kSequence, packed ? tf::unpack(own) : std::move(own)});
    }
    return values;
  }

 private:
  std::unique_ptr<Converted> converted_;
  std::unique_ptr<tf::Session> session_;
};

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<TensorFlowEngine>(); }

}  // namespace dnnbench
