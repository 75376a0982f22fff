#include "process/engine_session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>

#include "core/error.h"
#include "protocol/messages.h"
#include "protocol/value_file.h"

namespace dnnbench {
namespace {

using nlohmann::json;

// A field of a reply. An engine whose reply lacks it has failed, whatever it meant to say.
template <typename T>
T field(const json& reply, const char* name) {
  try {
    return reply.at(name).get<T>();
  } catch (const json::exception& error) {
    throw EngineEnded({OutcomeKind::kFailed, fmt::format("the engine's answer has no usable {}: {}",
                                                         name, error.what())});
  }
}

std::optional<double> optional_field(const json& reply, const char* name) {
  if (field<json>(reply, name).is_null()) return std::nullopt;
  return field<double>(reply, name);
}

std::vector<double> seconds(const std::vector<int64_t>& nanoseconds) {
  std::vector<double> values;
  values.reserve(nanoseconds.size());
  for (const int64_t value : nanoseconds) values.push_back(static_cast<double>(value) / 1e9);
  return values;
}

int64_t nanoseconds(double seconds) { return std::llround(seconds * 1e9); }

}  // namespace

Hello EngineSession::hello() {
  const json reply = worker_.request({{"do", "hello"}});
  return {field<std::string>(reply, "version"), field<std::string>(reply, "variant"),
          field<bool>(reply, "imports")};
}

Loaded EngineSession::load(const LoadConfig& config) {
  worker_.ask({{"do", "load"}, {"config", config}}, config.tune_budget_s);
  const json reply = worker_.answer();
  return {field<double>(reply, "load_s"), field<double>(reply, "convert_s"),
          optional_field(reply, "compile_s"), optional_field(reply, "tune_s"),
          field<InForce>(reply, "in_force")};
}

double EngineSession::simplify(const LoadConfig& config, const std::string& file) {
  return field<double>(worker_.request({{"do", "simplify"}, {"config", config}, {"file", file}}),
                       "simplify_s");
}

std::string EngineSession::save_converted(const std::string& path) {
  return field<std::string>(worker_.request({{"do", "save_converted"}, {"path", path}}), "saved");
}

void EngineSession::set_inputs(const std::string& values_file) {
  worker_.request({{"do", "set_inputs"}, {"file", values_file}});
}

TimedSlice EngineSession::slice(int64_t experiments, int64_t number, double max_s) {
  start_slice(experiments, number, max_s);
  return end_slice();
}

void EngineSession::start_slice(int64_t experiments, int64_t number, double max_s) {
  worker_.ask({{"do", "slice"}, {"experiments", experiments}, {"number", number}, {"max_s", max_s}},
              max_s);
}

TimedSlice EngineSession::end_slice() {
  const json reply = worker_.answer();
  return {seconds(field<std::vector<int64_t>>(reply, "start_ns")),
          seconds(field<std::vector<int64_t>>(reply, "duration_ns")),
          static_cast<double>(field<int64_t>(reply, "waited_ns")) / 1e9,
          static_cast<double>(field<int64_t>(reply, "cpu_ns")) / 1e9,
          field<int64_t>(reply, "involuntary_switches")};
}

void EngineSession::start_serving(const Schedule& schedule) {
  std::vector<int64_t> arrival_ns;
  arrival_ns.reserve(schedule.arrival_s.size());
  for (const double arrival_s : schedule.arrival_s) arrival_ns.push_back(nanoseconds(arrival_s));
  worker_.ask({{"do", "serve"},
               {"origin_ns", nanoseconds(schedule.origin_s)},
               {"arrival_ns", arrival_ns},
               {"end_ns", nanoseconds(schedule.end_s)},
               {"tickets_file", schedule.tickets_file}},
              schedule.end_s);
}

ServedPart EngineSession::end_serving() {
  const json reply = worker_.answer();
  return {field<std::vector<size_t>>(reply, "request"),
          seconds(field<std::vector<int64_t>>(reply, "begin_ns")),
          seconds(field<std::vector<int64_t>>(reply, "finish_ns")),
          seconds(field<std::vector<int64_t>>(reply, "late_ns")),
          static_cast<double>(field<int64_t>(reply, "waited_ns")) / 1e9,
          static_cast<double>(field<int64_t>(reply, "cpu_ns")) / 1e9,
          field<int64_t>(reply, "involuntary_switches")};
}

std::vector<Value> EngineSession::outputs() {
  const std::string file = work_folder_ + "/outputs";
  worker_.request({{"do", "outputs"}, {"file", file}});
  try {
    std::vector<Value> values = read_values(file);
    unlink(file.c_str());
    return values;
  } catch (const Error& error) {
    throw EngineEnded({OutcomeKind::kFailed, error.what()});
  }
}

}  // namespace dnnbench
