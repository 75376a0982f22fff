#include "check.h"

#include <algorithm>
#include <new>

#include "core/error.h"

namespace dnnbench::tf {
namespace {

// oneDNN's failures arrive as text that has its number of the kind: dnnl_out_of_memory is 1.
bool says_out_of_memory(const std::string& message) {
  return message.find("exception:Status: 1,") != std::string::npos;
}

}  // namespace

std::string Status::message() const {
  std::string text = TF_Message(status_.get());
  // What follows the first line is a list of source positions.
  text = text.substr(0, text.find('\n'));
  return text;
}

void Status::check(const std::string& what) const {
  const TF_Code code = TF_GetCode(status_.get());
  if (code == TF_OK) return;
  if (code == TF_RESOURCE_EXHAUSTED || says_out_of_memory(message())) throw std::bad_alloc();
  const std::string sentence = "TensorFlow, " + what + ": " + message();
  if (code == TF_UNIMPLEMENTED) throw Unsupported(sentence);
  throw Error(sentence);
}

}  // namespace dnnbench::tf
