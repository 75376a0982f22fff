// The value of a constant as the serialised message that TF_SetAttrValueProto takes. The library
// copies the elements once out of it; out of a TF_Tensor, twice, and for the weights of a large
// model the copies, or rather the pages that they are the first to touch, are most of a conversion.
#pragma once

#include <tensorflow/c/c_api.h>

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "import/wire.h"
#include "permutation.h"

namespace dnnbench::tf {

class ConstantMessage {
 public:
  // Where the elements are to be written, before the next call. Strings have no such form. The
  // memory is used again: it is as large as the largest constant so far.
  std::byte* start(TF_DataType type, const Shape& shape);

  // The message, an AttrValue, once they are.
  import::Bytes whole() const { return whole_; }

 private:
  std::byte* reserve(size_t bytes);

  std::unique_ptr<std::byte, decltype(&std::free)> memory_{nullptr, std::free};
  size_t capacity_ = 0;
  import::Bytes whole_;
};

}  // namespace dnnbench::tf
