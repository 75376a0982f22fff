#include "fleet/slurm.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <set>
#include <string_view>

#include "core/error.h"
#include "fleet/run_command.h"

namespace dnnbench {
namespace {

// https://slurm.schedmd.com/job_reason_codes.html: what waiting alone does not change. A limit that
// other jobs have reached (AssocGrpJobsLimit) and a node that is down, reserved or in use
// (ReqNodeNotAvail) are waited for.
const std::set<std::string, std::less<>> kNeedsAPerson{
    "PartitionDown",  "PartitionInactive", "PartitionNodeLimit", "PartitionTimeLimit",
    "BadConstraints", "InvalidAccount",    "InvalidQOS",         "JobHeldAdmin",
    "JobHeldUser",    "AccountNotAllowed", "QOSNotAllowed",      "launch_failed_requeued_held"};

JobStatus status_of(std::string_view state, std::string_view reason, std::string_view node) {
  JobStatus status;
  status.reason = reason == "None" ? std::string(state) : std::string(reason);
  status.node = node;
  if (state == "PENDING" || state == "REQUEUED" || state == "REQUEUE_HOLD" ||
      state == "SPECIAL_EXIT" || state == "REQUEUE_FED") {
    status.phase = JobStatus::Phase::kWaiting;
    const std::string_view word = reason.substr(0, reason.find(','));
    status.stuck = kNeedsAPerson.count(word) > 0;
  } else if (state == "RUNNING" || state == "CONFIGURING" || state == "COMPLETING" ||
             state == "SUSPENDED" || state == "STAGE_OUT" || state == "SIGNALING" ||
             state == "STOPPED" || state == "RESIZING") {
    status.phase = JobStatus::Phase::kRunning;
  } else {
    status.phase = JobStatus::Phase::kEnded;
    status.reason = state;
  }
  return status;
}

// The first line that Slurm printed to complain, without the command's name before it.
std::string complaint(const CommandOutput& output) {
  std::string line = output.err.substr(0, output.err.find('\n'));
  for (const std::string_view head :
       {"sbatch: ", "error: ", "allocation failure: ", "Batch job submission failed: "}) {
    if (line.starts_with(head)) line.erase(0, head.size());
  }
  return line.empty() ? fmt::format("it ended with status {}", output.code) : line;
}

}  // namespace

Slurm::Slurm() {
  for (const char* command : {"sbatch", "squeue", "scontrol", "scancel"}) {
    if (!is_command(command)) {
      throw UsageError(fmt::format(
          "dnnbench fleet: this machine has no {}; run it where Slurm's commands are, such as on "
          "the cluster's head node",
          command));
    }
  }
}

void Slurm::check(const std::string& script) {
  const CommandOutput output = run_command({"sbatch", "--test-only"}, script);
  if (output.code != 0) throw Error(complaint(output));
}

std::string Slurm::submit(const std::string& script) {
  const CommandOutput output = run_command({"sbatch", "--parsable"}, script);
  if (output.code != 0) throw Error(complaint(output));
  return output.out.substr(0, output.out.find_first_of(";\n"));
}

std::map<std::string, JobStatus> Slurm::jobs() {
  const CommandOutput output =
      run_command({"squeue", "--noheader", "--me", "--states=all", "--format=%i|%T|%r|%N"});
  if (output.code != 0) throw NoAnswer(complaint(output));
  return parse_squeue(output.out);
}

std::optional<int> Slurm::exit_code(const std::string& job) {
  const CommandOutput output = run_command({"scontrol", "--oneliner", "show", "job", job});
  constexpr std::string_view kKey = " ExitCode=";
  const size_t at = output.out.find(kKey);
  if (output.code != 0 || at == std::string::npos) return std::nullopt;
  return std::atoi(output.out.c_str() + at + kKey.size());
}

std::vector<std::string> Slurm::on_node(const std::string& job) {
  return {"srun", "--jobid=" + job, "--overlap", "--nodes=1", "--ntasks=1", "--quiet", "--chdir=/"};
}

void Slurm::cancel(const std::vector<std::string>& jobs) {
  if (jobs.empty()) return;
  std::vector<std::string> command{"scancel"};
  command.insert(command.end(), jobs.begin(), jobs.end());
  run_command(command);
}

std::map<std::string, JobStatus> parse_squeue(const std::string& text) {
  std::map<std::string, JobStatus> jobs;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    std::array<std::string_view, 4> fields;
    size_t from = 0, count = 0;
    while (count < fields.size() && from <= line.size()) {
      const size_t bar =
          count + 1 == fields.size() ? line.size() : std::min(line.find('|', from), line.size());
      fields[count++] = line.substr(from, bar - from);
      from = bar + 1;
    }
    if (count < 2) continue;
    jobs.emplace(std::string(fields[0]), status_of(fields[1], fields[2], fields[3]));
  }
  return jobs;
}

}  // namespace dnnbench
