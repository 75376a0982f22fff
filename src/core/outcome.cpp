#include "core/outcome.h"

#include <array>
#include <utility>

#include "core/error.h"

namespace dnnbench {
namespace {

constexpr std::array<std::pair<OutcomeKind, std::string_view>, 7> kNames{{
    {OutcomeKind::kOk, "ok"},
    {OutcomeKind::kUnsupported, "unsupported"},
    {OutcomeKind::kFailed, "failed"},
    {OutcomeKind::kCrashed, "crashed"},
    {OutcomeKind::kTimedOut, "timed_out"},
    {OutcomeKind::kOutOfMemory, "out_of_memory"},
    {OutcomeKind::kWrongOutput, "wrong_output"},
}};

}  // namespace

std::string_view to_string(OutcomeKind kind) {
  for (const auto& [candidate, name] : kNames) {
    if (candidate == kind) return name;
  }
  return "failed";
}

OutcomeKind outcome_kind_from_string(std::string_view name) {
  for (const auto& [kind, candidate] : kNames) {
    if (candidate == name) return kind;
  }
  throw Error("\"" + std::string(name) +
              "\" is not an outcome; the outcomes are ok, unsupported, failed, crashed, timed_out, "
              "out_of_memory and wrong_output");
}

}  // namespace dnnbench
