#include "quantise/variant_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/folder.h"
#include "core/sha256.h"
#include "process/worker_process.h"

namespace dnnbench::quantise {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kKept = 16;

// Of what makes variants: this program, the simplifier and the reference.
std::string hash_of_programs() {
  const fs::path folder = fs::path(program_path("onnxruntime")).parent_path();
  return sha256_of_file("/proc/self/exe") + sha256_of_file(program_path("onnxruntime")) +
         sha256_of_file((folder / "dnnbench-simplify").string());
}

json json_of(const VariantFacts& facts) {
  return {facts.make_s,          facts.make_peak_bytes,     facts.size_bytes,
          facts.calibration,     facts.calibration_samples, facts.products,
          facts.products_in_f32, facts.kept_in_f32};
}

VariantFacts read_facts(const json& from) {
  VariantFacts facts;
  from.at(0).get_to(facts.make_s);
  from.at(1).get_to(facts.make_peak_bytes);
  from.at(2).get_to(facts.size_bytes);
  from.at(3).get_to(facts.calibration);
  from.at(4).get_to(facts.calibration_samples);
  from.at(5).get_to(facts.products);
  from.at(6).get_to(facts.products_in_f32);
  from.at(7).get_to(facts.kept_in_f32);
  facts.from_cache = true;
  return facts;
}

}  // namespace

std::string VariantCache::key_of(const PreparedModel& f32, const std::string& precision,
                                 std::optional<double> max_error, int largest_weight) {
  json key{{"programs", hash_of_programs()},
           {"model", f32.sha256},
           {"shapes", f32.load.input_shapes},
           {"precision", precision},
           {"largest_weight", largest_weight}};
  for (const std::string& name : f32.model.external_files) {
    key["weights"][name] = sha256_of_file((fs::path(f32.model.path).parent_path() / name).string());
  }
  if (precision == "int8") {
    key["max_error"] = max_error ? json(*max_error) : json();
    key["samples"] = f32.samples->given ? "given" : "generated";
    for (const InputSample& sample : f32.samples->calibration) {
      key["calibration"].push_back(sha256_of(sample));
    }
  }
  return sha256_of_text(key.dump(-1, ' ', false, json::error_handler_t::replace)).substr(0, 32);
}

std::optional<VariantFacts> VariantCache::find(const std::string& key,
                                               const std::string& path) const {
  const std::string kept = folder_ + "/" + key;
  std::ifstream file(kept + ".json");
  const json facts = json::parse(file, nullptr, false);
  std::error_code error;
  if (facts.is_discarded() ||
      !fs::copy_file(kept + ".onnx", path, fs::copy_options::overwrite_existing, error))
    return std::nullopt;
  try {
    if (facts.at("sha256") != sha256_of_file(path)) return std::nullopt;
    VariantFacts found = read_facts(facts.at("facts"));
    fs::last_write_time(kept + ".json", fs::file_time_type::clock::now(), error);
    return found;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

void VariantCache::store(const std::string& key, const std::string& path,
                         const VariantFacts& facts) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  const std::string kept = folder_ + "/" + key;
  const std::string unfinished = fmt::format("{}.{}", kept, getpid());
  fs::copy_file(path, unfinished, fs::copy_options::overwrite_existing, error);
  if (!error) fs::rename(unfinished, kept + ".onnx", error);
  std::ofstream file(unfinished);
  file << json{{"sha256", sha256_of_file(path)}, {"facts", json_of(facts)}};
  file.close();
  if (file && !error) fs::rename(unfinished, kept + ".json", error);
  fs::remove(unfinished, error);
  drop_oldest();
}

void VariantCache::drop_oldest() const {
  std::vector<std::pair<fs::file_time_type, std::string>> kept;
  std::error_code error;
  for (const std::string& name : names_in(folder_)) {
    const fs::path path = fs::path(folder_) / name;
    if (path.extension() == ".json")
      kept.emplace_back(fs::last_write_time(path, error), path.stem());
  }
  std::sort(kept.rbegin(), kept.rend());
  for (size_t i = kKept; i < kept.size(); ++i) {
    for (const char* end : {".json", ".onnx"}) {
      fs::remove(fs::path(folder_) / (kept[i].second + end), error);
    }
  }
}

}  // namespace dnnbench::quantise
