#include "formulas.h"

#include <limits>
#include <map>

#include "case.h"
#include "core/error.h"
#include "evaluate/graph_check.h"
#include "import/read_model.h"

namespace dnnbench {
namespace {

// Expected outputs of four digits; and sizes that are no whole numbers, which ONNX Runtime rounds
// before it aligns corners, as the formula does.
const std::set<std::string> kLeftOut = {
    "test_averagepool_2d_ceil_last_window_starts_on_pad",
    "test_resize_downsample_scales_cubic_align_corners",
    "test_resize_downsample_scales_linear_align_corners",
};

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

void check(const std::string& test, const DataSet& data, FormulaSweep& sweep) {
  const import::ModelFile model = import::read_model_file(data.model_path);
  evaluate::GraphCheck graph(model.graph, data.inputs);
  std::map<std::string, const Tensor*> values;
  for (const Value& value : data.outputs) {
    if (value.kind == Value::Kind::kTensor) values[value.name] = &value.tensor();
  }
  for (const size_t node : graph.nodes()) graph.check(node, values, kNoLimit, kNoLimit, 0);
  const SecondOpinion opinion = graph.opinion();
  if (opinion.reference == ReferenceState::kWrong) {
    sweep.wrong.push_back(test + ": " + opinion.reason);
  }
  if (opinion.nodes_checked == 0) return;
  ++sweep.outputs_checked;
  for (const size_t node : graph.nodes()) sweep.operators.insert(graph.node(node).op);
}

}  // namespace

FormulaSweep sweep_formulas(const std::string& root) {
  FormulaSweep sweep;
  for (const std::string& name : list_cases(root)) {
    if (kLeftOut.count(name) != 0) continue;
    try {
      for (const DataSet& data : read_case(root, name).data_sets) check(name, data, sweep);
    } catch (const Error&) {
      // Of a model that the project's own reader refuses.
    }
  }
  return sweep;
}

}  // namespace dnnbench
