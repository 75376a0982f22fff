// EngineSession: one engine with one model loaded in its own process, and the steps of the
// protocol (docs/protocol.md) as functions. Every step throws EngineEnded when the engine can't do
// it; the session is then over. Sessions are independent: several may be loaded at once and take
// their slices in turn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "process/worker_process.h"
#include "protocol/load_config.h"

namespace dnnbench {

struct Hello {
  std::string version;
  std::string variant;
  bool imports = false;  // it needs the model's simplified form
};

struct Loaded {
  double load_s = 0;
  double convert_s = 0;  // of an engine that imports: building the library's form of the model
  std::optional<double> compile_s;  // where something was compiled ahead
  std::optional<double> tune_s;     // where faster code was looked for
  InForce in_force;
};

struct TimedSlice {
  std::vector<double> start_s;     // on CLOCK_MONOTONIC
  std::vector<double> duration_s;  // each covers `number` inferences
  double waited_s = 0;             // that the engine's threads together had no core
  double cpu_s = 0;                // that they together computed
  int64_t involuntary_switches = 0;
};

// What one process served of a schedule of arrivals.
struct ServedPart {
  std::vector<size_t> request;  // which of them
  std::vector<double> begin_s;  // on CLOCK_MONOTONIC
  std::vector<double> end_s;
  std::vector<double> late_s;  // began after it had arrived and the process was free
  double waited_s = 0;         // as in TimedSlice
  double cpu_s = 0;
  int64_t involuntary_switches = 0;
};

// When requests arrive, for all processes that serve them together.
struct Schedule {
  double origin_s = 0;            // on CLOCK_MONOTONIC
  std::vector<double> arrival_s;  // since the origin, rising
  double end_s = 0;               // since the origin: none is begun later
  std::string tickets_file;       // 8 bytes of 0 where several share the requests, else ""
};

class EngineSession {
 public:
  // `work_folder` is where values travel by file; it must outlive the session.
  EngineSession(WorkerOptions options, std::string work_folder)
      : worker_(std::move(options)), work_folder_(std::move(work_folder)) {}

  Hello hello();
  Loaded load(const LoadConfig& config);
  // Simplifies the model for the engines that import, into `file` (import/simplify.h). Seconds.
  double simplify(const LoadConfig& config, const std::string& file);

  // What was written: `path` with an extension.
  std::string save_converted(const std::string& path);

  void set_inputs(const std::string& values_file);

  // At least one experiment of `number` inferences each; at most `experiments`, begun within max_s.
  TimedSlice slice(int64_t experiments, int64_t number, double max_s);

  // The same in two steps, for sessions that compute at the same time.
  void start_slice(int64_t experiments, int64_t number, double max_s);
  TimedSlice end_slice();

  // Serves requests as they arrive (worker/serve_arrivals.h), in two steps as well.
  void start_serving(const Schedule& schedule);
  ServedPart end_serving();

  // Of the last inference.
  std::vector<Value> outputs();

  // One inference, untimed.
  void run() { slice(1, 1, 0); }

  // Stops the engine's processes, so that threads that spin leave the cores to others; the next
  // step goes on by itself.
  void pause() { worker_.pause(); }

  int64_t peak_rss_bytes() const { return worker_.peak_rss_bytes(); }
  Cores cores() const { return worker_.cores(); }

 private:
  WorkerProcess worker_;
  std::string work_folder_;
};

}  // namespace dnnbench
