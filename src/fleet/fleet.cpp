#include "fleet/fleet.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "fleet/node_files.h"

namespace dnnbench {
namespace {

constexpr double kMinPoll_s = 1;
constexpr double kMaxPoll_s = 30;
constexpr double kShareOfPolling = 0.05;  // of one core, however many jobs the cluster has
constexpr double kMaxStuck_s = 60;        // then a job that only a person can start is given up
constexpr double kMaxSilence_s = 600;     // of a controller that is being restarted
constexpr double kGrace_s = 5;  // after a job's end, for a shared file system to show what it wrote
constexpr int kMaxSubmissions = 3;

bool all_done(const FleetPlan& plan, const NodeReport& report) {
  return report.done.size() == plan.models.size();
}

// Every model was measured, or a job said why it could not be.
bool all_tried(const FleetPlan& plan, const NodeReport& report) {
  return report.done.size() + report.failed.size() == plan.models.size();
}

}  // namespace

Fleet::Fleet(const FleetPlan& plan, const std::vector<std::string>& instances, Scheduler& scheduler,
             FleetProgress& progress, FleetClock clock)
    : plan_(plan), scheduler_(scheduler), progress_(progress), clock_(std::move(clock)) {
  for (const std::string& instance : instances)
    members_.push_back({{instance, "", "", false, false}});
}

void Fleet::submit() {
  const std::map<std::string, JobStatus> jobs = scheduler_.jobs();
  std::vector<Member*> missing;
  for (Member& member : members_) {
    const std::string& instance = member.line.instance;
    const NodeReport report = read_node_report(plan_, instance);
    const auto earlier = jobs.find(read_job(plan_, instance));
    if (all_done(plan_, report)) {
      finish(member, report);
    } else if (earlier != jobs.end() && earlier->second.phase != JobStatus::Phase::kEnded) {
      member.line.job = earlier->first;
      forget_failures(plan_, instance);  // of jobs before it
    } else {
      missing.push_back(&member);
    }
  }
  for (const Member* member : missing) {
    try {
      scheduler_.check(batch_script(plan_, member->line.instance));
    } catch (const Error& error) {
      throw UsageError(fmt::format("dnnbench fleet: the cluster takes no job for {}: {}",
                                   member->line.instance, error.what()));
    }
  }
  for (Member* member : missing) submit(*member);
}

void Fleet::submit(Member& member) {
  prepare_state(plan_, member.line.instance);
  member.line.job = scheduler_.submit(batch_script(plan_, member.line.instance));
  ++member.submissions;
  member.gone_since_s = member.stuck_since_s = member.silent_since_s = -1;
  write_job(plan_, member.line.instance, member.line.job);
}

std::vector<FleetLine> Fleet::watch(const std::function<bool()>& interrupted) {
  while (true) {
    const double before_s = clock_.now_s();
    look();
    progress_.show(lines());
    const bool ended = std::all_of(members_.begin(), members_.end(),
                                   [](const Member& member) { return member.line.ended; });
    if (ended || interrupted()) return lines();
    const double took_s = clock_.now_s() - before_s;
    clock_.sleep_s(std::clamp(took_s / kShareOfPolling, kMinPoll_s, kMaxPoll_s));
    if (interrupted()) return lines();
  }
}

size_t Fleet::cancel_submitted() {
  std::vector<std::string> jobs;
  for (const Member& member : members_) {
    if (member.submissions > 0 && !member.line.ended) jobs.push_back(member.line.job);
  }
  scheduler_.cancel(jobs);
  return jobs.size();
}

void Fleet::look() {
  std::map<std::string, JobStatus> jobs;
  try {
    jobs = scheduler_.jobs();
    silent_since_s_ = -1;
  } catch (const NoAnswer& silence) {
    if (silent_since_s_ < 0) {
      silent_since_s_ = clock_.now_s();
      progress_.note(
          fmt::format("The scheduler does not answer ({}); trying again.", silence.what()));
    }
    if (clock_.now_s() - silent_since_s_ > kMaxSilence_s) {
      throw Error(
          fmt::format("the scheduler has not answered for {:.0f} minutes ({}); the jobs go "
                      "on, and the same command will find them again",
                      kMaxSilence_s / 60, silence.what()));
    }
    return;
  }
  for (Member& member : members_) {
    if (!member.line.ended) look_at(member, jobs);
  }
}

void Fleet::look_at(Member& member, const std::map<std::string, JobStatus>& jobs) {
  const auto found = jobs.find(member.line.job);
  if (found == jobs.end()) return conclude(member, "it is gone");
  const JobStatus& status = found->second;
  if (status.phase == JobStatus::Phase::kEnded) return conclude(member, status.reason);
  member.gone_since_s = -1;
  if (status.phase == JobStatus::Phase::kWaiting) return wait(member, status);
  run(member, status);
}

void Fleet::run(Member& member, const JobStatus& status) {
  member.stuck_since_s = -1;
  const std::string& instance = member.line.instance;
  NodeReport report = read_node_report(plan_, instance);
  const bool silent = report.doing.empty() && report.unfit.empty() && !report.ended;
  if (!silent) member.silent_since_s = -1;
  if (silent && member.silent_since_s < 0) member.silent_since_s = clock_.now_s();
  const bool too_long = silent && clock_.now_s() - member.silent_since_s >= kGrace_s;
  if ((too_long || is_unshared(plan_, instance)) &&
      exchange_files(plan_, instance, scheduler_.on_node(member.line.job))) {
    report = read_node_report(plan_, instance);
  }
  member.line.state =
      fmt::format("on {}: {}", status.node, report.doing.empty() ? "starting" : report.doing);
}

void Fleet::wait(Member& member, const JobStatus& status) {
  member.line.state = fmt::format("waiting: {}", status.reason);
  if (!status.stuck) {
    member.stuck_since_s = -1;
    return;
  }
  if (member.stuck_since_s < 0) member.stuck_since_s = clock_.now_s();
  if (clock_.now_s() - member.stuck_since_s < kMaxStuck_s) return;
  if (member.submissions > 0) scheduler_.cancel({member.line.job});
  give_up(member, fmt::format("its job could not start: {}", status.reason));
}

// The job has ended. Whether it did its work is in what it reported.
void Fleet::conclude(Member& member, const std::string& how) {
  const NodeReport report = read_node_report(plan_, member.line.instance);
  if (all_tried(plan_, report)) return finish(member, report);
  if (!report.unfit.empty()) return give_up(member, "the node " + report.unfit);
  if (member.gone_since_s < 0) member.gone_since_s = clock_.now_s();
  if (clock_.now_s() - member.gone_since_s < kGrace_s) return;
  if (report.ended && member.submissions == 0) {
    progress_.note(fmt::format(
        "{}: job {} of an earlier call was not of all models; submitting one for the rest",
        member.line.instance, member.line.job));
    return submit(member);
  }
  if (scheduler_.exit_code(member.line.job) == kExitNoSharedFolder) {
    return give_up(member, fmt::format("its node does not see {}, and nothing could be sent to "
                                       "it with srun; let --output lie on a file system that all "
                                       "nodes share",
                                       plan_.state));
  }
  if (how.starts_with("CANCELLED")) return give_up(member, "its job was cancelled");
  if (member.submissions < kMaxSubmissions) {
    progress_.note(fmt::format("{}: job {} ended early ({}); submitting it again",
                               member.line.instance, member.line.job, how));
    return submit(member);
  }
  const std::string last = last_line_of_log(plan_, member.line.instance);
  give_up(member, fmt::format("its job ended early {} times, the last time with: {}",
                              member.submissions, last.empty() ? how : last));
}

void Fleet::finish(Member& member, const NodeReport& report) {
  FleetLine& line = member.line;
  line.ended = true;
  line.ok = all_done(plan_, report) && report.not_ok.empty() && report.suspect.empty();
  line.state = fmt::format("measured {} of {}", report.done.size(), plan_.models.size());
  if (!report.not_ok.empty()) {
    line.state += fmt::format("; not all engines ok on {}", fmt::join(report.not_ok, ", "));
  }
  if (!report.suspect.empty()) {
    line.state += fmt::format("; the machine was busy on {}", fmt::join(report.suspect, ", "));
  }
  if (!report.failed.empty()) line.state += fmt::format("; {}", fmt::join(report.failed, "; "));
}

void Fleet::give_up(Member& member, const std::string& why) {
  const NodeReport report = read_node_report(plan_, member.line.instance);
  finish(member, report);
  member.line.ok = false;
  member.line.state += "; " + why;
}

std::vector<FleetLine> Fleet::lines() const {
  std::vector<FleetLine> lines;
  for (const Member& member : members_) lines.push_back(member.line);
  return lines;
}

}  // namespace dnnbench
