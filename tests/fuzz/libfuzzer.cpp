// The target that DNNBENCH_FUZZ names, for clang's libFuzzer (make fuzz).
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/error.h"
#include "targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& kTarget = dnnbench::fuzz::targets().at(std::getenv("DNNBENCH_FUZZ"));
  try {
    kTarget({reinterpret_cast<const char*>(data), size});
  } catch (const dnnbench::Error&) {  // how a bad input is refused
  }
  return 0;
}
