// What dnnbench and its engines send each other: each request and reply as a structure, whose
// fields are the JSON's keys, used by both sides (docs/protocol.md). What an engine sends is not to
// be trusted: everything is checked here, and what can't be true throws Error with the reason.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/outcome.h"
#include "protocol/load_config.h"

// An absent number is null in JSON.
template <typename T>
struct nlohmann::adl_serializer<std::optional<T>> {
  static void to_json(json& to, const std::optional<T>& from) {
    to = from ? json(*from) : json(nullptr);
  }
  static void from_json(const json& from, std::optional<T>& to) {
    to = from.is_null() ? std::nullopt : std::optional<T>(from.get<T>());
  }
};

namespace dnnbench {

// Values of a request's key "do". Its other keys are the fields of the structure named.
namespace verb {
inline constexpr const char* kHello = "hello";                   // Greeting; Hello
inline constexpr const char* kLoad = "load";                     // LoadConfig; Loaded
inline constexpr const char* kSetInputs = "set_inputs";          // ValuesFile; nothing
inline constexpr const char* kSlice = "slice";                   // SliceRequest; TimedSlice
inline constexpr const char* kServe = "serve";                   // Schedule; ServedPart
inline constexpr const char* kOutputs = "outputs";               // ValuesFile; nothing
inline constexpr const char* kSaveConverted = "save_converted";  // SaveConverted; Saved
inline constexpr const char* kSimplify = "simplify";             // Simplify; Simplified
}  // namespace verb

// What the engine is to compute on. One that can't refuses the request as unsupported.
struct Greeting {
  std::string device;    // "cpu", "gpu"; "" where nothing is to be computed
  std::string provider;  // which of the engine's providers; "" its usual one
};

// What an engine is and can do beside running ONNX models.
struct Hello {
  std::string version;          // of the library really loaded
  bool imports = false;         // it needs the model's simplified form
  bool compiles_ahead = false;  // it may compile before it loads: Loaded::compile_s
  bool tunes = false;           // it can look for faster code: LoadConfig::tune_budget_s
};

struct Loaded {
  double load_s = 0;  // without what follows
  double convert_s = 0;
  std::optional<double> compile_s;
  std::optional<double> tune_s;
  InForce in_force;
};

struct ValuesFile {
  std::string file;  // protocol/value_file.h
};

struct SliceRequest {
  int64_t measurements = 1;  // maximum
  int64_t number = 1;        // inferences per measurement
  double max_s = 0;          // begin no further measurement after so long; at least one is run
};

struct TimedSlice {
  std::vector<double> start_s;     // on CLOCK_MONOTONIC
  std::vector<double> duration_s;  // each covers `number` inferences
  std::vector<double> gpu_s;       // of each one's last inference, by the GPU's own clock, without
                                   // copies from and to the host; empty where it is not known
  double waited_s = 0;             // that the engine's threads together had no core
  double cpu_s = 0;                // that they together computed
  int64_t involuntary_switches = 0;
};

// When requests arrive, for all processes that serve them together.
struct Schedule {
  double origin_s = 0;            // on CLOCK_MONOTONIC
  std::vector<double> arrival_s;  // since the origin, rising
  double end_s = 0;               // since the origin: none is begun later
  std::string tickets_file;       // 8 bytes of 0 where several share the requests, else ""
};

// What one process served of a schedule.
struct ServedPart {
  std::vector<size_t> request;  // which of them, rising
  std::vector<double> begin_s;  // on CLOCK_MONOTONIC
  std::vector<double> end_s;
  std::vector<double> late_s;  // began after it had arrived and the process was free
  double waited_s = 0;         // as in TimedSlice
  double cpu_s = 0;            // without spun_s
  double spun_s = 0;           // CPU time spent waiting for arrivals
  int64_t involuntary_switches = 0;
};

struct SaveConverted {
  std::string path;  // without the extension, which is the engine's choice
};

struct Saved {
  std::string saved;  // the file or folder
};

struct Simplify {
  LoadConfig config;
  std::string file;           // gets the simplified form
  bool with_weights = false;  // keeps them inside, where they take part in the folding
};

struct Simplified {
  double simplify_s = 0;
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LoadConfig, model_path, provider, precision, device, gpu_uuid,
                                   io, cuda_graph, threads, optimize, precise_integers,
                                   input_shapes, tune_budget_s, simplified_path, bound_inputs_file,
                                   inlined_path, original_fails, inspect, extra_outputs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Placement, device, nodes, is_cpu)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InForce, precision, threads, placement, settings)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Greeting, device, provider)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Hello, version, imports, compiles_ahead, tunes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Loaded, load_s, convert_s, compile_s, tune_s, in_force)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ValuesFile, file)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SliceRequest, measurements, number, max_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TimedSlice, start_s, duration_s, gpu_s, waited_s, cpu_s,
                                   involuntary_switches)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Schedule, origin_s, arrival_s, end_s, tickets_file)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ServedPart, request, begin_s, end_s, late_s, waited_s, cpu_s,
                                   spun_s, involuntary_switches)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SaveConverted, path)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Saved, saved)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Simplify, config, file, with_weights)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Simplified, simplify_s)

// The request, ready to be sent.
template <typename Fields>
nlohmann::json request_of(const char* verb, const Fields& fields) {
  nlohmann::json request = fields;
  request["do"] = verb;
  return request;
}

// What every reply has beside the fields of its request's.
struct Reply {
  Outcome outcome;             // ok, or why the request was refused
  int64_t peak_rss_bytes = 0;  // of the process so far
  nlohmann::json fields;
};

std::string to_line(const Reply& reply);

// Throws Error for a line that is not a reply.
Reply parse_reply(const std::string& line);

// The longest reply to a request that may have so many entries in its lists.
constexpr size_t max_reply_bytes(size_t entries) { return (size_t{4} << 20) + 128 * entries; }

// By the parent's clock, CLOCK_MONOTONIC: from sending a request to having its reply.
struct Exchange {
  double sent_s = 0;
  double answered_s = 0;
};

// These throw Error where a reply can't be true: counts that don't fit the request, times that are
// not positive or lie outside the exchange, texts beyond any sense.
void check(const Hello& hello, const Exchange& exchange);
void check(const Loaded& loaded, const Exchange& exchange);
void check(const TimedSlice& slice, const SliceRequest& request, const Exchange& exchange);
void check(const ServedPart& part, const Schedule& schedule, const Exchange& exchange);
void check(const Saved& saved, const SaveConverted& request, const Exchange& exchange);
void check(const Simplified& simplified, const Exchange& exchange);

// A message's fields as the structure. Throws Error where one is missing or of another type.
template <typename Fields>
Fields read_fields(const nlohmann::json& message) {
  try {
    return message.get<Fields>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(error.what());
  }
}

}  // namespace dnnbench
