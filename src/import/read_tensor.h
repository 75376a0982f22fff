// TensorProto -> Constant, external data included, with every check that a file of unknown origin
// needs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "import/graph.h"
#include "import/mapped_file.h"
#include "import/wire.h"

namespace dnnbench::import {

// What stands before a tensor's elements.
struct TensorHead {
  std::string name;
  DataType type = DataType::kUndefined;
  std::vector<int64_t> shape;

  size_t size_bytes() const { return byte_size(type, element_count(shape)); }
};

TensorHead read_tensor_head(Bytes tensor);

// Whether the elements lie in another file.
bool is_external(Bytes tensor);

// Reads the tensors of one file and counts what they hold.
class TensorReader {
 public:
  // `owner` keeps the file's bytes. `folder` holds the weight files, which are mapped when first
  // needed.
  TensorReader(std::shared_ptr<const void> owner, std::string folder);

  // `message` is a TensorProto of the file; `name` is for messages where it has none of its own.
  // The elements are a view of the file where they are stored as they are in memory. Throws Error
  // for an unknown type, a shape that makes no sense, elements that are not as many as the shape
  // says, and external data that are missing, too short or outside of the folder.
  Constant read(Bytes message, const std::string& name);
  // A SparseTensorProto, made dense.
  Constant read_sparse(Bytes message, const std::string& name);

  int64_t elements() const { return elements_; }
  int64_t bytes() const { return bytes_; }
  const std::set<DataType>& types() const { return types_; }
  // The weight files by the names that the model gives them.
  std::set<std::string> external_files() const;

 private:
  void require_whole() const;
  Constant read_external(Bytes message, const TensorHead& head);
  std::shared_ptr<const MappedFile> external_file(const TensorHead& head,
                                                  const std::string& location);

  std::shared_ptr<const void> owner_;
  std::string folder_;
  std::map<std::string, std::shared_ptr<const MappedFile>> external_files_;
  int64_t elements_ = 0;
  int64_t bytes_ = 0;
  std::set<DataType> types_;
};

}  // namespace dnnbench::import
