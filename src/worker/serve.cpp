#include "worker/serve.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <new>

#include "core/commands.h"
#include "core/error.h"
#include "core/outcome.h"
#include "protocol/line_channel.h"
#include "protocol/value_file.h"
#include "worker/crash_report.h"
#include "worker/process_counters.h"
#include "worker/serve_arrivals.h"

namespace dnnbench {
namespace {

using nlohmann::json;

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

Hello greet(Engine& engine, const Greeting& greeting) {
  const Abilities abilities = engine.abilities(greeting.provider);
  const std::string& why_not =
      greeting.device == "gpu" ? abilities.why_not_gpu : abilities.why_not_cpu;
  if (!greeting.device.empty() && !why_not.empty()) throw Unsupported(why_not);
  return {engine.version(), abilities.imports, abilities.compiles_ahead, abilities.tunes};
}

Loaded load(Engine& engine, const LoadConfig& config) {
  const int64_t start_ns = now_ns();
  const LoadTimes times = engine.load(config);
  const double whole_s = to_seconds(now_ns() - start_ns);
  const double parts_s = times.convert_s + times.compile_s.value_or(0) + times.tune_s.value_or(0);
  return {std::max(0.0, whole_s - parts_s), times.convert_s, times.compile_s, times.tune_s,
          engine.in_force()};
}

json answer(Engine& engine, const std::string& do_what, const json& request) {
  if (do_what == verb::kHello) return greet(engine, read_fields<Greeting>(request));
  if (do_what == verb::kLoad) return load(engine, read_fields<LoadConfig>(request));
  if (do_what == verb::kSetInputs) {
    engine.set_inputs(read_values(read_fields<ValuesFile>(request).file));
    return nullptr;
  }
  if (do_what == verb::kSlice) return run_slice(engine, read_fields<SliceRequest>(request));
  if (do_what == verb::kServe) return serve_arrivals(engine, read_fields<Schedule>(request));
  if (do_what == verb::kOutputs) {
    write_values(read_fields<ValuesFile>(request).file, engine.outputs());
    return nullptr;
  }
  if (do_what == verb::kSaveConverted) {
    return Saved{engine.save_converted(read_fields<SaveConverted>(request).path)};
  }
  throw Error("unknown request \"" + do_what + "\"");
}

Reply reply_to(const Handler& handler, const std::string& line) {
  const auto refusal = [](OutcomeKind kind, const std::string& reason) {
    return Reply{{kind, reason.empty() ? "the library gave no reason" : reason}, 0, {}};
  };
  try {
    const json request = json::parse(line);
    return {{}, 0, handler(request.at("do").get<std::string>(), request)};
  } catch (const Unsupported& unsupported) {
    return refusal(OutcomeKind::kUnsupported, unsupported.what());
  } catch (const std::bad_alloc&) {
    return refusal(OutcomeKind::kOutOfMemory, "an allocation failed within the memory limit");
  } catch (const std::exception& error) {
    return refusal(OutcomeKind::kFailed, error.what());
  } catch (...) {
    return refusal(OutcomeKind::kFailed,
                   "the library threw something that is not a std::exception");
  }
}

}  // namespace

TimedSlice run_slice(Engine& engine, const SliceRequest& request) {
  TimedSlice slice;
  const auto measurements = static_cast<size_t>(std::max<int64_t>(request.measurements, 1));
  slice.start_s.reserve(measurements);
  slice.duration_s.reserve(measurements);
  const ProcessCounters before = read_process_counters();
  const int64_t end_ns = now_ns() + static_cast<int64_t>(request.max_s * 1e9);
  do {
    const int64_t start_ns = now_ns();
    for (int64_t inference = 0; inference < request.number; ++inference) engine.run();
    const int64_t stop_ns = now_ns();
    slice.start_s.push_back(to_seconds(start_ns));
    slice.duration_s.push_back(to_seconds(stop_ns - start_ns));
    if (const auto gpu_s = engine.gpu_s()) slice.gpu_s.push_back(*gpu_s);
  } while (slice.start_s.size() < measurements && now_ns() < end_ns);
  const ProcessCounters counted = since(before);
  slice.waited_s = to_seconds(counted.waited_ns);
  slice.cpu_s = to_seconds(counted.cpu_ns);
  slice.involuntary_switches = counted.involuntary_switches;
  return slice;
}

int serve(const Handler& handler) {
  std::signal(SIGPIPE, SIG_IGN);
  report_memory_at_crashes();
  if (fcntl(kRequestFd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(kReplyFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fprintf(stderr, "This program serves dnnbench and is started by it; run %s.\n",
                 dnnbench_name().c_str());
    return 2;
  }
  LineReader requests(kRequestFd);
  do {
    while (const auto line = requests.next_line()) {
      Reply reply = reply_to(handler, *line);
      reply.peak_rss_bytes = peak_rss_bytes();
      if (!write_line(kReplyFd, to_line(reply))) return 0;
    }
  } while (requests.read_some());
  return 0;
}

int serve_engine() {
  std::unique_ptr<Engine> engine;  // made when it is first asked for something
  return serve([&](const std::string& do_what, const json& request) {
    if (!engine) engine = make_engine();
    return answer(*engine, do_what, request);
  });
}

}  // namespace dnnbench
