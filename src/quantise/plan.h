// What a static int8 model computes in int8: which products, and which values between operators are
// kept in 8 bits.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "quantise/editable_model.h"

namespace dnnbench::quantise {

struct Plan {
  std::set<size_t> products;     // Conv, Gemm and MatMul with constant weights: indices of nodes
  std::set<std::string> values;  // kept in unsigned 8 bits
  std::map<std::string, std::string> same_range;  // values that must share another one's scale
  int largest_weight = 127;                       // quantised_weights.h
};

// Whether the node multiplies by constant f32 weights, in a form that int8 kernels compute.
bool is_product(const EditableModel& model, const EditableNode& node);

// All products but those whose first output is in `kept_in_f32`, and what lies between them. The
// outputs of Gemm and MatMul stay in f32: 8 bits of them spoil transformers.
Plan make_plan(const EditableModel& model, const std::set<std::string>& kept_in_f32 = {});

}  // namespace dnnbench::quantise
