#include "machine/read_environment.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/whole_file.h"
#include "machine/arm_cores.h"
#include "machine/cgroup.h"
#include "machine/cores.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || line.empty()) return std::nullopt;
  return line;
}

// The text after "key : " of the first line that begins with key.
std::optional<std::string> read_cpuinfo(const std::string& root, const std::string& key) {
  std::ifstream file(root + "/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind(key, 0) != 0) continue;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return std::nullopt;
}

std::vector<std::string> read_isa(const std::string& root) {
  static const std::set<std::string> kOfInterest{
      "sse4_2",   "avx",         "fma",         "f16c",        "avx2",     "avx_vnni", "avx512f",
      "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8", "amx_fp16",
      "asimd",    "asimdhp",     "asimddp",     "i8mm",        "bf16",     "sve",      "sve2"};
  static const std::map<std::string, std::string> kUsualNames{{"asimdhp", "fp16"}};
  auto flags = read_cpuinfo(root, "flags");
  if (!flags) flags = read_cpuinfo(root, "Features");
  std::vector<std::string> isa;
  std::istringstream words(flags.value_or(""));
  for (std::string word; words >> word;) {
    if (kOfInterest.count(word) == 0) continue;
    const auto usual = kUsualNames.find(word);
    isa.push_back(usual == kUsualNames.end() ? word : usual->second);
  }
  return isa;
}

std::string read_cpu_model(const std::string& root) {
  if (const auto model = read_cpuinfo(root, "model name")) return *model;
  const std::string arm = arm_cores(read_whole_file(root + "/proc/cpuinfo").value_or(""));
  return arm.empty() ? "unknown" : arm;
}

int64_t read_memory_bytes(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  std::string name;
  int64_t kilobytes = 0;
  file >> name >> kilobytes;
  return kilobytes * 1024;
}

std::string read_os(const std::string& root) {
  std::ifstream file(root + "/etc/os-release");
  const std::string key = "PRETTY_NAME=";
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) != 0) continue;
    std::string name = line.substr(key.size());
    name.erase(std::remove(name.begin(), name.end(), '"'), name.end());
    return name;
  }
  return "unknown";
}

std::optional<std::string> read_container(const std::string& root) {
  std::error_code ignored;
  if (fs::exists(root + "/.dockerenv", ignored)) return "docker";
  if (fs::exists(root + "/run/.containerenv", ignored)) return "podman";
  std::ifstream groups(root + "/proc/1/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.find("kubepods") != std::string::npos) return "kubernetes";
    if (line.find("/docker") != std::string::npos) return "docker";
  }
  // With cgroup v2, containers see their own group as "/".
  if (std::getenv("KUBERNETES_SERVICE_HOST") != nullptr) return "kubernetes";
  for (const char* variable : {"APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"}) {
    if (std::getenv(variable) != nullptr) return "apptainer";
  }
  return read_line(root + "/run/systemd/container");
}

constexpr const char* kVendorOfEc2 = "Amazon EC2";

std::string dmi_of(const std::string& root) { return root + "/sys/devices/virtual/dmi/id/"; }

// What a virtual machine says of itself, where its processor doesn't.
bool is_virtual(const std::string& vendor, const std::string& product) {
  if (vendor == kVendorOfEc2) return product.find("metal") == std::string::npos;
  const std::string text = vendor + " " + product;
  for (const char* word : {"QEMU", "KVM", "Virtual", "VMware", "OpenStack", "Google Compute"}) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

// Of the processors only x86's have a flag for it.
std::optional<std::string> read_hypervisor(const std::string& root) {
  const std::string vendor = read_line(dmi_of(root) + "sys_vendor").value_or("unknown");
  const auto flags = read_cpuinfo(root, "flags");
  const bool found =
      flags ? flags->find("hypervisor") != std::string::npos
            : is_virtual(vendor, read_line(dmi_of(root) + "product_name").value_or(""));
  return found ? std::optional(vendor) : std::nullopt;
}

// EC2 machines say their type in DMI; no network is asked.
std::string read_instance(const std::string& root) {
  if (read_line(dmi_of(root) + "sys_vendor") == kVendorOfEc2) {
    if (const auto type = read_line(dmi_of(root) + "product_name")) return *type;
  }
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "unknown";
  return name.data();
}

std::optional<std::string> read_governor(const std::string& root, const Cores& cores) {
  if (cores.empty()) return std::nullopt;
  return read_line(
      fmt::format("{}/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", root, cores.front()));
}

}  // namespace

Environment read_environment(const std::string& root) {
  Environment environment;
  utsname system{};
  uname(&system);
  const CgroupLimits limits = read_cgroup_limits(root);
  environment.architecture = system.machine;
  environment.kernel = std::string(system.sysname) + " " + system.release;
  environment.cpu_model = read_cpu_model(root);
  environment.isa = read_isa(root);
  environment.logical_cores = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const Cores cores = allowed_cores();
  environment.affinity_cores = static_cast<int>(cores.size());
  environment.cores = to_list(cores);
  environment.physical_cores = static_cast<int>(physical_cores(root).size());
  environment.cgroup_cpu_quota = limits.cpu_quota;
  environment.memory_bytes = read_memory_bytes(root);
  if (limits.memory_limit_bytes && *limits.memory_limit_bytes < environment.memory_bytes) {
    environment.memory_bytes = *limits.memory_limit_bytes;
  }
  environment.os = read_os(root);
  environment.container = read_container(root);
  environment.cpu_governor = read_governor(root, cores);
  environment.hypervisor = read_hypervisor(root);
  environment.instance = read_instance(root);
  return environment;
}

int default_threads(const Environment& environment) {
  int threads = environment.physical_cores;
  if (environment.cgroup_cpu_quota) {
    threads = std::min(threads, static_cast<int>(*environment.cgroup_cpu_quota));
  }
  return std::max(threads, 1);
}

bool has_int8_products(const Environment& environment) {
  const std::vector<std::string>& isa = environment.isa;
  return std::any_of(isa.begin(), isa.end(), [](const std::string& name) {
    return name.find("vnni") != std::string::npos || name.find("amx_int8") != std::string::npos ||
           name.find("i8mm") != std::string::npos || name == "asimddp";
  });
}

bool may_overflow_int8_sums(const Environment& environment) {
  return environment.architecture == "x86_64" && !has_int8_products(environment);
}

}  // namespace dnnbench
