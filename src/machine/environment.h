// The machine that a result was measured on, as far as the system says without root: stored in
// every result. Plain data; machine/read_environment.h fills it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dnnbench {

struct Environment {
  std::string cpu_model;
  std::string architecture;                 // "x86_64", "aarch64"
  std::vector<std::string> isa;             // vector extensions that matter to inference
  int logical_cores = 0;                    // of the machine
  int affinity_cores = 0;                   // logical cores this process may run on
  std::string cores;                        // their numbers, "0-3,8"; "" where not known
  int physical_cores = 0;                   // physical cores behind affinity_cores
  std::optional<double> cgroup_cpu_quota;   // in CPUs; absent: no quota
  int64_t memory_bytes = 0;                 // of the machine, or of the cgroup where it has less
  std::string kernel;                       // "Linux 6.1.0-21-amd64"
  std::string os;                           // PRETTY_NAME of /etc/os-release
  std::optional<std::string> container;     // "docker", "podman", ...
  std::optional<std::string> cpu_governor;  // of the first of those cores, if known
  std::optional<std::string> hypervisor;    // the virtual machine's maker; absent on bare metal
  std::string instance;                     // EC2 instance type from DMI, otherwise the host name
};

}  // namespace dnnbench
