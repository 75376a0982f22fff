#include "process/engine_session.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "machine/memory.h"
#include "protocol/value_file.h"

namespace dnnbench {

Hello EngineSession::hello(const Greeting& greeting) {
  worker_.ask(request_of(verb::kHello, greeting));
  return worker_.answer_as<Hello>();
}

Loaded EngineSession::load(const LoadConfig& config) {
  worker_.ask(request_of(verb::kLoad, config), config.tune_budget_s);
  return worker_.answer_as<Loaded>();
}

std::string EngineSession::save_converted(const std::string& path) {
  const SaveConverted request{path};
  worker_.ask(request_of(verb::kSaveConverted, request));
  return worker_.answer_as<Saved>(request).saved;
}

void EngineSession::set_inputs(const std::string& values_file) {
  worker_.request(request_of(verb::kSetInputs, ValuesFile{values_file}));
}

TimedSlice EngineSession::slice(int64_t measurements, int64_t number, double max_s) {
  start_slice(measurements, number, max_s);
  return end_slice();
}

void EngineSession::start_slice(int64_t measurements, int64_t number, double max_s) {
  slice_ = {measurements, number, max_s};
  worker_.ask(request_of(verb::kSlice, slice_), max_s, static_cast<size_t>(measurements));
}

TimedSlice EngineSession::end_slice() { return worker_.answer_as<TimedSlice>(slice_); }

std::string make_tickets_file(const WorkFolder& folder) {
  const std::string path = folder.path() + "/tickets";
  unlink(path.c_str());
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool is_made = fd >= 0 && ftruncate(fd, 8) == 0;  // zeros
  if (fd >= 0) close(fd);
  if (!is_made) throw Error("could not write " + path + ": " + std::strerror(errno));
  return path;
}

void EngineSession::start_serving(const Schedule& schedule) {
  schedule_ = schedule;
  worker_.ask(request_of(verb::kServe, schedule_), schedule_.end_s, schedule_.arrival_s.size());
}

ServedPart EngineSession::end_serving() { return worker_.answer_as<ServedPart>(schedule_); }

std::vector<Value> EngineSession::outputs() {
  const std::string file = folder_.path() + "/outputs";
  worker_.request(request_of(verb::kOutputs, ValuesFile{file}));
  try {
    std::vector<Value> values = read_values(file, free_memory_bytes());
    unlink(file.c_str());
    return values;
  } catch (const Error& error) {
    throw EngineEnded({OutcomeKind::kFailed, error.what()});
  }
}

Hello greet(const std::string& engine, const WorkFolder& work, const Greeting& greeting,
            double timeout_s) {
  WorkerOptions worker;
  worker.timeout_s = timeout_s;
  worker.engine = engine;
  worker.log_path = work.path() + "/greeting.log";
  return EngineSession(worker, work.path()).hello(greeting);
}

}  // namespace dnnbench
