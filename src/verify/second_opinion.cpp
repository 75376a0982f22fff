#include "verify/second_opinion.h"

namespace dnnbench {

std::string_view to_string(ReferenceState state) {
  switch (state) {
    case ReferenceState::kRight:
      return "right";
    case ReferenceState::kWrong:
      return "wrong";
    case ReferenceState::kUnknown:
      break;
  }
  return "unknown";
}

std::string why_wrong(const SecondOpinion& opinion) {
  return "The reference, ONNX Runtime, is wrong " + opinion.reason +
         ", so that nothing can be judged by it; ./dnnbench engines --verify finds a damaged "
         "library.";
}

}  // namespace dnnbench
