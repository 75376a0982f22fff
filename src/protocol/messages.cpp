#include "protocol/messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/printable.h"

namespace dnnbench {
namespace {

using nlohmann::json;

// Where both clocks are the same but one reading went through a double: the last digit of a
// machine's uptime of years.
constexpr double kRounding_s = 1e-6;

constexpr size_t kMaxReason_bytes = 2000;
constexpr size_t kMaxText_bytes = 200;
constexpr size_t kMaxSetting_bytes = 10'000;
constexpr int kMaxThreads = 1'000'000;
constexpr int64_t kMaxMemory_bytes = int64_t{1} << 50;

void require(bool holds, const std::string& otherwise) {
  if (!holds) throw Error(otherwise);
}

void require_text(const std::string& text, const char* name, size_t max_bytes = kMaxText_bytes) {
  require(text.size() <= max_bytes, fmt::format("its {} has {} characters", name, text.size()));
}

bool is_plausible(double seconds, double max_s) {
  return std::isfinite(seconds) && seconds >= 0 && seconds <= max_s;
}

double length_s(const Exchange& exchange) {
  return exchange.answered_s - exchange.sent_s + kRounding_s;
}

void check_counters(double waited_s, double cpu_s, int64_t switches) {
  constexpr double kLongest_s = 1e9;  // of all threads together
  require(is_plausible(waited_s, kLongest_s), fmt::format("its threads waited {} s", waited_s));
  require(is_plausible(cpu_s, kLongest_s), fmt::format("its threads computed {} s", cpu_s));
  require(switches >= 0, fmt::format("it counts {} involuntary switches", switches));
}

// Of calls one after the other within the exchange.
class CallTimes {
 public:
  explicit CallTimes(const Exchange& exchange) : free_s_(exchange.sent_s), exchange_(exchange) {}

  void add(double begin_s, double end_s) {
    require(end_s >= begin_s, fmt::format("a time of {} s", end_s - begin_s));
    require(begin_s >= free_s_ - kRounding_s,
            "a time that begins before the one before it has ended");
    require(end_s <= exchange_.answered_s + kRounding_s,
            "a time that is longer than the whole step took");
    free_s_ = end_s;
  }

 private:
  double free_s_;
  Exchange exchange_;
};

// Cut between two characters of UTF-8.
std::string shortened(std::string text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xc0) == 0x80) --max_bytes;
  return text.substr(0, max_bytes) + "...";
}

Outcome read_outcome(const json& line) {
  if (line.at("ok").get<bool>()) return {};
  Outcome outcome{outcome_kind_from_string(line.at("outcome").get<std::string>()),
                  line.at("reason").get<std::string>()};
  require(outcome.kind == OutcomeKind::kUnsupported || outcome.kind == OutcomeKind::kFailed ||
              outcome.kind == OutcomeKind::kOutOfMemory,
          fmt::format("it refused with the outcome {}", to_string(outcome.kind)));
  require(!outcome.reason.empty(), "it refused without a reason");
  outcome.reason = printable(shortened(std::move(outcome.reason), kMaxReason_bytes));
  return outcome;
}

}  // namespace

