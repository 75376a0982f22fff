#include "failure.h"

#include <algorithm>
#include <initializer_list>
#include <new>

namespace dnnbench::pytorch {
namespace {

bool says_any(const std::string& message, std::initializer_list<const char*> texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const char* text) { return message.find(text) != std::string::npos; });
}

// Without the stack that follows and the position in the library's source.
std::string one_line(std::string text) {
  constexpr size_t kLongest = 500;
  text = text.substr(0, text.find("\nException raised from"));
  // "Traceback of TorchScript ...: <source> RuntimeError: what happened"
  const size_t last = text.rfind("RuntimeError: ");
  if (last != std::string::npos) text = text.substr(last + 14);
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.substr(0, kLongest);
}

}  // namespace

void rethrow(const std::exception& error) {
  const std::string message = error.what();
  if (says_any(message, {"can't allocate memory", "not enough memory"})) throw std::bad_alloc();
  const std::string text = "PyTorch: " + one_line(message);
  if (says_any(message,
               {"not implemented for", "Unsupported", "is not supported", "not supported for"})) {
    throw Unsupported(text);
  }
  throw Error(text);
}

}  // namespace dnnbench::pytorch
