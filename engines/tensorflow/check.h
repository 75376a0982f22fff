// TensorFlow's status as exceptions.
#pragma once

#include <tensorflow/c/c_api.h>

#include <memory>
#include <string>

namespace dnnbench::tf {

// One TF_Status, reused from call to call.
class Status {
 public:
  Status() : status_(TF_NewStatus(), TF_DeleteStatus) {}

  operator TF_Status*() { return status_.get(); }

  bool ok() const { return TF_GetCode(status_.get()) == TF_OK; }
  std::string message() const;

  // Throws what the last call's status says: std::bad_alloc when memory ran out, Unsupported for
  // what the library has not implemented, otherwise Error. `what` was being done: "running the
  // model".
  void check(const std::string& what) const;

 private:
  std::unique_ptr<TF_Status, decltype(&TF_DeleteStatus)> status_;
};

}  // namespace dnnbench::tf
