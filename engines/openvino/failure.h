// OpenVINO's exceptions in this project's terms.
#pragma once

#include <openvino/core/except.hpp>
#include <string>

namespace dnnbench {

// Unsupported where the library says that it lacks an operator, type or feature or can't convert an
// operator, std::bad_alloc where memory did not suffice, otherwise Error; the text is the
// library's, in one line and without source positions.
[[noreturn]] void rethrow(const ov::Exception& exception);

template <typename Call>
auto translating_failures(Call call) {
  try {
    return call();
  } catch (const ov::Exception& exception) {
    rethrow(exception);
  }
}

}  // namespace dnnbench
