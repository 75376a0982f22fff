// How an engine's run on a model ends: a closed set, each but ok with a reason in words. An outcome
// other than ok never has a rank and never stops the other engines.
#pragma once

#include <string>
#include <string_view>

namespace dnnbench {

enum class OutcomeKind {
  kOk,
  kUnsupported,  // the engine said that it can't run this model or setting
  kFailed,       // the engine reported an error, or ended without one
  kCrashed,      // ended by a signal
  kTimedOut,     // did not answer within the deadline
  kOutOfMemory,  // an allocation failed, or the kernel's out-of-memory killer ended it
  kWrongOutput,  // its outputs differ from the reference by more than the tolerance
};

// The name in JSON and in tables: "ok", "unsupported", "failed", "crashed", "timed_out",
// "out_of_memory", "wrong_output".
std::string_view to_string(OutcomeKind kind);

// The inverse. Throws Error for any other text.
OutcomeKind outcome_kind_from_string(std::string_view name);

struct Outcome {
  OutcomeKind kind = OutcomeKind::kOk;
  std::string reason;  // one sentence; empty when ok

  bool ok() const { return kind == OutcomeKind::kOk; }
};

}  // namespace dnnbench
