#include "gpu/nvml.h"

#include <array>

#include "gpu/shared_library.h"

namespace dnnbench {
namespace {

struct Device;  // opaque

struct ProcessInfo {
  unsigned pid;
  unsigned long long memory_bytes;
  unsigned gpu_instance;
  unsigned compute_instance;
};

constexpr int kSmClock = 1;
constexpr int kMemoryClock = 2;
constexpr int kGpuTemperature = 0;
constexpr unsigned long long kUnknownMemory = ~0ULL;

template <typename T, typename Function, typename... A>
std::optional<T> ask(Function* function, A... arguments) {
  T value{};
  if (function == nullptr || function(arguments..., &value) != 0) return std::nullopt;
  return value;
}

// The first of two values: what is in force; the second would be after a restart.
std::optional<bool> ask_mode(int (*function)(Device*, unsigned*, unsigned*), Device* device) {
  unsigned current = 0, pending = 0;
  if (function == nullptr || function(device, &current, &pending) != 0) return std::nullopt;
  return current != 0;
}

template <typename From>
std::optional<double> scaled(const std::optional<From>& value, double factor) {
  return value ? std::optional(static_cast<double>(*value) * factor) : std::nullopt;
}

using ProcessesFunction = int(Device*, unsigned*, ProcessInfo*);

bool append_processes(ProcessesFunction* function, Device* device,
                      std::vector<GpuState::Process>& processes) {
  std::array<ProcessInfo, 256> infos{};
  unsigned count = infos.size();
  if (function == nullptr || function(device, &count, infos.data()) != 0) return false;
  for (unsigned i = 0; i < count; ++i) {
    const bool known = infos[i].memory_bytes != kUnknownMemory;
    processes.push_back(
        {infos[i].pid, known ? static_cast<int64_t>(infos[i].memory_bytes) : int64_t{0}});
  }
  return true;
}

}  // namespace

struct Nvml::Api {
  explicit Api(const std::string& name) : library(name) {}

  template <typename Function>
  Function* find(const char* name, const char* older = nullptr) const {
    Function* function = library.find<Function>(name);
    return function != nullptr || older == nullptr ? function : library.find<Function>(older);
  }

  bool is_mig() const { return device != board; }

  SharedLibrary library;
  Device* device = nullptr;  // absent where the device was not found
  Device* board = nullptr;   // the same, or the board that a MIG device is part of
};

Nvml::Nvml(const std::string& uuid, const std::string& library)
    : api_(std::make_unique<Api>(library)) {
  const auto init = api_->find<int()>("nvmlInit_v2");
  const auto by_uuid = api_->find<int(const char*, Device**)>("nvmlDeviceGetHandleByUUID");
  if (init == nullptr || by_uuid == nullptr || init() != 0) return;
  if (by_uuid(uuid.c_str(), &api_->device) != 0) api_->device = nullptr;
  api_->board = api_->device;
  const auto board_of =
      api_->find<int(Device*, Device**)>("nvmlDeviceGetDeviceHandleFromMigDeviceHandle");
  Device* board = nullptr;
  if (is_open() && board_of != nullptr && board_of(api_->device, &board) == 0) {
    api_->board = board;
  }
}

Nvml::~Nvml() = default;

bool Nvml::is_open() const { return api_->device != nullptr; }

GpuState Nvml::read() const {
  GpuState state;
  if (!is_open()) return state;
  Device* const board = api_->board;
  state.sm_mhz =
      scaled(ask<unsigned>(api_->find<int(Device*, int, unsigned*)>("nvmlDeviceGetClockInfo"),
                           board, kSmClock),
             1);
  state.temperature_c =
      scaled(ask<unsigned>(api_->find<int(Device*, int, unsigned*)>("nvmlDeviceGetTemperature"),
                           board, kGpuTemperature),
             1);
  const auto reasons = ask<unsigned long long>(
      api_->find<int(Device*, unsigned long long*)>("nvmlDeviceGetCurrentClocksEventReasons",
                                                    "nvmlDeviceGetCurrentClocksThrottleReasons"),
      board);
  if (reasons) state.throttle = *reasons;
  const auto energy = ask<unsigned long long>(
      api_->find<int(Device*, unsigned long long*)>("nvmlDeviceGetTotalEnergyConsumption"), board);
  if (energy && !api_->is_mig()) state.energy_mj = static_cast<int64_t>(*energy);
  std::vector<GpuState::Process> processes;
  const bool computing =
      append_processes(api_->find<ProcessesFunction>("nvmlDeviceGetComputeRunningProcesses_v3",
                                                     "nvmlDeviceGetComputeRunningProcesses_v2"),
                       api_->device, processes);
  append_processes(api_->find<ProcessesFunction>("nvmlDeviceGetGraphicsRunningProcesses_v3",
                                                 "nvmlDeviceGetGraphicsRunningProcesses_v2"),
                   api_->device, processes);
  if (computing) state.processes = std::move(processes);
  return state;
}

void Nvml::read_facts(GpuFacts& facts) const {
  std::array<char, 128> version{};
  const auto driver = api_->find<int(char*, unsigned)>("nvmlSystemGetDriverVersion");
  if (driver != nullptr && driver(version.data(), version.size()) == 0) {
    facts.driver = version.data();
  }
  if (!is_open()) return;
  Device* const board = api_->board;
  const auto clock = api_->find<int(Device*, int, unsigned*)>("nvmlDeviceGetMaxClockInfo");
  facts.max_sm_mhz = scaled(ask<unsigned>(clock, board, kSmClock), 1);
  facts.max_memory_mhz = scaled(ask<unsigned>(clock, board, kMemoryClock), 1);
  facts.power_limit_w = scaled(
      ask<unsigned>(api_->find<int(Device*, unsigned*)>("nvmlDeviceGetEnforcedPowerLimit"), board),
      1e-3);
  using Mode = int(Device*, unsigned*, unsigned*);
  facts.ecc = ask_mode(api_->find<Mode>("nvmlDeviceGetEccMode"), board);
  facts.mig = ask_mode(api_->find<Mode>("nvmlDeviceGetMigMode"), board);
}

}  // namespace dnnbench
