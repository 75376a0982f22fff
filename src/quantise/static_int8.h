// A static int8 model: QuantizeLinear and DequantizeLinear (QDQ) around what is to be computed in
// 8 bits, which engines replace by int8 operators. Activations are unsigned with a scale and zero
// point per value, weights signed with a scale per channel, biases in 32 bits.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "quantise/plan.h"

namespace dnnbench::quantise {

struct ValueBounds {
  double low = 0;
  double high = 0;

  void include(double from, double to) {
    low = std::min(low, from);
    high = std::max(high, to);
  }
};

using Ranges = std::map<std::string, ValueBounds>;

// A value's scale and zero point.
struct Affine {
  double scale = 1;  // exact in f32
  int zero_point = 0;
};

// 0 is always exact, as padding needs.
Affine affine_of(const ValueBounds& bounds);

inline constexpr const char* kMin = "/range_min";
inline constexpr const char* kMax = "/range_max";

// Adds the smallest and the largest element of each of the plan's values as outputs of the model:
// VALUE followed by kMin and kMax. Also of those with another one's scale: where the other stays in
// f32, they have their own.
void add_range_outputs(EditableModel& model, const Plan& plan);

// Values without a range, or that were always 0, stay in f32. Returns how many products are in
// int8.
size_t write_static_int8(EditableModel& model, const Plan& plan, const Ranges& ranges);

// Beside each product of the plan the same in 8 bits, and as outputs of the model what that alone
// changes: the product's first output followed by kNoise is the sum of the squared differences, by
// kSignal that of the squared f32 elements.
inline constexpr const char* kNoise = "/noise";
inline constexpr const char* kSignal = "/signal";
void add_noise_outputs(EditableModel& model, const Plan& plan, const Ranges& ranges);

// Of what these outputs hold, by their names: the products' first outputs, the one that 8 bits
// change most relative to its own size first. One whose sums are not finite counts as the most
// changed.
std::vector<std::string> noisiest_first(const std::map<std::string, double>& energy);

}  // namespace dnnbench::quantise
