// MemoryGroups: loads a run's candidates, as many at a time as memory holds, and has each group
// measured together. Where not all fit, the first that fits is in every group, so that the others
// can be compared by it: the anchor.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "measure/participant.h"
#include "measure/surroundings.h"
#include "run/progress.h"

namespace dnnbench {

struct GroupParts {
  // Of the candidate with that index; not started. Throws EngineEnded where there can be none, and
  // Error where something else is in the way.
  std::function<std::unique_ptr<MeasuredEngine>(size_t index)> make_engine;

  // Measures these together and ends them, but for the first with `keep_first`. `engines` is how
  // many the whole run compares.
  std::function<void(std::vector<Participant>&, size_t engines, bool keep_first)> measure;

  // Whether groups share an anchor; false where each candidate's figures stand for themselves.
  bool use_anchor = true;
};

class MemoryGroups {
 public:
  // `ended` is also what `parts.measure` must call. All arguments must outlive this.
  MemoryGroups(const std::vector<Candidate>& candidates, const std::vector<std::string>& labels,
               const GroupParts& parts, const Surroundings& surroundings, Progress& progress,
               const ParticipantEnded& ended)
      : candidates_(candidates),
        labels_(labels),
        parts_(parts),
        surroundings_(surroundings),
        progress_(progress),
        ended_(ended) {}

  // All candidates, each until it has ended; after an interrupt those that were measured. Throws
  // Error where the first can't be prepared; with a later one it is that engine's outcome.
  void measure_all();

  // Index of the candidate that took turns with every other of the last groups; absent where all
  // were loaded at once.
  std::optional<size_t> anchor() const { return anchor_; }

 private:
  void load_group();
  Outcome prepare(Participant& participant);
  void load_no_more() { next_ = candidates_.size(); }
  void release_last();
  bool has_room() const;
  void report_groups();
  void count_failed();
  size_t engines_in_run() const;

  const std::vector<Candidate>& candidates_;
  const std::vector<std::string>& labels_;
  const GroupParts& parts_;
  const Surroundings& surroundings_;
  Progress& progress_;
  const ParticipantEnded& ended_;
  std::vector<Participant> loaded_;
  size_t next_ = 0;    // the candidate to load
  size_t failed_ = 0;  // candidates that ended otherwise than ok
  std::optional<size_t> anchor_;
};

}  // namespace dnnbench
