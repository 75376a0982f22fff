// What the user gives instead of generated inputs: --input NAME=FILE.npy, --input NAME=NUMBER and
// --test-data FOLDER, read and checked against the model.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "onnx/model.h"
#include "onnx/shapes.h"

namespace dnnbench {

struct GivenInputs {
  std::map<std::string, Value> values;       // by input: from .npy files and the test data
  std::map<std::string, std::string> fills;  // by input: the number that every element is
  std::vector<Value> expected_outputs;       // of the test data: the reference; empty without
};

// Whether --input=NAME=VALUE fills the input with VALUE rather than reading a file of that name.
bool is_number(const std::string& value);

// `inputs` maps an input's name to a number or the path of a .npy file; it takes precedence over
// the test data, whose expected outputs then no longer count. Throws UsageError for a name that is
// no input, and Error for a file that can't be read or whose element type or shape differs, for
// test data that leave an input open, and for such with some of the outputs only.
GivenInputs read_given_inputs(const Model& model, const std::map<std::string, std::string>& inputs,
                              const std::optional<std::string>& test_data);

// --shape together with the shapes of the given values. Throws UsageError when they contradict.
InputShapes given_shapes(const Model& model, const GivenInputs& given,
                         const InputShapes& user_shapes);

}  // namespace dnnbench
