// What is quantised in a graph, and how, as far as oneDNN's int8 operators can take it (int8.h).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "import/graph.h"

namespace dnnbench::pytorch {

struct Affine {
  std::string value;  // uint8
  double scale = 1;
  int64_t zero_point = 0;

  bool same_scale(const Affine& other) const {
    return scale == other.scale && zero_point == other.zero_point;
  }
};

struct Weights {
  std::string values;
  std::string scales;
};

// What follows an operator and is computed with it.
struct Ending {
  std::string value;  // the last one that is computed
  std::string activation = "none";
  double low = 0, high = 0;
  std::optional<Affine> quantised;
  std::vector<size_t> nodes;  // that are done with
};

// Of ONNX's operator, or com.microsoft's of the same name. False for no node.
bool is(const import::Node* node, const std::string& op);

// The main graph. It must outlive this, and its list of nodes must stay as long; the nodes may
// change, with their new outputs reported to set_maker.
class QuantisedGraph {
 public:
  explicit QuantisedGraph(const import::Graph& graph);

  const import::Node& node(size_t i) const { return graph_.nodes[i]; }
  const import::Constant* constant(const std::string& value) const {
    return graph_.constant(value);
  }
  // Outputs of the graph, and what subgraphs read.
  const std::set<std::string>& read_elsewhere() const { return read_elsewhere_; }

  const import::Node* maker(const std::string& value) const;  // nullptr: none
  void set_maker(const std::string& value, size_t node) { makers_[value] = node; }

  // The node that alone reads the value.
  std::optional<size_t> only_reader(const std::string& value) const;

  // Of QuantizeLinear or DequantizeLinear with one uint8 zero point; `value` is the 8-bit side.
  std::optional<Affine> affine(const import::Node& node, const std::string& value) const;
  // What DequantizeLinear makes the value of.
  std::optional<Affine> dequantised(const std::string& value) const;
  // int8 behind DequantizeLinear, with scales along `axis`.
  std::optional<Weights> weights(const std::string& value, int64_t axis) const;
  // Whether that input, a zero point, is 0 everywhere.
  bool is_symmetric(const import::Node& node, size_t index) const;

  Ending ending_of(const std::string& output, bool may_clip) const;

  bool is_bias(const std::string& value, int64_t channels) const;
  bool same_shape(const std::string& a, const std::string& b) const;

 private:
  std::optional<double> number(const import::Node& node, size_t index) const;

  const import::Graph& graph_;
  std::map<std::string, size_t> makers_;
  std::map<std::string, std::vector<size_t>> readers_;
  std::set<std::string> read_elsewhere_;
};

}  // namespace dnnbench::pytorch
