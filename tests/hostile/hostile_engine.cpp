// An engine that answers y = x and breaks the protocol in one way, which DNNBENCH_HOSTILE names,
// after it has answered DNNBENCH_HOSTILE_AFTER requests as an honest one.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "core/error.h"
#include "protocol/line_channel.h"
#include "protocol/messages.h"
#include "protocol/value_file.h"

namespace dnnbench {
namespace {

using nlohmann::json;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void busy_until(double time_s) {
  while (now_s() < time_s) {
  }
}

[[noreturn]] void hang() {
  signal(SIGTERM, SIG_IGN);
  while (true) pause();
}

// The times of at most ten calls that last 0.1 ms each.
TimedSlice slice(const SliceRequest& request) {
  constexpr double kCall_s = 1e-4;
  TimedSlice slice;
  for (int64_t i = 0; i < std::min<int64_t>(request.measurements, 10); ++i) {
    const double start_s = now_s();
    busy_until(start_s + kCall_s);
    slice.start_s.push_back(start_s);
    slice.duration_s.push_back(now_s() - start_s);
  }
  return slice;
}

ServedPart serve(const Schedule& schedule) {
  ServedPart part;
  for (size_t i = 0; i < schedule.arrival_s.size(); ++i) {
    busy_until(schedule.origin_s + schedule.arrival_s[i]);
    part.request.push_back(i);
    part.begin_s.push_back(now_s());
    busy_until(part.begin_s.back() + 1e-5);
    part.end_s.push_back(now_s());
    part.late_s.push_back(0);
  }
  return part;
}

// What an engine without a fault answers.
json answer(const std::string& do_what, const json& request) {
  static std::vector<Value> values;
  if (do_what == verb::kHello) return Hello{"6.6.6", false, false, false};
  if (do_what == verb::kLoad) return Loaded{0, 0, {}, {}, {"f32", 1, {{"CPU", 1}}, {}}};
  if (do_what == verb::kSetInputs) values = read_values(request.get<ValuesFile>().file);
  if (do_what == verb::kSlice) return slice(request.get<SliceRequest>());
  if (do_what == verb::kServe) return serve(request.get<Schedule>());
  if (do_what == verb::kOutputs) {
    for (Value& value : values) value.name = "y";
    write_values(request.get<ValuesFile>().file, values);
  }
  if (do_what == verb::kSaveConverted) return Saved{request.get<SaveConverted>().path + ".x"};
  return json::object();
}

struct Lie {
  const char* verb;
  std::function<void(json& reply)> tell;
};

std::function<void(json&)> with(const std::string& key, const json& value) {
  return [=](json& reply) { reply[key] = value; };
}

std::function<void(json&)> refusing(const json& outcome, const json& reason) {
  return [=](json& reply) {
    reply = {{"ok", false}, {"peak_rss_bytes", 1}};
    if (!outcome.is_null()) reply["outcome"] = outcome;
    if (!reason.is_null()) reply["reason"] = reason;
  };
}

std::function<void(json&)> in_force(const std::string& key, const json& value) {
  return [=](json& reply) { reply["in_force"][key] = value; };
}

std::function<void(json&)> first_duration(double duration_s) {
  return [=](json& reply) { reply["duration_s"][0] = duration_s; };
}

void tell_times_of_before(json& reply) {
  for (json& start : reply["start_s"]) start = start.get<double>() - 3600;
}

void tell_overlapping_times(json& reply) {
  for (json& start : reply["start_s"]) start = reply["start_s"][0];
}

void tell_many_times(json& reply) {
  reply["start_s"] = std::vector<double>(3'000'000, now_s());
  reply["duration_s"] = std::vector<double>(3'000'000, 1e-9);
}

const std::map<std::string, Lie>& lies() {
  using namespace verb;
  static const std::map<std::string, Lie> kLies{
      {"no_times", {kSlice, [](json& r) { r["start_s"] = r["duration_s"] = json::array(); }}},
      {"uneven_times", {kSlice, [](json& r) { r["start_s"].erase(0); }}},
      {"zero_time", {kSlice, first_duration(0)}},
      {"negative_time", {kSlice, first_duration(-1)}},
      {"endless_time", {kSlice, first_duration(9.2e18)}},
      {"times_of_before", {kSlice, tell_times_of_before}},
      {"overlapping_times", {kSlice, tell_overlapping_times}},
      {"many_times", {kSlice, tell_many_times}},
      {"text_for_times", {kSlice, with("start_s", "soon")}},
      {"no_number_for_time", {kSlice, [](json& r) { r["duration_s"][0] = nullptr; }}},
      {"missing_times", {kSlice, [](json& r) { r.erase("start_s"); }}},
      {"negative_switches", {kSlice, with("involuntary_switches", -5)}},
      {"negative_cpu", {kSlice, with("cpu_s", -1e-3)}},
      {"refuses_with_ok", {kSlice, refusing("ok", "because")}},
      {"refuses_as_crashed", {kSlice, refusing("crashed", "because")}},
      {"refuses_with_nonsense", {kSlice, refusing("tired", "because")}},
      {"refuses_without_outcome", {kSlice, refusing(nullptr, "because")}},
      {"refuses_without_reason", {kSlice, refusing("failed", nullptr)}},
      {"refuses_with_empty_reason", {kSlice, refusing("failed", "")}},
      {"refuses_with_number", {kSlice, refusing("failed", 7)}},
      {"ok_is_text", {kSlice, with("ok", "yes")}},
      {"negative_memory", {kSlice, with("peak_rss_bytes", -1)}},
      {"is_an_array", {kSlice, [](json& r) { r = json::array(); }}},
      {"serves_twice", {kServe, [](json& r) { r["request"][1] = 0; }}},
      {"serves_what_is_not_there", {kServe, [](json& r) { r["request"][1] = 1'000'000; }}},
      {"serves_too_early", {kServe, [](json& r) { r["begin_s"][1] = r["begin_s"][0]; }}},
      {"spins_for_hours", {kServe, with("spun_s", 3600)}},
      {"serves_without_times", {kServe, with("end_s", json::array())}},
      {"long_version", {kHello, with("version", std::string(1'000'000, '7'))}},
      {"number_for_version", {kHello, with("version", 7)}},
      {"long_load", {kLoad, with("load_s", 1e6)}},
      {"negative_load", {kLoad, with("load_s", -1e-3)}},
      {"negative_threads", {kLoad, in_force("threads", -1)}},
      {"text_for_threads", {kLoad, in_force("threads", "all")}},
      {"long_precision", {kLoad, in_force("precision", std::string(1000, 'f'))}},
      {"negative_nodes", {kLoad, in_force("placement", {{{"device", "CPU"}, {"nodes", -1}}})}},
      {"saves_elsewhere", {kSaveConverted, with("saved", "/etc/passwd")}},
  };
  return kLies;
}

// Sent in place of the reply to the request.
const std::map<std::string, std::string>& raw_replies() {
  static const std::map<std::string, std::string> kReplies{
      {"is_not_json", "nonsense\n"},
      {"is_not_utf8", "{\"ok\": \"\xff\xfe\"}\n"},
      {"is_empty", "\n"},
      {"is_deep", std::string(1'000'000, '[') + "\n"},
  };
  return kReplies;
}

void write_all(const std::string& text) {
  for (size_t written = 0; written < text.size();) {
    const ssize_t count = write(kReplyFd, text.data() + written, text.size() - written);
    if (count <= 0) std::exit(0);
    written += static_cast<size_t>(count);
  }
}

void write_honest_reply(const json& fields) {
  Reply reply;
  reply.peak_rss_bytes = 1;
  reply.fields = fields;
  write_all(to_line(reply) + "\n");
}

void write_values_file(const std::string& file, const std::string& type, const std::string& shape,
                       const std::string& bytes) {
  std::ofstream(file) << "dnnbench values 1\n[{\"name\":\"y\",\"kind\":0,\"tensors\":[{\"type\":"
                      << type << ",\"shape\":" << shape << ",\"bytes\":" << bytes << "}]}]\nabcd";
}

// What lies where the outputs should.
const std::map<std::string, std::function<void(const std::string& file)>>& false_outputs() {
  using Text = const std::string&;
  static const std::map<std::string, std::function<void(Text)>> kOutputs{
      {"no_outputs", [](Text file) { unlink(file.c_str()); }},
      {"fifo_outputs", [](Text file) { mkfifo(file.c_str(), 0600); }},
      {"folder_outputs", [](Text file) { mkdir(file.c_str(), 0700); }},
      {"device_outputs",
       [](Text file) {
         if (symlink("/dev/zero", file.c_str()) != 0) return;
       }},
      {"sparse_outputs",
       [](Text file) {
         std::ofstream(file) << "dnnbench values 1\n";
         if (truncate(file.c_str(), off_t{50} << 30) != 0) return;
       }},
      {"huge_outputs",
       [](Text file) {
         write_values_file(file, "1", "[288230376151711744]", "1152921504606846976");
       }},
      {"uncountable_outputs",
       [](Text file) { write_values_file(file, "1", "[4294967296,4294967296]", "4"); }},
      {"negative_outputs", [](Text file) { write_values_file(file, "1", "[1]", "-4"); }},
      {"negative_shape", [](Text file) { write_values_file(file, "1", "[-1]", "4"); }},
      {"wrong_shape", [](Text file) { write_values_file(file, "1", "[7]", "4"); }},
      {"unknown_type", [](Text file) { write_values_file(file, "99", "[1]", "4"); }},
      {"endless_string", [](Text file) { write_values_file(file, "8", "[1]", "4"); }},
  };
  return kOutputs;
}

// In a session of its own, its parent gone, and never to end.
void leave_a_daemon() {
  if (fork() != 0) return;
  setsid();
  if (fork() != 0) _exit(0);
  hang();
}

// Tries what an engine has no cause to do: to write into each of the files and folders that
// DNNBENCH_TRESPASS names, to open a socket of the network, to change its own program. Returns
// what was possible.
std::string trespass() {
  const char* const named = std::getenv("DNNBENCH_TRESPASS");
  std::istringstream targets(named == nullptr ? "" : named);
  std::string target, possible;
  while (targets >> target) {
    struct stat state{};
    const bool is_folder = stat(target.c_str(), &state) == 0 && S_ISDIR(state.st_mode);
    if (is_folder) target += "/trespassed";
    const int fd = open(target.c_str(), O_WRONLY | (is_folder ? O_CREAT : 0), 0600);
    if (fd >= 0) possible += " writing " + target;
  }
  if (socket(AF_INET, SOCK_STREAM, 0) >= 0) possible += " a socket";
  if (truncate("/proc/self/exe", 0) == 0) possible += " changing itself";
  return possible;
}

// Whether that was the reply.
bool misbehave(const std::string& part, const std::string& do_what, const json& request) {
  if (do_what == verb::kLoad && part == "leaves_a_daemon") leave_a_daemon();
  if (do_what == verb::kLoad && part == "trespasses") {
    const std::string possible = trespass();
    Reply refusal{{OutcomeKind::kFailed, "it could do:" + possible}, 1, {}};
    if (!possible.empty()) write_all(to_line(refusal) + "\n");
    return !possible.empty();
  }
  if (do_what == verb::kOutputs && false_outputs().count(part) != 0) {
    const auto file = request.get<ValuesFile>().file;
    unlink(file.c_str());
    false_outputs().at(part)(file);
    write_honest_reply(nullptr);
    return true;
  }
  if (do_what == verb::kSetInputs && part == "is_deaf") {
    write_honest_reply(nullptr);
    hang();
  }
  if (do_what != verb::kSlice) return false;
  if (raw_replies().count(part) != 0) {
    write_all(raw_replies().at(part));
    return true;
  }
  if (part == "has_no_end") {
    while (true) write_all(std::string(65536, ' '));
  }
  if (part == "says_half") write_all("{\"ok\":");
  if (part == "says_half" || part == "says_nothing") hang();
  if (part == "speaks_twice") write_honest_reply(slice({}));
  if (part == "floods_its_log") {
    const std::string line = std::string(1023, '#') + "\n";
    for (int i = 0; i < 60'000; ++i) {
      if (write(1, line.data(), line.size()) < 0) return false;
    }
    if (write(1, "the end\n", 8) < 0) return false;
  }
  if (part == "shows_colours") {
    if (write(2, "\x1b[31mall is \x1b]0;lost\n", 21) < 0) return false;
    raise(SIGSEGV);
  }
  return false;
}

void reply_to(const std::string& part, const json& request) {
  const auto do_what = request.at("do").get<std::string>();
  if (misbehave(part, do_what, request)) return;
  json reply = answer(do_what, request);
  reply["ok"] = true;
  reply["peak_rss_bytes"] = 1'000'000;
  const auto lie = lies().find(part);
  if (lie != lies().end() && do_what == lie->second.verb) lie->second.tell(reply);
  write_all(reply.dump() + "\n");
}

}  // namespace
}  // namespace dnnbench

int main() {
  using namespace dnnbench;
  signal(SIGPIPE, SIG_IGN);
  const char* const asked = std::getenv("DNNBENCH_HOSTILE");
  const std::string part = asked == nullptr ? "" : asked;
  const char* const after = std::getenv("DNNBENCH_HOSTILE_AFTER");
  int64_t honest = after == nullptr ? 0 : std::atoll(after);
  LineReader requests(kRequestFd);
  do {
    while (const auto line = requests.next_line()) {
      reply_to(honest-- > 0 ? "" : part, json::parse(*line));
    }
  } while (requests.read_some());
}
