#include "types.h"

#include <string>

#include "core/error.h"

namespace dnnbench::pytorch {

int scalar_type(DataType type) {
  switch (type) {
    case DataType::kUint8:
      return 0;
    case DataType::kInt8:
      return 1;
    case DataType::kInt16:
      return 2;
    case DataType::kInt32:
      return 3;
    case DataType::kInt64:
      return 4;
    case DataType::kFloat16:
      return 5;
    case DataType::kFloat32:
      return 6;
    case DataType::kFloat64:
      return 7;
    case DataType::kComplex64:
      return 9;
    case DataType::kComplex128:
      return 10;
    case DataType::kBool:
      return 11;
    case DataType::kBfloat16:
      return 15;
    case DataType::kUint16:
      return 27;
    case DataType::kUint32:
      return 28;
    case DataType::kUint64:
      return 29;
    default:
      throw Unsupported("PyTorch does not compute with " + std::string(to_string(type)));
  }
}

DataType held_as(DataType type) {
  switch (type) {
    case DataType::kUint16:
      return DataType::kInt32;
    case DataType::kUint32:
    case DataType::kUint64:
      return DataType::kInt64;
    default:
      return type;
  }
}

}  // namespace dnnbench::pytorch
