#include "core/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

#include "core/error.h"

namespace dnnbench {
namespace {

static_assert(std::endian::native == std::endian::little, "Tensor::bytes is read in place");

struct TypeTraits {
  std::string_view name;
  size_t bits;
};

// By number of DataType.
constexpr TypeTraits kTypes[] = {
    {"undefined", 0},      {"float32", 32},     {"uint8", 8},          {"int8", 8},
    {"uint16", 16},        {"int16", 16},       {"int32", 32},         {"int64", 64},
    {"string", 0},         {"bool", 8},         {"float16", 16},       {"float64", 64},
    {"uint32", 32},        {"uint64", 64},      {"complex64", 64},     {"complex128", 128},
    {"bfloat16", 16},      {"float8e4m3fn", 8}, {"float8e4m3fnuz", 8}, {"float8e5m2", 8},
    {"float8e5m2fnuz", 8}, {"uint4", 4},        {"int4", 4},           {"float4e2m1", 4},
    {"float8e8m0", 8},
};

const TypeTraits& traits(DataType type) {
  const auto number = static_cast<size_t>(type);
  return kTypes[number < std::size(kTypes) ? number : 0];
}

// A binary float of at most 16 bits: sign, exponent, mantissa from the top. Sources: IEEE 754-2019
// for float16; https://onnx.ai/onnx/technical/float8.html and float4.html for the narrow ones.
struct SmallFloat {
  int mantissa_bits;
  int bias;
  uint32_t sign;      // the sign's bit
  uint32_t largest;   // largest finite magnitude
  uint32_t infinity;  // what infinity becomes: `largest` where the type has none
  uint32_t nan;
};

constexpr SmallFloat kFloat16{10, 15, 0x8000, 0x7bff, 0x7c00, 0x7e00};
constexpr SmallFloat kBfloat16{7, 127, 0x8000, 0x7f7f, 0x7f80, 0x7fc0};
constexpr SmallFloat kFloat8E4M3FN{3, 7, 0x80, 0x7e, 0x7e, 0x7f};
constexpr SmallFloat kFloat8E4M3FNUZ{3, 8, 0x80, 0x7f, 0x7f, 0x80};
constexpr SmallFloat kFloat8E5M2{2, 15, 0x80, 0x7b, 0x7c, 0x7f};
constexpr SmallFloat kFloat8E5M2FNUZ{2, 16, 0x80, 0x7f, 0x7f, 0x80};
constexpr SmallFloat kFloat4E2M1{1, 1, 0x8, 0x7, 0x7, 0x0};  // has no NaN either

double decode(const SmallFloat& format, uint32_t code) {
  const bool not_a_number_is_minus_zero = format.nan == format.sign;
  if (not_a_number_is_minus_zero && code == format.nan) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double sign = code & format.sign ? -1.0 : 1.0;
  const uint32_t magnitude = code & (format.sign - 1);
  if (magnitude > format.largest) {
    return magnitude == format.infinity ? sign * std::numeric_limits<double>::infinity()
                                        : std::numeric_limits<double>::quiet_NaN();
  }
  const uint32_t exponent = magnitude >> format.mantissa_bits;
  uint32_t mantissa = magnitude & ((1u << format.mantissa_bits) - 1);
  if (exponent > 0) mantissa |= 1u << format.mantissa_bits;
  const int power = std::max<int>(exponent, 1) - format.bias - format.mantissa_bits;
  return sign * std::ldexp(mantissa, power);
}

uint32_t encode(const SmallFloat& format, double value) {
  if (std::isnan(value)) return format.nan;
  const uint32_t sign = std::signbit(value) ? format.sign : 0;
  if (std::isinf(value)) return sign | format.infinity;
  const double magnitude = std::fabs(value);
  const int smallest_exponent = 1 - format.bias;
  const int exponent =
      magnitude == 0 ? smallest_exponent : std::max(std::ilogb(magnitude), smallest_exponent);
  const uint32_t overflow_exponent = (format.largest >> format.mantissa_bits) + 1;
  if (exponent - smallest_exponent > static_cast<int>(overflow_exponent)) {
    return sign | format.largest;
  }
  // A mantissa rounded up to the next power of two carries into the exponent by itself.
  const auto mantissa =
      static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, format.mantissa_bits - exponent)));
  const uint32_t code =
      (static_cast<uint32_t>(exponent - smallest_exponent) << format.mantissa_bits) + mantissa;
  const bool has_minus_zero = format.nan != format.sign;
  if (code == 0 && !has_minus_zero) return 0;
  return sign | std::min(code, format.largest);
}

// float8e8m0 is 2^(code - 127), 255 is NaN; it has neither sign nor zero.
double decode_e8m0(uint8_t code) {
  return code == 255 ? std::numeric_limits<double>::quiet_NaN() : std::ldexp(1.0, code - 127);
}

