#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/fleet_lines.h"
#include "cli/parse_run_options.h"
#include "core/cache.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/sha256.h"
#include "fleet/fleet.h"
#include "fleet/slurm.h"
#include "onnx/model.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

constexpr int kExitInterrupted = 130;  // as a shell says of Ctrl-C

// Whether a signal asked to end.
std::atomic<bool>& interrupted() {
  static std::atomic<bool> flag = false;
  return flag;
}

struct FleetOptions {
  std::vector<std::string> instances;
  std::string partition;
  std::string constraint;
  std::string output = "./results";
  bool dry_run = false;
  std::vector<std::string> run_arguments;  // models and flags of `dnnbench run`
};

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

// They become folders, job names and features.
void check_instances(const std::vector<std::string>& instances) {
  if (instances.empty()) {
    throw UsageError(
        "dnnbench fleet: which machine types? --instances=c6g.medium,c5a.large, as the cluster "
        "names them");
  }
  std::set<std::string> seen;
  for (const std::string& instance : instances) {
    const bool plain = !instance.empty() && instance[0] != '.' && instance[0] != '-' &&
                       std::all_of(instance.begin(), instance.end(), [](unsigned char c) {
                         return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
                       });
    if (!plain) {
      throw UsageError(
          fmt::format("dnnbench fleet: --instances: '{}' is not a machine type; use letters, "
                      "digits, '.', '-' and "
                      "'_'",
                      instance));
    }
    if (!seen.insert(instance).second) {
      throw UsageError(fmt::format("dnnbench fleet: --instances names {} twice", instance));
    }
  }
}

// Each job on a node of its machine type, as far as that can be seen here.
void check_templates(const FleetOptions& options) {
  if (options.instances.size() == 1 || names_instance(options.partition) ||
      names_instance(options.constraint)) {
    return;
  }
  throw UsageError(
      "dnnbench fleet: nothing chooses nodes of each of the --instances; write {instance} in "
      "--constraint or in --partition where the cluster has a machine type's name");
}

FleetOptions parse_fleet(const std::vector<std::string>& arguments) {
  FleetOptions options;
  std::string instances;
  bool slurm = false;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("--slurm", slurm)->disable_flag_override();
  app.add_option("--instances", instances);
  app.add_option("--partition", options.partition);
  CLI::Option* const constraint = app.add_option("--constraint", options.constraint);
  app.add_option("--output", options.output);
  app.add_flag("--dry-run", options.dry_run)->disable_flag_override();
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    throw UsageError(fmt::format("dnnbench fleet: {}", error.what()));
  }
  if (!slurm)
    throw UsageError("dnnbench fleet: give --slurm; it is the only kind of cluster supported");
  options.run_arguments = app.remaining();
  options.instances = split(instances);
  check_instances(options.instances);
  // AWS ParallelCluster puts the type among a node's features.
  const bool is_chosen = names_instance(options.partition) ||
                         (options.instances.size() == 1 && !options.partition.empty());
  if (constraint->empty() && !is_chosen) options.constraint = "{instance}";
  check_templates(options);
  return options;
}

std::string architecture() {
  utsname name{};
  uname(&name);
  return name.machine;
}

// A model that was generated under its name is generated again where it is missing.
std::string argument_of(const std::string& path) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  const fs::path generated = fs::path(cache_folder()) / "models";
  return absolute.parent_path() == generated ? absolute.stem().string() : absolute.string();
}

// The model's, and those that hold its weights.
std::vector<std::string> files_of(const std::string& path) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  std::vector<std::string> files{absolute.string()};
  try {
    for (const std::string& file : read_model(path).external_files) {
      files.push_back((absolute.parent_path() / file).string());
    }
  } catch (const Error&) {  // the job says what is wrong with the model
  }
  return files;
}

std::string program_path() {
  const char* const front_door = std::getenv("DNNBENCH_FRONT_DOOR");  // set by ./dnnbench
  return front_door != nullptr ? front_door : fs::read_symlink("/proc/self/exe").string();
}

