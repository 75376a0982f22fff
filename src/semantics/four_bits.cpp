#include "semantics/four_bits.h"

#include <cstdint>

namespace dnnbench::semantics {

bool is_four_bits(DataType type) { return type == DataType::kInt4 || type == DataType::kUint4; }

import::Constant widened(const import::Constant& constant) {
  const bool has_sign = constant.type == DataType::kInt4;
  Tensor wide = make_tensor(has_sign ? DataType::kInt8 : DataType::kUint8, constant.shape);
  for (size_t i = 0; i < wide.bytes.size(); ++i) {
    // The first of two lies in the low half.
    const auto pair = static_cast<uint8_t>(constant.bytes[i / 2]);
    const auto value = static_cast<uint8_t>(i % 2 == 0 ? pair & 0xF : pair >> 4);
    wide.bytes[i] = std::byte{static_cast<uint8_t>(has_sign && value > 7 ? value | 0xF0 : value)};
  }
  return import::make_constant(std::move(wide));
}

}  // namespace dnnbench::semantics
