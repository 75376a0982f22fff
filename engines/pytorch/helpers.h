// Functions in TorchScript that emitted programs call, for what takes more than a line or two.
// Their texts are in helpers/*.cpp.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace dnnbench::pytorch {

struct Helper {
  std::string source;               // a method: "def NAME(self, ...):"
  std::vector<std::string> needed;  // helpers that it calls
};

// Throws Error where there is none of that name, which is a mistake of this folder.
const Helper& find_helper(const std::string& name);

std::vector<std::string> helper_names();
// The name and those of all that it calls in turn.
std::set<std::string> with_needed(const std::string& name);

// Functions one after the other, each beginning with "def ".
extern const char* const kDetectionHelpers;
extern const char* const kIndexingHelpers;
extern const char* const kQuantizationHelpers;
extern const char* const kRecurrentHelpers;
extern const char* const kReductionHelpers;
extern const char* const kResizingHelpers;
extern const char* const kSequenceHelpers;
extern const char* const kShapingHelpers;
extern const char* const kSignalHelpers;
extern const char* const kWindowHelpers;

}  // namespace dnnbench::pytorch
