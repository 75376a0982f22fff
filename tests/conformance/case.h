// One ONNX backend node test: a folder with model.onnx and test_data_set_N, as the package `onnx`
// ships them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

// The relative tolerance of onnx.backend.test.
inline constexpr double kNodeTestTolerance = 1e-3;

// A test's two forms. Node tests give weights as inputs; models of real life hold them.
enum class Form {
  kInputs,     // as the package has it
  kConstants,  // every tensor input but the first is an initializer
};

// What one run of a test takes and gives.
struct DataSet {
  std::string model_path;
  std::string folder;
  std::vector<Value> inputs;  // those that the model takes
  std::vector<Value> outputs;
};

struct ConformanceCase {
  std::string name;  // "test_add_bcast"; of the second form, "test_add_bcast:constants"
  Form form = Form::kInputs;
  std::string op;                         // the operator it tests: "Add", "ai.onnx.ml.LabelEncoder"
  int64_t opset = 0;                      // of that operator's domain
  bool tensors_only = true;               // no sequence or optional among inputs and outputs
  bool random = false;                    // outputs are random, so expected ones can't be met
  std::set<DataType> types;               // of inputs, outputs and weights
  double tolerance = kNodeTestTolerance;  // of the outputs' elements, see `difference`
  std::vector<DataSet> data_sets;
};

// The names of all cases in a folder, sorted. Throws Error when there is none.
std::vector<std::string> list_cases(const std::string& root);

// `count` of the names, the same for the same seed, in their order; all of them for 0.
std::vector<std::string> sample(const std::vector<std::string>& names, size_t count, uint64_t seed);

// Throws Error when the project's own reader refuses the model or its data.
ConformanceCase read_case(const std::string& root, const std::string& name);

inline constexpr const char* kConstantsSuffix = ":constants";

// The second form of a test, whose models it writes into `folder`. None where only the first input
// is a tensor.
std::optional<ConformanceCase> with_constants(const ConformanceCase& test,
                                              const std::string& folder);

// Ends a difference whose elements are off by rounding only, and so by another amount on another
// machine: relative to the tensor they are right, relative to their own small value they are not.
inline constexpr const char* kByLittle = ", by less than the tolerance times the tensor's largest";

// Why outputs differ from the expected ones, by the rules of onnx.backend.test: the same names,
// kinds, element types and shapes, elements within `tolerance` times the expected element plus
// 1e-7, NaN and infinity in the same places. Empty when they don't.
std::string difference(const std::vector<Value>& outputs, const std::vector<Value>& expected,
                       double tolerance = kNodeTestTolerance);

}  // namespace dnnbench
