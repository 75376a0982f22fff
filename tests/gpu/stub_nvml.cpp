// Plays NVML for tests, also that of a MIG device, which has a "MIG-..." UUID. DNNBENCH_STUB_NVML
// names a file of lines "key value": sm_mhz, throttle, energy_mj, process (a PID, any number of
// them); without it the GPU is calm. "energy_w" instead of energy_mj makes the counter rise with
// the time; "sm_mhz_step" lowers the clock at each reading.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace {

constexpr int kNotFound = 6;
constexpr int kNotSupported = 3;
constexpr int kInvalidArgument = 2;

// Handles: only their addresses count.
void* board() {
  static int handle;
  return &handle;
}
void* mig_device() {
  static int handle;
  return &handle;
}

std::vector<unsigned long long> values(const std::string& wanted) {
  std::vector<unsigned long long> found;
  const char* path = std::getenv("DNNBENCH_STUB_NVML");
  if (path == nullptr) return found;
  std::ifstream file(path);
  std::string key;
  for (unsigned long long value = 0; file >> key >> value;) {
    if (key == wanted) found.push_back(value);
  }
  return found;
}

unsigned long long value_or(const std::string& key, unsigned long long otherwise) {
  const auto found = values(key);
  return found.empty() ? otherwise : found.back();
}

struct ProcessInfo {
  unsigned pid;
  unsigned long long memory_bytes;
  unsigned gpu_instance;
  unsigned compute_instance;
};

}  // namespace

extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlDeviceGetHandleByUUID(const char* uuid, void** handle) {
  *handle = std::string(uuid).rfind("MIG-", 0) == 0 ? mig_device() : board();
  return std::string(uuid).size() < 8 ? kNotFound : 0;
}
int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(void* handle, void** whole) {
  *whole = board();
  return handle == mig_device() ? 0 : kInvalidArgument;
}
int nvmlSystemGetDriverVersion(char* text, unsigned bytes) {
  std::snprintf(text, bytes, "580.00");
  return 0;
}
int nvmlDeviceGetClockInfo(void* handle, int clock, unsigned* mhz) {
  static unsigned readings = 0;
  if (handle == mig_device()) return kNotSupported;
  *mhz = 5001;
  if (clock != 1) return 0;
  const auto step = static_cast<unsigned>(value_or("sm_mhz_step", 0));
  *mhz = static_cast<unsigned>(value_or("sm_mhz", 1500)) - step * readings++;
  return 0;
}
int nvmlDeviceGetMaxClockInfo(void*, int clock, unsigned* mhz) {
  *mhz = clock == 1 ? 1590 : 5001;
  return 0;
}
int nvmlDeviceGetTemperature(void*, int, unsigned* celsius) {
  *celsius = 45;
  return 0;
}
int nvmlDeviceGetCurrentClocksEventReasons(void*, unsigned long long* bits) {
  *bits = value_or("throttle", 0);
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void*, unsigned long long* mj) {
  const auto watts = values("energy_w");
  const double now_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  *mj = watts.empty()
            ? value_or("energy_mj", 0)
            : static_cast<unsigned long long>(1e3 * now_s * static_cast<double>(watts.back()));
  return 0;
}
int nvmlDeviceGetEnforcedPowerLimit(void*, unsigned* mw) {
  *mw = 70000;
  return 0;
}
int nvmlDeviceGetEccMode(void*, unsigned* current, unsigned* pending) {
  *current = *pending = 1;
  return 0;
}
int nvmlDeviceGetMigMode(void*, unsigned*, unsigned*) { return kNotSupported; }
int nvmlDeviceGetComputeRunningProcesses_v3(void*, unsigned* count, ProcessInfo* infos) {
  const auto pids = values("process");
  *count = static_cast<unsigned>(pids.size());
  for (size_t i = 0; i < pids.size(); ++i) {
    infos[i] = {static_cast<unsigned>(pids[i]), 300ULL << 20, ~0U, ~0U};
  }
  return 0;
}

}  // extern "C"
