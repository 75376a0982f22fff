#include "worker/serve.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/outcome.h"
#include "protocol/line_channel.h"
#include "protocol/messages.h"
#include "protocol/value_file.h"

namespace dnnbench {
namespace {

using nlohmann::json;

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Highest resident memory of this process so far. From /proc, not getrusage, whose figure starts
// with the parent's memory at the time of the fork.
int64_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

// Time that this process's threads have spent ready to run but without a core: the second field
// of /proc/PID/task/TID/schedstat. 0 where the kernel does not tell.
int64_t waited_ns() {
  int64_t total = 0;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    int64_t ran = 0, waited = 0;
    if (std::ifstream(task.path() / "schedstat") >> ran >> waited) total += waited;
  }
  return total;
}

int64_t cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int64_t involuntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

json load(Engine& engine, const json& request) {
  const auto config = request.at("config").get<LoadConfig>();
  const int64_t start_ns = now_ns();
  engine.load(config);
  const double whole_s = static_cast<double>(now_ns() - start_ns) / 1e9;
  const double convert_s = engine.convert_s();
  const std::optional<double> compile_s = engine.compile_s();
  return {{"load_s", whole_s - convert_s - compile_s.value_or(0)},
          {"convert_s", convert_s},
          {"compile_s", compile_s ? json(*compile_s) : json(nullptr)},
          {"in_force", engine.in_force()}};
}

json slice(Engine& engine, const json& request) {
  const Slice slice =
      run_slice(engine, {request.at("experiments").get<int64_t>(),
                         request.at("number").get<int64_t>(), request.at("max_s").get<double>()});
  return {{"start_ns", slice.start_ns},
          {"duration_ns", slice.duration_ns},
          {"waited_ns", slice.waited_ns},
          {"cpu_ns", slice.cpu_ns},
          {"involuntary_switches", slice.involuntary_switches}};
}

json answer(Engine& engine, const json& request) {
  const auto verb = request.at("do").get<std::string>();
  if (verb == "hello") {
    return {{"version", engine.version()},
            {"variant", engine.variant()},
            {"imports", engine.imports()}};
  }
  if (verb == "simplify") {
    return {{"simplify_s", engine.simplify(request.at("config").get<LoadConfig>(),
                                           request.at("file").get<std::string>())}};
  }
  if (verb == "load") return load(engine, request);
  if (verb == "set_inputs") {
    engine.set_inputs(read_values(request.at("file").get<std::string>()));
    return json::object();
  }
  if (verb == "slice") return slice(engine, request);
  if (verb == "outputs") {
    write_values(request.at("file").get<std::string>(), engine.outputs());
    return json::object();
  }
  if (verb == "save_converted") {
    return {{"saved", engine.save_converted(request.at("path").get<std::string>())}};
  }
  throw Error("the worker knows no request \"" + verb + "\"");
}

json refusal(OutcomeKind kind, const std::string& reason) {
  return {{"ok", false}, {"outcome", to_string(kind)}, {"reason", reason}};
}

json answer_or_refuse(Engine& engine, const std::string& line) {
  try {
    json reply = answer(engine, json::parse(line));
    reply["ok"] = true;
    return reply;
  } catch (const Unsupported& unsupported) {
    return refusal(OutcomeKind::kUnsupported, unsupported.what());
  } catch (const std::bad_alloc&) {
    return refusal(OutcomeKind::kOutOfMemory, "an allocation failed within the memory limit");
  } catch (const std::exception& error) {
    return refusal(OutcomeKind::kFailed, error.what());
  } catch (...) {
    return refusal(OutcomeKind::kFailed, "the library threw something that is no std::exception");
  }
}

}  // namespace

Slice run_slice(Engine& engine, const SliceRequest& request) {
  Slice slice;
  const auto experiments = static_cast<size_t>(std::max<int64_t>(request.experiments, 1));
  slice.start_ns.reserve(experiments);
  slice.duration_ns.reserve(experiments);
  const int64_t waited_before_ns = waited_ns();
  const int64_t switches_before = involuntary_switches();
  const int64_t cpu_before_ns = cpu_ns();
  const int64_t end_ns = now_ns() + static_cast<int64_t>(request.max_s * 1e9);
  do {
    const int64_t start_ns = now_ns();
    for (int64_t inference = 0; inference < request.number; ++inference) engine.run();
    const int64_t stop_ns = now_ns();
    slice.start_ns.push_back(start_ns);
    slice.duration_ns.push_back(stop_ns - start_ns);
  } while (slice.start_ns.size() < experiments && now_ns() < end_ns);
  slice.cpu_ns = cpu_ns() - cpu_before_ns;
  slice.involuntary_switches = involuntary_switches() - switches_before;
  // A thread that has ended takes its waiting with it.
  slice.waited_ns = std::max<int64_t>(0, waited_ns() - waited_before_ns);
  return slice;
}

int serve() {
  std::signal(SIGPIPE, SIG_IGN);
  if (fcntl(kRequestFd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(kReplyFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fprintf(stderr, "This program serves dnnbench and is started by it; run ./dnnbench.\n");
    return 2;
  }
  const std::unique_ptr<Engine> engine = make_engine();
  LineReader requests(kRequestFd);
  do {
    while (const auto line = requests.next_line()) {
      json reply = answer_or_refuse(*engine, *line);
      reply["peak_rss_bytes"] = peak_rss_bytes();
      // A library's message may hold anything, not always UTF-8.
      const std::string text = reply.dump(-1, ' ', false, json::error_handler_t::replace);
      if (!write_line(kReplyFd, text)) return 0;
    }
  } while (requests.read_some());
  return 0;
}

}  // namespace dnnbench
