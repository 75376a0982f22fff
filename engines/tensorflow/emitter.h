// Emits an ONNX graph as TensorFlow operations: values by name, each with the order in which its
// dimensions are stored (permutation.h). A subgraph (of If, Loop, Scan) has an Emitter of its own:
// it sees the constants of the graphs around it, but of their values only those that it was given.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph.h"
#include "import/graph.h"
#include "lists.h"
#include "permutation.h"
#include "tensors.h"

namespace dnnbench::tf {

// One form in which a value lies in memory.
struct Stored {
  Out out;
  Permutation permutation;
};

class Emitter {
 public:
  // `outer` is nullptr for the model's own graph.
  Emitter(Graph& graph, const import::Graph& onnx, Emitter* outer)
      : graph_(graph), onnx_(onnx), outer_(outer) {}

  Graph& graph() { return graph_; }
  const import::Graph& onnx() const { return onnx_; }

  // Emits every node. Throws Unsupported that names the node.
  void emit_nodes();

  // The value in its logical order, or in that one. Throws Unsupported for a name that is not
  // known.
  Out get(const std::string& name, const Permutation& permutation = {});
  // All forms that exist so far: at least one, the first the one it was made in. An ONNX constant
  // is put into the graph in logical order.
  const std::vector<Stored>& forms(const std::string& name);
  void set(const std::string& name, Out out, const Permutation& permutation = {});

  // Of a subgraph whose nodes become nodes of the outer emitter's graph: its values can be used.
  void share_graph() { shares_graph_ = true; }
  // Whether a value that is no constant can be used here.
  bool has_value(const std::string& name) const;

  // Known elements; nullptr when they are not.
  const import::Constant* constant(const std::string& name) const;
  void set_constant(const std::string& name, import::Constant constant);

  // What is known of the value's logical shape, from the graph built so far or from the model.
  std::optional<Shape> find_shape(const std::string& name);

  // A sequence whose length is known while the graph is built is a list of names; nullptr for
  // others.
  const std::vector<std::string>* sequence(const std::string& name) const;
  void set_sequence(const std::string& name, std::vector<std::string> elements);
  // Others are lists of the graph; nullopt for those whose length is known, and for tensors.
  std::optional<List> find_list(const std::string& name) const;
  void set_list(const std::string& name, const List& list) { lists_[name] = list; }
  bool is_sequence(const std::string& name) const {
    return sequence(name) != nullptr || find_list(name).has_value();
  }
  // A sequence as a list of the graph, whichever it is. Throws Unsupported for what is none.
  List list(const std::string& name);
  // A name for a value that the model does not have.
  std::string fresh_name();

 private:
  Out make_constant(const import::Constant& constant, const Permutation& permutation);

  Graph& graph_;
  const import::Graph& onnx_;
  Emitter* outer_;
  std::map<std::string, std::vector<Stored>> values_;
  std::map<std::string, std::vector<Stored>> values_of_constants_;
  std::map<std::string, import::Constant> constants_;
  std::map<std::string, std::vector<std::string>> sequences_;
  std::map<std::string, List> lists_;
  bool shares_graph_ = false;
  int64_t fresh_ = 0;
};

}  // namespace dnnbench::tf
