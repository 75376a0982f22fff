// Fleet: one job per machine type on a cluster, submitted where something is missing, watched until
// all have ended. What is done stays done: run again, it submits only what is missing.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fleet/batch_script.h"
#include "fleet/node_report.h"
#include "fleet/scheduler.h"

namespace dnnbench {

// One machine type, as a person sees it.
struct FleetLine {
  std::string instance;
  std::string job;    // its number; "" where none was needed
  std::string state;  // "waiting: Resources", "on node7: measuring 2 of 8, resnet50-v1-7"
  bool ended = false;
  bool ok = false;  // all models measured, every engine ok
};

class FleetProgress {
 public:
  virtual ~FleetProgress() = default;
  virtual void note(const std::string& sentence) = 0;
  // All lines, after each look at the cluster.
  virtual void show(const std::vector<FleetLine>& lines) = 0;
};

// Time, for tests to say something else.
struct FleetClock {
  std::function<double()> now_s;
  std::function<void(double)> sleep_s;  // may return early
};

class Fleet {
 public:
  // Everything referred to must outlive this.
  Fleet(const FleetPlan& plan, const std::vector<std::string>& instances, Scheduler& scheduler,
        FleetProgress& progress, FleetClock clock);

  // Submits a job for each machine type that lacks results and has no job of an earlier call.
  // Throws UsageError where the scheduler would not take one of them; then none is submitted.
  void submit();

  // Watches until all have ended, or `interrupted` is true. Submits again what ended early, and
  // what a job of an earlier call, which may be of other models, left out.
  std::vector<FleetLine> watch(const std::function<bool()>& interrupted);

  // Those that submit() and watch() submitted and that have not ended. Returns how many.
  size_t cancel_submitted();

 private:
  struct Member {
    FleetLine line;
    int submissions = 0;
    double stuck_since_s = -1;
    double gone_since_s = -1;    // no longer waiting or running
    double silent_since_s = -1;  // running, and has reported nothing
  };

  void submit(Member& member);
  void look();
  void look_at(Member& member, const std::map<std::string, JobStatus>& jobs);
  void run(Member& member, const JobStatus& status);
  void wait(Member& member, const JobStatus& status);
  void conclude(Member& member, const std::string& how);
  void finish(Member& member, const NodeReport& report);
  void give_up(Member& member, const std::string& why);
  std::vector<FleetLine> lines() const;

  const FleetPlan& plan_;
  Scheduler& scheduler_;
  FleetProgress& progress_;
  FleetClock clock_;
  std::vector<Member> members_;
  double silent_since_s_ = -1;
};

}  // namespace dnnbench
