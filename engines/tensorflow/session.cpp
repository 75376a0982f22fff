#include "session.h"

#include <utility>

#include "core/error.h"
#include "import/wire.h"

namespace dnnbench::tf {

namespace {

// Three of the library's passes over the graph change nothing that matters to these graphs on a CPU
// and copy every weight, the first two several times.
std::string graph_options() {
  std::string passes, options;
  import::write_integer(passes, 1, 2);      // RewriterConfig.layout_optimizer: off
  import::write_integer(passes, 4, 1);      // memory_optimization: none
  import::write_integer(passes, 32, 1);     // disable_tfg_optimizer
  import::write_text(options, 10, passes);  // GraphOptions.rewrite_options
  return options;
}

}  // namespace

std::string config_proto(int threads) {
  std::string config;
  import::write_integer(config, 2, threads);  // intra_op_parallelism_threads
  // inter_op_parallelism_threads: operations one after the other, in the calling thread
  import::write_integer(config, 5, -1);
  // The graph is whole and nobody asks what became of it, so no copies of it, weights and all, are
  // kept: optimize_for_static_graph, disable_output_partition_graphs.
  std::string experimental;
  import::write_integer(experimental, 12, 1);
  import::write_integer(experimental, 14, 1);
  import::write_text(config, 16, experimental);
  import::write_text(config, 10, graph_options());
  return config;
}

Session::Session(const Graph& graph, const Outs& inputs, const Outs& outputs, int threads)
    : inputs_(inputs), outputs_(outputs), results_(outputs.size(), nullptr) {
  for (const Graph::Fed& weight : graph.fed()) {
    inputs_.push_back(weight.out);
    weights_.push_back(weight.tensor.get());
  }
  const std::unique_ptr<TF_SessionOptions, decltype(&TF_DeleteSessionOptions)> options(
      TF_NewSessionOptions(), TF_DeleteSessionOptions);
  const std::string config = config_proto(threads);
  TF_SetConfig(options.get(), config.data(), config.size(), status_);
  status_.check("setting its threads");
  session_ = TF_NewSession(graph.get(), options.get(), status_);
  status_.check("making a session");
}

Session::~Session() {
  drop_outputs();
  if (session_ == nullptr) return;
  TF_CloseSession(session_, status_);
  TF_DeleteSession(session_, status_);
}

// The library makes ready to run for a set of inputs and outputs, and only then looks at what it
// was given; so it is given inputs of a wrong type, and refuses them when all else is done.
void Session::prepare() {
  if (inputs_.empty()) return run();
  std::vector<OwnedTensor> wrong;
  std::vector<TF_Tensor*> pointers;
  for (size_t i = 0; i + weights_.size() < inputs_.size(); ++i) {
    const Out input = inputs_[i];
    const TF_DataType type = Graph::type(input) == TF_BOOL ? TF_FLOAT : TF_BOOL;
    wrong.emplace_back(TF_AllocateTensor(type, nullptr, 0, TF_DataTypeSize(type)), TF_DeleteTensor);
    pointers.push_back(wrong.back().get());
  }
  pointers.insert(pointers.end(), weights_.begin(), weights_.end());
  TF_SessionRun(session_, nullptr, inputs_.data(), pointers.data(),
                static_cast<int>(inputs_.size()), outputs_.data(), results_.data(),
                static_cast<int>(outputs_.size()), nullptr, 0, nullptr, status_);
  drop_outputs();
  const bool refused = status_.message().find("Expects arg[") != std::string::npos;
  if (!refused) status_.check("compiling the model");
}

void Session::set_inputs(const std::vector<Value>& inputs) {
  given_.clear();
  given_pointers_.clear();
  for (const Value& value : inputs) {
    if (value.kind != Value::Kind::kTensor) {
      throw Unsupported("TensorFlow's session takes no sequence or optional, as input \"" +
                        value.name + "\" is");
    }
    given_.push_back(to_tensorflow(value.tensor()));
    given_pointers_.push_back(given_.back().get());
  }
  given_pointers_.insert(given_pointers_.end(), weights_.begin(), weights_.end());
}

void Session::run() {
  drop_outputs();
  TF_SessionRun(session_, nullptr, inputs_.data(), given_pointers_.data(),
                static_cast<int>(inputs_.size()), outputs_.data(), results_.data(),
                static_cast<int>(outputs_.size()), nullptr, 0, nullptr, status_);
  if (!status_.ok()) status_.check("running the model");
}

std::vector<Tensor> Session::outputs() const {
  std::vector<Tensor> tensors;
  for (const TF_Tensor* result : results_) {
    if (result == nullptr) throw Error("no inference has run yet, so there are no outputs");
    tensors.push_back(from_tensorflow(*result));
  }
  return tensors;
}

std::vector<std::string> Session::devices() const {
  Status status;
  const std::unique_ptr<TF_DeviceList, decltype(&TF_DeleteDeviceList)> list(
      TF_SessionListDevices(session_, status), TF_DeleteDeviceList);
  status.check("asking for its devices");
  std::vector<std::string> devices;
  for (int i = 0; i < TF_DeviceListCount(list.get()); ++i) {
    devices.emplace_back(TF_DeviceListType(list.get(), i, status));
    status.check("asking for a device");
  }
  return devices;
}

void Session::drop_outputs() {
  for (TF_Tensor*& result : results_) {
    if (result != nullptr) TF_DeleteTensor(std::exchange(result, nullptr));
  }
}

}  // namespace dnnbench::tf
