// A TensorFlow session on a graph, its settings, and its inputs and outputs ready for the timed
// call.
#pragma once

#include <tensorflow/c/c_api.h>

#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "core/tensor.h"
#include "graph.h"
#include "tensors.h"

namespace dnnbench::tf {

// The session's settings: a serialised ConfigProto (tensorflow/core/protobuf/config.proto).
std::string config_proto(int threads);

class Session {
 public:
  // The graph must live as long: its fed weights are given to every run. Throws Error with the
  // library's reason.
  Session(const Graph& graph, const Outs& inputs, const Outs& outputs, int threads);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Optimises and compiles the graph, which the library otherwise does as part of the first run.
  void prepare();

  // In the order of the constructor's inputs. Copies.
  void set_inputs(const std::vector<Value>& inputs);

  // One inference.
  void run();

  // The last run's outputs, in the order of the constructor's. Copies. Throws Error when nothing
  // has run.
  std::vector<Tensor> outputs() const;

  // "CPU" for "/job:localhost/replica:0/task:0/device:CPU:0".
  std::vector<std::string> devices() const;

 private:
  void drop_outputs();

  Status status_;
  TF_Session* session_ = nullptr;
  Outs inputs_;  // the caller's, then the graph's fed weights
  Outs outputs_;
  std::vector<OwnedTensor> given_;
  std::vector<TF_Tensor*> weights_;
  std::vector<TF_Tensor*> given_pointers_;
  std::vector<TF_Tensor*> results_;
};

}  // namespace dnnbench::tf
