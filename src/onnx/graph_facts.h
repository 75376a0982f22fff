// Internal to src/onnx: what is known of a model's values without running it. Those of subgraphs
// and of the model's own functions are among them; a function's have other names at each use.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "import/read_model.h"
#include "onnx/model.h"

namespace dnnbench {

struct Use {
  const import::Node* node;
  int input;
};

// Points into the model's file, which must outlive it.
struct GraphFacts {
  std::unordered_map<std::string, std::vector<Use>> uses;
  std::unordered_map<std::string, std::vector<Dimension>> shapes;
  std::unordered_map<std::string, std::vector<double>> constants;  // small ones
  std::deque<import::Node> inlined;  // the functions' nodes, a copy for each use
};

GraphFacts gather_facts(const import::ModelFile& file);

}  // namespace dnnbench
