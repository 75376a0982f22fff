#include "measure/memory_groups.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "process/worker_process.h"

namespace dnnbench {

void MemoryGroups::measure_all() {
  while (next_ < candidates_.size() || loaded_.size() > 1) {
    load_group();
    if (loaded_.empty()) continue;
    const bool more_to_come = parts_.use_anchor && next_ < candidates_.size();
    if (more_to_come) report_groups();
    parts_.measure(loaded_, engines_in_run(), more_to_come);
    count_failed();
    const bool anchor_stays = more_to_come && loaded_.front().engine;
    loaded_.resize(anchor_stays ? 1 : 0);
  }
}

void MemoryGroups::load_group() {
  while (next_ < candidates_.size() && has_room()) {
    if (surroundings_.is_interrupted()) return load_no_more();
    Participant participant{next_, candidates_[next_], labels_[next_]};
    Outcome outcome;
    try {
      outcome = prepare(participant);
    } catch (const Interrupted&) {
      return load_no_more();
    }
    if (outcome.ok()) {
      loaded_.push_back(std::move(participant));
    } else if (outcome.kind == OutcomeKind::kOutOfMemory && !loaded_.empty()) {
      // Memory that others hold is no fault of this engine's: it gets another chance.
      if (loaded_.size() > 1) return;
      release_last();
      continue;
    } else {
      ++failed_;
      ended_(participant);
    }
    ++next_;
    surroundings_.commit(false);
  }
}

Outcome MemoryGroups::prepare(Participant& participant) {
  try {
    participant.engine = parts_.make_engine(participant.index);
    participant.engine->prepare();
    participant.engine->pause();
    return {};
  } catch (const EngineEnded& ended) {
    participant.end(ended.outcome);
  } catch (const Error& error) {
    if (participant.index == 0) throw;
    participant.end({OutcomeKind::kFailed, error.what()});  // what others measured is kept
  }
  return participant.outcome;
}

// The next engine is then measured without a common block with those before it, and not ranked.
void MemoryGroups::release_last() {
  Participant& last = loaded_.front();
  if (last.measured.samples.empty()) {
    parts_.measure(loaded_, engines_in_run(), false);
    count_failed();
  } else {
    last.end({});
    ended_(last);
  }
  loaded_.clear();
}

// Engines of one model need about as much as each other.
bool MemoryGroups::has_room() const {
  int64_t largest = 0;
  for (const Participant& participant : loaded_) {
    largest = std::max(largest, participant.engine->peak_rss_bytes());
  }
  const int64_t free = surroundings_.free_memory_bytes();
  return loaded_.size() < 2 || free == 0 || free > largest + largest / 4;
}

void MemoryGroups::report_groups() {
  anchor_ = loaded_.front().index;
  progress_.note(
      fmt::format("not all engines fit in memory at once: they are measured in "
                  "groups, each with {}",
                  candidates_[*anchor_].backend));
}

// Of the group that was measured.
void MemoryGroups::count_failed() {
  for (const Participant& participant : loaded_) failed_ += participant.outcome.ok() ? 0 : 1;
}

size_t MemoryGroups::engines_in_run() const { return candidates_.size() - failed_; }

}  // namespace dnnbench
