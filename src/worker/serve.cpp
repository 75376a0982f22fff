#include "worker/serve.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/outcome.h"
#include "protocol/line_channel.h"
#include "protocol/messages.h"
#include "protocol/value_file.h"
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

json load(Engine& engine, const json& request) {
  const auto config = request.at("config").get<LoadConfig>();
  const int64_t start_ns = now_ns();
  engine.load(config);
  const double whole_s = static_cast<double>(now_ns() - start_ns) / 1e9;
  const double convert_s = engine.convert_s();
  const std::optional<double> compile_s = engine.compile_s();
  const std::optional<double> tune_s = engine.tune_s();
  return {{"load_s", whole_s - convert_s - compile_s.value_or(0) - tune_s.value_or(0)},
          {"convert_s", convert_s},
          {"compile_s", compile_s ? json(*compile_s) : json(nullptr)},
          {"tune_s", tune_s ? json(*tune_s) : json(nullptr)},
          {"in_force", engine.in_force()}};
}

json slice(Engine& engine, const json& request) {
  const Slice slice =
      run_slice(engine, {request.at("experiments").get<int64_t>(),
                         request.at("number").get<int64_t>(), request.at("max_s").get<double>()});
  return {{"start_ns", slice.start_ns},
          {"duration_ns", slice.duration_ns},
          {"waited_ns", slice.counted.waited_ns},
          {"cpu_ns", slice.counted.cpu_ns},
          {"involuntary_switches", slice.counted.involuntary_switches}};
}

json serve_requests(Engine& engine, const json& request) {
  const Served served = serve_arrivals(
      engine,
      {request.at("origin_ns").get<int64_t>(), request.at("arrival_ns").get<std::vector<int64_t>>(),
       request.at("end_ns").get<int64_t>(), request.at("tickets_file").get<std::string>()});
  return {{"request", served.request},
          {"begin_ns", served.begin_ns},
          {"finish_ns", served.finish_ns},
          {"late_ns", served.late_ns},
          {"waited_ns", served.counted.waited_ns},
          {"cpu_ns", served.counted.cpu_ns},
          {"involuntary_switches", served.counted.involuntary_switches}};
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
  if (verb == "serve") return serve_requests(engine, request);
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
  const ProcessCounters before = read_process_counters();
  const int64_t end_ns = now_ns() + static_cast<int64_t>(request.max_s * 1e9);
  do {
    const int64_t start_ns = now_ns();
    for (int64_t inference = 0; inference < request.number; ++inference) engine.run();
    const int64_t stop_ns = now_ns();
    slice.start_ns.push_back(start_ns);
    slice.duration_ns.push_back(stop_ns - start_ns);
  } while (slice.start_ns.size() < experiments && now_ns() < end_ns);
  slice.counted = since(before);
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