uint8_t encode_e8m0(double value) {
  if (std::isnan(value)) return 255;
  if (value <= 0) return 0;
  if (std::isinf(value)) return 254;
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // in [0.5, 1)
  // Halfway between two powers of two goes to the even code.
  const int lower = exponent - 1 + 127;
  const int code = fraction > 0.75 || (fraction == 0.75 && lower % 2 != 0) ? lower + 1 : lower;
  return static_cast<uint8_t>(std::clamp(code, 0, 254));
}

template <typename T>
T saturate(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return static_cast<T>(value);
    const double limit = std::numeric_limits<T>::max();
    return static_cast<T>(std::clamp(value, -limit, limit));
  } else {
    if (std::isnan(value)) return 0;
    const double rounded = std::nearbyint(value);
    if (rounded <= static_cast<double>(std::numeric_limits<T>::min())) {
      return std::numeric_limits<T>::min();
    }
    if (rounded >= static_cast<double>(std::numeric_limits<T>::max())) {
      return std::numeric_limits<T>::max();
    }
    return static_cast<T>(rounded);
  }
}

// How an element of a type is read from and written to an integer or float of its width.
template <typename Stored, typename Decode, typename Encode>
struct Codec {
  using Storage = Stored;
  Decode decode;
  Encode encode;
};

template <typename Stored, typename Decode, typename Encode>
Codec<Stored, Decode, Encode> codec(Decode decode, Encode encode) {
  return {decode, encode};
}

template <typename T>
auto plain() {
  return codec<T>([](T stored) { return static_cast<double>(stored); },
                  [](double value) { return saturate<T>(value); });
}

template <typename Stored>
auto small_float(const SmallFloat& format) {
  return codec<Stored>(
      [&format](Stored code) { return decode(format, code); },
      [&format](double value) { return static_cast<Stored>(encode(format, value)); });
}

// Four-bit types: the codec of one element in the low half of a byte.
double decode_four_bits(DataType type, uint8_t code) {
  if (type == DataType::kFloat4E2M1) return decode(kFloat4E2M1, code);
  if (type == DataType::kInt4 && code >= 8) return code - 16;
  return code;
}

uint8_t encode_four_bits(DataType type, double value) {
  if (type == DataType::kFloat4E2M1) return static_cast<uint8_t>(encode(kFloat4E2M1, value));
  if (std::isnan(value)) return 0;
  const bool has_sign = type == DataType::kInt4;
  const double in_range =
      std::clamp(std::nearbyint(value), has_sign ? -8.0 : 0.0, has_sign ? 7.0 : 15.0);
  return static_cast<uint8_t>(static_cast<int>(in_range) & 0xf);
}

// Calls `visit` with the codec of a type of at least eight bits.
template <typename Visitor>
void with_codec(DataType type, Visitor visit) {
  switch (type) {
    case DataType::kFloat32:
    case DataType::kComplex64:
      return visit(plain<float>());
    case DataType::kFloat64:
    case DataType::kComplex128:
      return visit(plain<double>());
    case DataType::kUint8:
      return visit(plain<uint8_t>());
    case DataType::kInt8:
      return visit(plain<int8_t>());
    case DataType::kUint16:
      return visit(plain<uint16_t>());
    case DataType::kInt16:
      return visit(plain<int16_t>());
    case DataType::kUint32:
      return visit(plain<uint32_t>());
    case DataType::kInt32:
      return visit(plain<int32_t>());
    case DataType::kUint64:
      return visit(plain<uint64_t>());
    case DataType::kInt64:
      return visit(plain<int64_t>());
    case DataType::kBool:
      return visit(codec<uint8_t>([](uint8_t stored) { return stored ? 1.0 : 0.0; },
                                  [](double value) -> uint8_t { return value != 0; }));
    case DataType::kFloat16:
      return visit(small_float<uint16_t>(kFloat16));
    case DataType::kBfloat16:
      return visit(small_float<uint16_t>(kBfloat16));
    case DataType::kFloat8E4M3FN:
      return visit(small_float<uint8_t>(kFloat8E4M3FN));
    case DataType::kFloat8E4M3FNUZ:
      return visit(small_float<uint8_t>(kFloat8E4M3FNUZ));
    case DataType::kFloat8E5M2:
      return visit(small_float<uint8_t>(kFloat8E5M2));
    case DataType::kFloat8E5M2FNUZ:
      return visit(small_float<uint8_t>(kFloat8E5M2FNUZ));
    case DataType::kFloat8E8M0:
      return visit(codec<uint8_t>(decode_e8m0, encode_e8m0));
    default:
      throw Error(fmt::format("elements of type {} are not numbers", to_string(type)));
  }
}

