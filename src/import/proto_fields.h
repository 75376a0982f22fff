// Internal to src/import: field numbers of onnx.proto, by message
// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
#pragma once

namespace dnnbench::import {

namespace model_field {
enum {
  kIrVersion = 1,
  kProducerName = 2,
  kProducerVersion = 3,
  kGraph = 7,
  kOpsetImport = 8,
  kFunction = 25
};
}
namespace opset_field {
enum { kDomain = 1, kVersion = 2 };
}
namespace graph_field {
enum {
  kNode = 1,
  kName = 2,
  kInitializer = 5,
  kInput = 11,
  kOutput = 12,
  kValueInfo = 13,
  kSparseInitializer = 15
};
}
namespace function_field {
enum { kName = 1, kInput = 4, kOutput = 5, kNode = 7, kDomain = 10 };
}
namespace node_field {
enum { kInput = 1, kOutput = 2, kName = 3, kOpType = 4, kAttribute = 5, kDomain = 7 };
}
namespace attribute_field {
enum {
  kName = 1,
  kFloat = 2,
  kInt = 3,
  kString = 4,
  kTensor = 5,
  kGraph = 6,
  kFloats = 7,
  kInts = 8,
  kStrings = 9,
  kTensors = 10,
  kGraphs = 11,
  kTypeProto = 14,
  kSparseTensor = 22
};
}
namespace tensor_field {
enum {
  kDims = 1,
  kDataType = 2,
  kSegment = 3,
  kFloatData = 4,
  kInt32Data = 5,
  kStringData = 6,
  kInt64Data = 7,
  kName = 8,
  kRawData = 9,
  kDoubleData = 10,
  kUint64Data = 11,
  kExternalData = 13,
  kDataLocation = 14
};
}
namespace sparse_field {
enum { kValues = 1, kIndices = 2, kDims = 3 };
}
namespace entry_field {
enum { kKey = 1, kValue = 2 };
}
namespace value_info_field {
enum { kName = 1, kType = 2 };
}
namespace type_field {
enum { kTensor = 1, kSequence = 4, kMap = 5, kOpaque = 7, kSparseTensor = 8, kOptional = 9 };
}
// Of sequences and optionals.
namespace container_type_field {
enum { kElementType = 1 };
}
namespace map_type_field {
enum { kKeyType = 1, kValueType = 2 };
}
namespace tensor_type_field {
enum { kElementType = 1, kShape = 2 };
}
namespace shape_field {
enum { kDimension = 1 };
}
namespace dimension_field {
enum { kValue = 1, kSymbol = 2 };
}

// Of SequenceProto and OptionalProto
// (https://github.com/onnx/onnx/blob/main/onnx/onnx-data.proto).
namespace sequence_field {
enum { kTensors = 3 };
}
namespace optional_field {
enum { kTensor = 3, kSequence = 5 };
}

}  // namespace dnnbench::import
