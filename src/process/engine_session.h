// EngineSession: one engine with one model loaded in its own process, and the steps of the
// protocol (docs/protocol.md) as functions. Every step throws EngineEnded when the engine can't do
// it, or answers what can't be true; the session is then over. Sessions are independent: several
// may be loaded at once and take their slices in turn.
#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"
#include "process/work_folder.h"
#include "process/worker_process.h"
#include "protocol/messages.h"

namespace dnnbench {

class EngineSession {
 public:
  // Has a folder of its own in `work_folder`, where the outputs travel by file.
  EngineSession(WorkerOptions options, const std::string& work_folder)
      : folder_(work_folder), worker_(with_writable(std::move(options), folder_.path())) {}

  Hello hello(const Greeting& greeting = {});
  Loaded load(const LoadConfig& config);
  // What was written: `path` with an extension.
  std::string save_converted(const std::string& path);

  void set_inputs(const std::string& values_file);

  // At least one measurement of `number` inferences each; at most `measurements`, begun within
  // max_s.
  TimedSlice slice(int64_t measurements, int64_t number, double max_s);

  // The same in two steps, for sessions that compute at the same time.
  void start_slice(int64_t measurements, int64_t number, double max_s);
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

  // From now on an interrupt cuts no step short (process/interrupt.h).
  void finish_all_steps() { worker_.finish_all_steps(); }

  int64_t peak_rss_bytes() const { return worker_.peak_rss_bytes(); }
  double stopped_s() const { return worker_.stopped_s(); }
  Cores cores() const { return worker_.cores(); }
  int64_t pid() const { return worker_.pid(); }

 private:
  static WorkerOptions with_writable(WorkerOptions options, const std::string& folder) {
    options.writable.insert(options.writable.begin(), folder);
    return options;
  }

  WorkFolder folder_;
  WorkerProcess worker_;
  SliceRequest slice_;  // asked last
  Schedule schedule_;   // likewise
};

// A new Schedule::tickets_file, in a folder that all processes of the engine may write. Throws
// Error.
std::string make_tickets_file(const WorkFolder& folder);

// What an engine says of itself, in a process of its own. Throws EngineEnded.
Hello greet(const std::string& engine, const WorkFolder& work, const Greeting& greeting = {},
            double timeout_s = WorkerOptions().timeout_s);

}  // namespace dnnbench
