#include "fleet/node_report.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "core/printable.h"
#include "core/whole_file.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxLine = 200;
const std::string kBusy = "5";  // exit status of dnnbench run: every measurement is suspect

fs::path folder_of(const FleetPlan& plan, const std::string& instance) {
  return fs::path(plan.state) / instance;
}

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return printable(line.substr(0, kMaxLine));
}

fs::path done_file(const FleetPlan& plan, const std::string& instance, const FleetModel& model) {
  return folder_of(plan, instance) / (model.key + ".done");
}

// The exit status of the run that measured the model. "" where none did, or where a result that it
// wrote is gone; the lines after the status name them.
std::string status_when_done(const FleetPlan& plan, const std::string& instance,
                             const FleetModel& model) {
  std::ifstream file(done_file(plan, instance, model));
  std::string status, name;
  std::getline(file, status);
  size_t results = 0;
  for (; std::getline(file, name); ++results) {
    std::error_code error;
    if (!fs::exists(fs::path(plan.output) / instance / name, error)) return "";
  }
  return results > 0 ? status : "";
}

}  // namespace

NodeReport read_node_report(const FleetPlan& plan, const std::string& instance) {
  const fs::path folder = folder_of(plan, instance);
  NodeReport report;
  for (const FleetModel& model : plan.models) {
    if (const std::string status = status_when_done(plan, instance, model); !status.empty()) {
      report.done.push_back(model.name);
      if (status != "0") (status == kBusy ? report.suspect : report.not_ok).push_back(model.name);
    } else if (const std::string why = first_line(folder / (model.key + ".failed")); !why.empty()) {
      report.failed.push_back(fmt::format("{}: {}", model.name, why));
    }
  }
  std::istringstream words(first_line(folder / "report"));
  std::string word, rest;
  words >> word;
  std::getline(words >> std::ws, rest);
  if (word == "measuring") {
    const size_t space = rest.find(' ');
    report.doing = fmt::format("measuring {} of {}, {}", rest.substr(0, space), plan.models.size(),
                               space == std::string::npos ? "" : rest.substr(space + 1));
  } else if (word == "preparing") {
    report.doing = "preparing " + rest;
  } else if (word == "unfit") {
    report.unfit = rest;
  }
  report.ended = word == "ended";
  return report;
}

void prepare_state(const FleetPlan& plan, const std::string& instance) {
  const fs::path folder = folder_of(plan, instance);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(fmt::format("could not make the folder {}: {}", folder.string(), error.message()));
  }
  fs::remove(folder / "report", error);
  forget_failures(plan, instance);
  for (const FleetModel& model : plan.models) {
    if (status_when_done(plan, instance, model).empty()) {
      fs::remove(done_file(plan, instance, model), error);
    }
  }
}

void forget_failures(const FleetPlan& plan, const std::string& instance) {
  std::error_code error;
  for (const FleetModel& model : plan.models) {
    fs::remove(folder_of(plan, instance) / (model.key + ".failed"), error);
  }
}

std::string read_job(const FleetPlan& plan, const std::string& instance) {
  return first_line(folder_of(plan, instance) / "job");
}

void write_job(const FleetPlan& plan, const std::string& instance, const std::string& job) {
  write_whole_file(folder_of(plan, instance) / "job", job + "\n",
                   fmt::format("the number of job {} to", job));
}

std::string last_line_of_log(const FleetPlan& plan, const std::string& instance) {
  std::ifstream log(folder_of(plan, instance) / "job.log");
  std::string line, last;
  while (std::getline(log, line)) {
    if (!line.empty()) last = line;
  }
  return printable(last.substr(0, kMaxLine));
}

}  // namespace dnnbench