// Each model once, in the order given.
std::vector<std::string> models_of(const RunOptions& options) {
  const std::vector<Candidate>& first = options.comparisons.at(0);
  if (options.against || first.front().model_path != first.back().model_path) {
    throw UsageError(
        "--versus and --against compare on one machine; run them there with dnnbench run");
  }
  std::vector<std::string> models;
  for (const std::vector<Candidate>& candidates : options.comparisons) {
    const std::string& path = candidates.front().model_path;
    if (std::find(models.begin(), models.end(), path) == models.end()) models.push_back(path);
  }
  return models;
}

FleetPlan make_plan(const FleetOptions& options) {
  FleetPlan plan;
  for (const std::string& argument : with_joined_values("run", options.run_arguments)) {
    if (argument.starts_with("-")) plan.flags.push_back(argument);
  }
  std::string flags;
  for (const std::string& flag : plan.flags) flags += flag + '\n';
  for (const std::string& path : models_of(parse_run_options(options.run_arguments))) {
    const std::string name = fs::path(path).stem().string();
    const std::string key =
        sha256_of_text(name + '\n' + sha256_of_file(path) + '\n' + flags).substr(0, 16);
    plan.models.push_back({name, argument_of(path), key, files_of(path)});
  }
  plan.output = fs::absolute(options.output).lexically_normal().string();
  while (plan.output.ends_with("/")) plan.output.pop_back();
  plan.state = plan.output + ".fleet";
  plan.program = program_path();
  if (std::getenv("DNNBENCH_FRONT_DOOR") != nullptr) {
    plan.repository = fs::path(plan.program).parent_path().string();
  }
  plan.architecture = architecture();
  plan.partition = options.partition;
  plan.constraint = options.constraint;
  return plan;
}

// Held until the program ends. Throws UsageError where another run of fleet holds it.
void lock(const std::string& state) {
  std::error_code error;
  fs::create_directories(state, error);
  const int fd = open((state + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) throw Error(fmt::format("could not make {}/lock: {}", state, std::strerror(errno)));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    throw UsageError(
        fmt::format("dnnbench fleet: another run of fleet uses {}; wait for it, or give another "
                    "--output",
                    state));
  }
}

void sleep_unless_interrupted(double seconds) {
  const double end_s = monotonic_s() + seconds;
  while (!interrupted() && monotonic_s() < end_s) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void print_scripts(const FleetPlan& plan, const std::vector<std::string>& instances) {
  for (const std::string& instance : instances) {
    fmt::print("# {}\n{}\n", instance, batch_script(plan, instance));
  }
}

}  // namespace

int fleet_command(const std::vector<std::string>& arguments) {
  const FleetOptions options = parse_fleet(arguments);
  const FleetPlan plan = make_plan(options);
  if (options.dry_run) {
    print_scripts(plan, options.instances);
    return kExitOk;
  }
  Slurm slurm;
  lock(plan.state);
  interrupted() = false;  // made before a handler needs it
  std::signal(SIGINT, [](int) { interrupted() = true; });
  std::signal(SIGTERM, [](int) { interrupted() = true; });
  FleetLines progress;
  Fleet fleet(plan, options.instances, slurm, progress, {monotonic_s, sleep_unless_interrupted});
  try {
    fleet.submit();
  } catch (const NoAnswer& silence) {
    throw Error(fmt::format("the scheduler does not answer: {}", silence.what()));
  }
  const std::vector<FleetLine> lines = fleet.watch([] { return interrupted().load(); });
  progress.close(lines);
  const bool all_ok =
      std::all_of(lines.begin(), lines.end(), [](const FleetLine& line) { return line.ok; });
  if (interrupted()) {
    fmt::print(stderr,
               "Cancelled {} jobs. What was measured is kept: run the same command again to "
               "go on.\n",
               fleet.cancel_submitted());
    return kExitInterrupted;
  }
  fmt::print("Results are in {}\n", plan.output);
  return all_ok ? kExitOk : kExitNotAllOk;
}

}  // namespace dnnbench
