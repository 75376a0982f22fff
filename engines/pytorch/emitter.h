// The writing of a program: which TorchScript variable holds which value of the graph, what is
// known of it, and the lines. Operations (operation.h) write through it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "import/graph.h"
#include "program.h"

namespace dnnbench::pytorch {

using Shape = std::vector<int64_t>;

// One value of the graph.
struct Variable {
  std::string name;  // "v12", "self.c3"
  import::ValueType type;
  std::optional<import::Constant> constant;
};

class Emitter {
 public:
  Program emit(const import::Graph& graph);

  // The variable of a value of the graph in work or those around it. Throws Unsupported for one
  // that there is not.
  const Variable& find(const std::string& value);
  // What the graph says of a value; nullptr when nothing.
  const import::ValueType* type_of(const std::string& value) const;

  std::string new_name() { return "v" + std::to_string(++names_); }
  void line(const std::string& text);
  // Lines until the matching end_block are one step further right.
  void begin_block(const std::string& head);
  void end_block() { --indent_; }

  // "self.c3": a tensor of the module.
  std::string add_constant(const import::Constant& constant);
  Variable constant_variable(const import::Constant& constant);

  // Declares what a value of the graph in work is called.
  void set(const std::string& value, Variable variable);

  // Has the named helper (helpers.h) written before `forward`.
  void use(const std::string& helper);

  // Writes a subgraph's nodes in place; its inputs are `arguments`. Returns its outputs.
  std::vector<Variable> inline_graph(const import::Graph& graph,
                                     const std::vector<Variable>& arguments);

 private:
  struct Scope {
    const import::Graph* graph;
    std::map<std::string, Variable> variables;
  };

  const Variable* look_up(const std::string& value);
  void add_nodes(const import::Graph& graph);
  std::string take_input(const import::Parameter& input, size_t index);
  std::string give_output(const import::Parameter& output);

  Program program_;
  std::string body_;
  std::string helpers_;         // source of those used
  std::set<std::string> used_;  // their names
  std::vector<Scope> scopes_;
  int64_t names_ = 0;
  int64_t constants_ = 0;
  int indent_ = 1;
};

}  // namespace dnnbench::pytorch