std::string to_line(const Reply& reply) {
  json line = reply.fields.is_null() ? json::object() : reply.fields;
  line["ok"] = reply.outcome.ok();
  line["peak_rss_bytes"] = reply.peak_rss_bytes;
  if (!reply.outcome.ok()) {
    line["outcome"] = to_string(reply.outcome.kind);
    line["reason"] = reply.outcome.reason;
  }
  // A library's message may hold anything, not always UTF-8.
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

Reply parse_reply(const std::string& line) {
  try {
    Reply reply;
    reply.fields = json::parse(line);
    reply.outcome = read_outcome(reply.fields);
    reply.peak_rss_bytes = reply.fields.at("peak_rss_bytes").get<int64_t>();
    require(reply.peak_rss_bytes >= 0 && reply.peak_rss_bytes <= kMaxMemory_bytes,
            fmt::format("it takes {} bytes of memory", reply.peak_rss_bytes));
    return reply;
  } catch (const json::exception& error) {
    throw Error(error.what());
  }
}

void check(const Hello& hello, const Exchange&) { require_text(hello.version, "version"); }

void check(const Loaded& loaded, const Exchange& exchange) {
  const double max_s = length_s(exchange);
  double total_s = 0;
  for (const double part_s :
       {loaded.load_s, loaded.convert_s, loaded.compile_s.value_or(0), loaded.tune_s.value_or(0)}) {
    require(is_plausible(part_s, max_s),
            fmt::format("it loaded for {} s of {:.6f} s", part_s, max_s));
    total_s += part_s;
  }
  require(total_s <= max_s, "it loaded for longer than the whole step took");
  const InForce& in_force = loaded.in_force;
  require_text(in_force.precision, "precision");
  require(in_force.threads >= 0 && in_force.threads <= kMaxThreads,
          fmt::format("it computes with {} threads", in_force.threads));
  for (const Placement& place : in_force.placement) {
    require_text(place.device, "device");
    require(place.nodes >= 0, fmt::format("{} nodes run on {}", place.nodes, place.device));
  }
  for (const auto& [name, value] : in_force.settings) {
    require_text(name, "setting");
    require_text(value, "setting", kMaxSetting_bytes);
  }
}

void check(const TimedSlice& slice, const SliceRequest& request, const Exchange& exchange) {
  const size_t count = slice.start_s.size();
  require(slice.duration_s.size() == count,
          fmt::format("{} starts but {} durations", count, slice.duration_s.size()));
  require(count > 0, "no time at all");
  const auto max = static_cast<size_t>(std::max<int64_t>(1, request.measurements));
  require(count <= max, fmt::format("{} times where {} were asked for", count, max));
  CallTimes times(exchange);
  for (size_t i = 0; i < count; ++i) {
    require(slice.duration_s[i] > 0, fmt::format("a time of {} s", slice.duration_s[i]));
    times.add(slice.start_s[i], slice.start_s[i] + slice.duration_s[i]);
  }
  require(slice.gpu_s.empty() || slice.gpu_s.size() == count,
          fmt::format("{} times of a GPU for {} measurements", slice.gpu_s.size(), count));
  for (const double gpu_s : slice.gpu_s) {
    require(is_plausible(gpu_s, length_s(exchange)), fmt::format("a GPU time of {} s", gpu_s));
  }
  check_counters(slice.waited_s, slice.cpu_s, slice.involuntary_switches);
}

void check(const ServedPart& part, const Schedule& schedule, const Exchange& exchange) {
  const size_t count = part.request.size();
  require(part.begin_s.size() == count && part.end_s.size() == count && part.late_s.size() == count,
          "not every request that it served has all its times");
  require(count <= schedule.arrival_s.size(),
          fmt::format("{} requests served of {}", count, schedule.arrival_s.size()));
  CallTimes times(exchange);
  for (size_t i = 0; i < count; ++i) {
    const size_t request = part.request[i];
    require(request < schedule.arrival_s.size() && (i == 0 || part.request[i - 1] < request),
            fmt::format("request {} served out of its turn", request));
    require(part.begin_s[i] >= schedule.origin_s + schedule.arrival_s[request] - kRounding_s,
            fmt::format("request {} served before it arrived", request));
    require(part.end_s[i] > part.begin_s[i],
            fmt::format("a time of {} s", part.end_s[i] - part.begin_s[i]));
    times.add(part.begin_s[i], part.end_s[i]);
    require(is_plausible(part.late_s[i] + kRounding_s, length_s(exchange)),
            fmt::format("request {} was {} s late", request, part.late_s[i]));
  }
  check_counters(part.waited_s, part.cpu_s, part.involuntary_switches);
  require(is_plausible(part.spun_s, length_s(exchange)),
          fmt::format("it waited for requests for {} s", part.spun_s));
}

void check(const Saved& saved, const SaveConverted& request, const Exchange&) {
  require(saved.saved.rfind(request.path, 0) == 0 && saved.saved.size() <= request.path.size() + 20,
          "it saved the model elsewhere");
}

void check(const Simplified& simplified, const Exchange& exchange) {
  require(is_plausible(simplified.simplify_s, length_s(exchange)),
          fmt::format("it simplified for {} s", simplified.simplify_s));
}

}  // namespace dnnbench
