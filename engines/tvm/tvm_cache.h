// Compiled models are kept in the cache, three files each: the library, its weights and, written
// last, a sidecar that says what they were compiled from and their checksums. An entry without a
// matching sidecar is none: what was torn, changed or put there by something else is compiled
// again.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "import/read_graph.h"
#include "protocol/load_config.h"

namespace dnnbench::tvm_runtime {

// What the machine code of a model depends on, in words, a line each: the model (simplified form
// and weights), the CPU, the compiler.
std::string description_of(const LoadConfig& config, const import::Graph& graph);

// What the compiler writes.
struct CompiledFiles {
  std::string library;
  std::string weights;  // the library's last parameters, in TVM's own format
};

struct CompiledModel {
  CompiledFiles files;
  double compile_s = 0;                         // with our own schedules
  std::map<std::string, std::string> settings;  // what the compiler reported
  // Of the search for faster schedules, over all runs:
  double searched_s = 0;
  bool is_exhausted = false;  // there is nothing left to try
};

// The same of what is tuned, which is measured with so many threads.
std::string tuned(const std::string& description, int threads);

// Where the search keeps what it tried: a folder of the entry's, which may not exist.
std::string records_folder_of(const std::string& description);

// The entry, where there is a whole one.
std::optional<CompiledModel> find_compiled(const std::string& description);

// Makes it no entry.
void forget_compiled(const std::string& description);

// Where a model is compiled: a folder of this process in the cache, removed in the end. A process
// that is killed leaves its own; the next one removes those older than a day.
class PartialFolder {
 public:
  PartialFolder();
  ~PartialFolder();
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;
  CompiledFiles files() const { return {path_ + "/model.so", path_ + "/model.params"}; }

 private:
  std::string path_;
};

// Makes a model the entry, and returns it with its new files.
CompiledModel keep_compiled(const std::string& description, CompiledModel model);

}  // namespace dnnbench::tvm_runtime