// The doubles that stand for the tensor's elements: two for a complex one.
size_t double_count(const Tensor& tensor) {
  const bool complex = tensor.type == DataType::kComplex64 || tensor.type == DataType::kComplex128;
  return static_cast<size_t>(tensor.element_count()) * (complex ? 2 : 1);
}

void check_bytes(const Tensor& tensor) {
  const size_t expected = byte_size(tensor.type, tensor.element_count());
  if (tensor.bytes.size() != expected) {
    throw Error(fmt::format("a tensor {} must have {} bytes but has {}",
                            describe(tensor.type, tensor.shape), expected, tensor.bytes.size()));
  }
}

}  // namespace

std::string_view to_string(DataType type) { return traits(type).name; }

size_t bit_width(DataType type) { return traits(type).bits; }

bool is_element_size(DataType type, size_t bytes) {
  const bool complex = type == DataType::kComplex64 || type == DataType::kComplex128;
  return 8 * bytes == bit_width(type) || (complex && 16 * bytes == bit_width(type));
}

bool is_floating_point(DataType type) {
  switch (type) {
    case DataType::kFloat32:
    case DataType::kFloat16:
    case DataType::kFloat64:
    case DataType::kComplex64:
    case DataType::kComplex128:
    case DataType::kBfloat16:
    case DataType::kFloat8E4M3FN:
    case DataType::kFloat8E4M3FNUZ:
    case DataType::kFloat8E5M2:
    case DataType::kFloat8E5M2FNUZ:
    case DataType::kFloat4E2M1:
    case DataType::kFloat8E8M0:
      return true;
    default:
      return false;
  }
}

bool is_integer(DataType type) {
  return bit_width(type) > 0 && type != DataType::kBool && !is_floating_point(type);
}

int64_t Tensor::element_count() const { return dnnbench::element_count(shape); }

int64_t element_count(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0) {
      throw Error(fmt::format("shape [{}] has a negative dimension", fmt::join(shape, ",")));
    }
    if (__builtin_mul_overflow(count, size, &count)) {
      throw Error(
          fmt::format("shape [{}] has more elements than can be counted", fmt::join(shape, ",")));
    }
  }
  return count;
}

size_t byte_size(DataType type, int64_t count) {
  const size_t bits = bit_width(type);
  size_t total_bits = 0;
  if (__builtin_mul_overflow(static_cast<size_t>(count), bits, &total_bits)) {
    throw Error(
        fmt::format("{} elements of {} are more than fit in any memory", count, to_string(type)));
  }
  return total_bits / 8 + (total_bits % 8 != 0);
}

Tensor make_tensor(DataType type, std::vector<int64_t> shape) {
  const int64_t count = element_count(shape);
  Tensor tensor{type, std::move(shape), {}, {}};
  tensor.bytes.resize(byte_size(type, count));
  if (type == DataType::kString) tensor.strings.resize(static_cast<size_t>(count));
  return tensor;
}

std::vector<double> to_doubles(const Tensor& tensor) {
  check_bytes(tensor);
  std::vector<double> values(double_count(tensor));
  if (bit_width(tensor.type) == 4) {
    for (size_t i = 0; i < values.size(); ++i) {
      const auto pair = static_cast<uint8_t>(tensor.bytes[i / 2]);
      values[i] = decode_four_bits(tensor.type, i % 2 ? pair >> 4 : pair & 0xf);
    }
    return values;
  }
  with_codec(tensor.type, [&](auto codec) {
    const auto elements = tensor.as<typename decltype(codec)::Storage>();
    std::transform(elements.begin(), elements.end(), values.begin(), codec.decode);
  });
  return values;
}

void from_doubles(std::span<const double> values, Tensor& tensor) {
  check_bytes(tensor);
  if (values.size() != double_count(tensor)) {
    throw Error(fmt::format("{} takes {} numbers, not {}", describe(tensor.type, tensor.shape),
                            double_count(tensor), values.size()));
  }
  if (bit_width(tensor.type) == 4) {
    std::fill(tensor.bytes.begin(), tensor.bytes.end(), std::byte{0});
    for (size_t i = 0; i < values.size(); ++i) {
      const uint8_t code = encode_four_bits(tensor.type, values[i]);
      tensor.bytes[i / 2] |= static_cast<std::byte>(i % 2 ? code << 4 : code);
    }
    return;
  }
  with_codec(tensor.type, [&](auto codec) {
    const auto elements = tensor.as<typename decltype(codec)::Storage>();
    std::transform(values.begin(), values.end(), elements.begin(), codec.encode);
  });
}

std::string describe(DataType type, std::span<const int64_t> shape) {
  return fmt::format("{}[{}]", to_string(type), fmt::join(shape, ","));
}

Value make_value(std::string name, Tensor tensor) {
  Value value{std::move(name), Value::Kind::kTensor, {}};
  value.tensors.push_back(std::move(tensor));
  return value;
}

}  // namespace dnnbench
