// Error: something that a person must fix (a flag, a file, a missing library). Its text is one
// sentence that says what, which and how to fix. main prints it; an engine's process answers with
// it (worker/serve.h). Code between catches it only to make it an Outcome, or another Error that
// says more, or where the work can go on without what failed.
//
// What a benchmark must report (unsupported, crashed, wrong output, ...) is not an Error but an
// Outcome, see core/outcome.h.
#pragma once

#include <stdexcept>
#include <string>

namespace dnnbench {

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& sentence) : std::runtime_error(sentence) {}
};

// A command line that can't be carried out. main prints it and exits with 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

// Thrown by an engine that can't run this model or setting: it ends as `unsupported`. The text
// names the operator, opset, node or setting.
class Unsupported : public std::runtime_error {
 public:
  explicit Unsupported(const std::string& reason) : std::runtime_error(reason) {}
};

}  // namespace dnnbench
