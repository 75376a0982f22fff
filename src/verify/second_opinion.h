// SecondOpinion: whether the reference itself is right, by an evaluator that shares nothing with
// the library that computed it (src/evaluate).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dnnbench {

enum class ReferenceState {
  kRight,    // in everything that was checked
  kWrong,    // nothing can be judged by it
  kUnknown,  // nothing could be checked
};

// The name in JSON: "right", "wrong", "unknown".
std::string_view to_string(ReferenceState state);

struct SecondOpinion {
  ReferenceState reference = ReferenceState::kUnknown;
  std::string reason;      // what is wrong, or why it is unknown; "" where it is right
  bool disagreed = false;  // an engine disagreed with the reference, so that it was checked further
  int64_t nodes = 0;       // of the model, those within branches and loops not counted
  int64_t nodes_checked = 0;
  int64_t elements = 0;  // of what those nodes computed
  int64_t elements_checked = 0;
  std::vector<std::string> unchecked_operators;  // those of which no node was checked, sorted
};

// Why nothing can be judged by a reference that is wrong, as one sentence.
std::string why_wrong(const SecondOpinion& opinion);

}  // namespace dnnbench
