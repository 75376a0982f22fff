#include "process/simplifier_process.h"

namespace dnnbench {
namespace {

WorkerOptions worker_options(const std::string& folder, double timeout_s) {
  WorkerOptions options;
  options.program = "dnnbench-simplify";
  options.log_path = folder + "/simplify.log";
  options.writable = {folder};
  options.timeout_s = timeout_s;
  return options;
}

}  // namespace

SimplifierProcess::SimplifierProcess(const std::string& folder, double timeout_s)
    : worker_(worker_options(folder, timeout_s)) {}

double SimplifierProcess::simplify(const LoadConfig& config, const std::string& file,
                                   bool with_weights) {
  worker_.ask(request_of(verb::kSimplify, Simplify{config, file, with_weights}));
  return worker_.answer_as<Simplified>().simplify_s;
}

}  // namespace dnnbench
