// Internal to src/import: TensorProto -> Constant, external data included.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "import/graph.h"
#include "import/mapped_file.h"
#include "import/wire.h"

namespace dnnbench::import {

// One model's file and the weight files beside it, mapped when first needed.
class ModelFiles {
 public:
  // Weight files lie in the folder of `beside`.
  ModelFiles(const std::string& path, const std::string& beside);

  Bytes model() const { return model_->bytes(); }

  // A tensor of the model. Its elements are a view of the file where they are stored as they are in
  // memory. Throws Error when it is broken or its weight file is not there.
  Constant read_tensor(Bytes tensor);
  // The same made dense.
  Constant read_sparse_tensor(Bytes sparse_tensor);

 private:
  std::shared_ptr<const MappedFile> external(const std::string& location);

  std::string folder_;
  std::shared_ptr<const MappedFile> model_;
  std::map<std::string, std::shared_ptr<const MappedFile>> external_;
};

// What stands before a tensor's elements.
struct TensorHead {
  std::string name;
  DataType type = DataType::kUndefined;
  std::vector<int64_t> shape;

  size_t size_bytes() const { return byte_size(type, element_count(shape)); }
};

TensorHead read_tensor_head(Bytes tensor);

}  // namespace dnnbench::import
