// The constants of verification, by class of arithmetic. docs/verifying.md has the measurements
// that they come from and says how to repeat them.
#pragma once

#include "core/tensor.h"
#include "verify/reference.h"

namespace dnnbench {

struct ClassRule {
  double gain;    // error expected, in units of the model's sensitivity to rounding in f32
  double floor;   // error expected of a model that amplifies nothing
  double safety;  // error allowed, in units of what is expected
  double limit;   // error never allowed: beyond it nonsense could pass as rounding
};

ClassRule rule_of(ToleranceClass tolerance_class);

// The class that a tensor of that element type can't be finer than.
ToleranceClass class_of(DataType type);

// Whether a tensor is judged by the size of its errors: floating point, and the 8- and 4-bit
// integers of a quantised model. All others must be identical but for ties and flips.
bool is_numeric(DataType type, ToleranceClass model_class);

}  // namespace dnnbench
