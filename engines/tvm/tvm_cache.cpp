#include "tvm_cache.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compiler_process.h"
#include "core/cache.h"
#include "core/error.h"
#include "core/sha256.h"
#include "core/whole_file.h"

namespace dnnbench::tvm_runtime {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The first processor's lines that name its kind and instructions.
std::string cpu_description() {
  std::ifstream info("/proc/cpuinfo");
  std::string line, text;
  while (std::getline(info, line) && !line.empty()) {
    for (const char* key : {"vendor_id", "cpu family", "model\t", "flags", "Features", "CPU "}) {
      if (line.starts_with(key)) text += line + "\n";
    }
  }
  return text;
}

// Where the entry of this description lies, whether there is one or not; without an extension.
std::string entry_path_of(const std::string& description) {
  return compiled_folder("tvm") + "/" + sha256_of_text(description).substr(0, 32);
}

CompiledFiles files_of(const std::string& entry) { return {entry + ".so", entry + ".params"}; }

json checksums_of(const CompiledFiles& files) {
  return {{"library", sha256_of_file(files.library)}, {"weights", sha256_of_file(files.weights)}};
}

}  // namespace

std::string description_of(const LoadConfig& config, const import::Graph& graph) {
  std::string weights;
  for (const auto& [name, constant] : graph.constants) {
    weights += name + " " + sha256_of_text(text_of(constant.bytes)) + "\n";
  }
  return fmt::format("model {}\nweights {}\ncpu {}\ncompiler {}\n",
                     sha256_of_file(config.simplified_path), sha256_of_text(weights),
                     sha256_of_text(cpu_description()), sha256_of_text(compiler_fingerprint()));
}

std::string tuned(const std::string& description, int threads) {
  return fmt::format("{}tuned for {} threads\n", description, threads);
}

std::string records_folder_of(const std::string& description) {
  return entry_path_of(description) + ".records";
}

std::optional<CompiledModel> find_compiled(const std::string& description) {
  const std::string entry = entry_path_of(description);
  try {
    std::ifstream file(entry + ".json");
    if (!file) return std::nullopt;
    const json sidecar = json::parse(file);
    const CompiledFiles files = files_of(entry);
    if (sidecar.at("compiled_from") != description || sidecar.at("sha256") != checksums_of(files)) {
      return std::nullopt;
    }
    return CompiledModel{files, sidecar.at("compile_s").get<double>(),
                         sidecar.at("settings").get<std::map<std::string, std::string>>(),
                         sidecar.at("searched_s").get<double>(),
                         sidecar.at("is_exhausted").get<bool>()};
  } catch (const std::exception&) {
    return std::nullopt;  // whatever is wrong with it, it is made again
  }
}

void forget_compiled(const std::string& description) {
  const std::string entry = entry_path_of(description);
  const CompiledFiles files = files_of(entry);
  for (const std::string& path : {entry + ".json", files.library, files.weights}) {
    fs::remove(path);
  }
}

PartialFolder::PartialFolder() {
  const std::string prefix = "partial-";
  const fs::path folder = compiled_folder("tvm");
  fs::create_directories(folder);
  const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
  std::error_code ignored;  // others may be at it too
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && entry.last_write_time(ignored) < yesterday) {
      fs::remove_all(entry.path(), ignored);
    }
  }
  std::string path = (folder / (prefix + "XXXXXX")).string();
  if (mkdtemp(path.data()) == nullptr) {
    throw Error(
        fmt::format("no folder could be made in {}: {}", folder.string(), std::strerror(errno)));
  }
  path_ = path;
}

PartialFolder::~PartialFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

CompiledModel keep_compiled(const std::string& description, CompiledModel model) {
  const std::string entry = entry_path_of(description);
  const CompiledFiles kept = files_of(entry);
  const json sidecar{{"compiled_from", description},       {"sha256", checksums_of(model.files)},
                     {"compile_s", model.compile_s},       {"searched_s", model.searched_s},
                     {"is_exhausted", model.is_exhausted}, {"settings", model.settings}};
  fs::rename(model.files.library, kept.library);
  fs::rename(model.files.weights, kept.weights);
  write_whole_file(entry + ".json", sidecar.dump(1) + "\n", "the compiled model's description");
  model.files = kept;
  return model;
}

}  // namespace dnnbench::tvm_runtime
