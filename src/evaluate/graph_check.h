// GraphCheck: checks the values within a model that a library computed, node by node: each by its
// formula from the node's inputs as the library itself has them. So errors don't add up, nodes can
// be checked in any order or not at all, and what is wrong has a name.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "evaluate/formula.h"
#include "import/graph.h"
#include "verify/second_opinion.h"

namespace dnnbench::evaluate {

class GraphCheck {
 public:
  // `inputs`: what the library was given. Both must outlive this.
  GraphCheck(const import::Graph& graph, const std::vector<Value>& inputs);

  // The nodes that have a formula, by their place in the graph.
  const std::vector<size_t>& nodes() const { return nodes_; }
  const import::Node& node(size_t index) const { return graph_.nodes[index]; }

  // The values that checking the node takes beside constants and the model's inputs: the library
  // must say them.
  std::vector<std::string> needed(size_t index) const;

  // Checks one node by such values: `max_elements` of each output, fewer where `max_terms` are used
  // up before. Returns the terms used. Does nothing any more once something is wrong.
  int64_t check(size_t index, const std::map<std::string, const Tensor*>& values,
                int64_t max_elements, int64_t max_terms, uint64_t seed);

  // Of all that was checked so far.
  SecondOpinion opinion() const;
  bool found_wrong() const { return !wrong_.empty(); }

 private:
  int64_t check_output_of(size_t index, size_t output,
                          const std::map<std::string, const Tensor*>& values, int64_t max_elements,
                          int64_t max_terms, uint64_t seed);
  std::optional<Operand> operand(const std::string& name,
                                 const std::map<std::string, const Tensor*>& values) const;
  bool is_known(const std::string& name) const;

  const import::Graph& graph_;
  std::map<std::string, const import::Constant*> constants_;
  std::map<std::string, const Tensor*> inputs_;
  std::set<std::string> computed_;  // by nodes of this graph
  std::vector<size_t> nodes_;
  std::set<size_t> checked_;
  int64_t elements_ = 0, elements_checked_ = 0;
  std::string wrong_;
};

}  // namespace dnnbench::evaluate
