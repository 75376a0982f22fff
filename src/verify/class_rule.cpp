#include "verify/class_rule.h"

namespace dnnbench {

ClassRule rule_of(ToleranceClass tolerance_class) {
  switch (tolerance_class) {
    case ToleranceClass::kInteger:
    case ToleranceClass::kF32:
      return {.gain = 1, .floor = 0x1p-23, .safety = 128, .limit = 0.05};
    case ToleranceClass::kF16:
      return {.gain = 0x1p13, .floor = 0x1p-9, .safety = 2, .limit = 0.1};
    case ToleranceClass::kBf16:
      return {.gain = 0x1p16, .floor = 0x1p-6, .safety = 2, .limit = 0.25};
    case ToleranceClass::kQuantised:
      return {.gain = 1, .floor = 0x1p-5, .safety = 4, .limit = 0.25};
  }
  return {};
}

ToleranceClass class_of(DataType type) {
  if (!is_floating_point(type)) return ToleranceClass::kInteger;
  if (type == DataType::kFloat16) return ToleranceClass::kF16;
  if (type == DataType::kBfloat16) return ToleranceClass::kBf16;
  return bit_width(type) < 16 ? ToleranceClass::kQuantised : ToleranceClass::kF32;
}

bool is_numeric(DataType type, ToleranceClass model_class) {
  if (is_floating_point(type)) return true;
  return model_class == ToleranceClass::kQuantised && is_integer(type) && bit_width(type) <= 8;
}

}  // namespace dnnbench
