// Values between this project's form and ONNX Runtime's. Every element type that both know is
// copied bit by bit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "library.h"

namespace dnnbench::ort {

// What a model takes or returns under one name.
struct Signature {
  std::string name;
  int value_type = kTypeTensor;
  DataType element_type = DataType::kUndefined;  // of a tensor; undefined for anything else
  std::vector<int64_t> shape;                    // of a tensor; -1 where a dimension is free
  bool has_shape = false;                        // of a tensor; false: not even the rank is known
};

std::vector<Signature> read_inputs(const OrtSession& session);
std::vector<Signature> read_outputs(const OrtSession& session);
std::vector<std::string> read_output_names(const OrtSession& session);

// Throws Error when the value is not of the input's kind, element type or shape, Unsupported for
// a value that the library's C interface can't express.
OwnedValue to_ort(const Value& value, const Signature& input);

// Copies. A map becomes a sequence of two tensors, its keys and its values; a sequence of maps
// those of one map after the other. Throws Unsupported for other values.
Value from_ort(const std::string& name, OrtValue& value);

// ONNX Runtime's number of an element type.
int element_type_of(DataType type);

// An output's type and shape, as a tensor of zeros. Throws Unsupported for what is not a tensor of
// numbers.
Tensor shape_of(const std::string& name, const OrtValue& value);

}  // namespace dnnbench::ort
