// What a fleet needs of a cluster's scheduler, so that its rules can be tested without one.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace dnnbench {

struct JobStatus {
  enum class Phase { kWaiting, kRunning, kEnded };

  Phase phase = Phase::kWaiting;
  std::string reason;  // why it waits, or how it ended, in the scheduler's words
  std::string node;    // "" before it runs
  bool stuck = false;  // it waits for something that only a person can change
};

// Thrown where the scheduler does not answer; it may do so later.
class NoAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // Throws Error with the scheduler's own words where it would not take the script.
  virtual void check(const std::string& script) = 0;

  // Returns the job's number. Throws Error.
  virtual std::string submit(const std::string& script) = 0;

  // All jobs of this user, those that ended a short while ago too, by number. Throws NoAnswer.
  virtual std::map<std::string, JobStatus> jobs() = 0;

  // Of a job that has ended, while the scheduler still knows it.
  virtual std::optional<int> exit_code(const std::string& job) = 0;

  // Words that run a command on the node of a running job, with its input and output here.
  virtual std::vector<std::string> on_node(const std::string& job) = 0;

  virtual void cancel(const std::vector<std::string>& jobs) = 0;
};

}  // namespace dnnbench
