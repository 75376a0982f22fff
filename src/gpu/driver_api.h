// The part of NVIDIA's driver interface (libcuda.so.1) that is used here, in our own words: the
// library comes with the driver, its headers with the CUDA toolkit, which nobody should need.
// Every function has returned an error number, 0 for success, since it exists.
#pragma once

#include <cstddef>

#include "gpu/shared_library.h"

namespace dnnbench::cuda {

// Opaque, named as the library names them.
struct Context;
struct Stream;
struct Event;
struct Graph;
struct GraphExec;
using Device = int;
using DeviceAddress = unsigned long long;
struct Uuid {
  unsigned char bytes[16];
};

inline constexpr int kNoDevice = 100;
inline constexpr int kOutOfMemory = 2;
inline constexpr int kComputeCapabilityMajor = 75;
inline constexpr int kComputeCapabilityMinor = 76;
inline constexpr unsigned kNonBlockingStream = 1;
inline constexpr int kThreadLocalCapture = 1;

// X(member, exported name, parameters...)
#define DNNBENCH_CUDA_FUNCTIONS(X)                                                       \
  X(init, "cuInit", unsigned flags)                                                      \
  X(driver_version, "cuDriverGetVersion", int*)                                          \
  X(device_count, "cuDeviceGetCount", int*)                                              \
  X(device, "cuDeviceGet", Device*, int index)                                           \
  X(device_name, "cuDeviceGetName", char*, int bytes, Device)                            \
  X(device_uuid, "cuDeviceGetUuid_v2", Uuid*, Device)                                    \
  X(device_memory, "cuDeviceTotalMem_v2", size_t*, Device)                               \
  X(device_attribute, "cuDeviceGetAttribute", int*, int attribute, Device)               \
  X(error_string, "cuGetErrorString", int error, const char**)                           \
  X(retain_context, "cuDevicePrimaryCtxRetain", Context**, Device)                       \
  X(set_context, "cuCtxSetCurrent", Context*)                                            \
  X(create_stream, "cuStreamCreate", Stream**, unsigned flags)                           \
  X(synchronize, "cuStreamSynchronize", Stream*)                                         \
  X(create_event, "cuEventCreate", Event**, unsigned flags)                              \
  X(destroy_event, "cuEventDestroy_v2", Event*)                                          \
  X(record_event, "cuEventRecord", Event*, Stream*)                                      \
  X(elapsed_ms, "cuEventElapsedTime", float*, Event* begin, Event* end)                  \
  X(allocate, "cuMemAlloc_v2", DeviceAddress*, size_t bytes)                             \
  X(release, "cuMemFree_v2", DeviceAddress)                                              \
  X(allocate_pinned, "cuMemHostAlloc", void**, size_t bytes, unsigned flags)             \
  X(release_pinned, "cuMemFreeHost", void*)                                              \
  X(copy_to_device, "cuMemcpyHtoDAsync_v2", DeviceAddress, const void*, size_t, Stream*) \
  X(copy_to_host, "cuMemcpyDtoHAsync_v2", void*, DeviceAddress, size_t, Stream*)         \
  X(begin_capture, "cuStreamBeginCapture_v2", Stream*, int mode)                         \
  X(end_capture, "cuStreamEndCapture", Stream*, Graph**)                                 \
  X(instantiate, "cuGraphInstantiateWithFlags", GraphExec**, Graph*, unsigned long long) \
  X(destroy_graph, "cuGraphDestroy", Graph*)                                             \
  X(destroy_executable, "cuGraphExecDestroy", GraphExec*)                                \
  X(launch, "cuGraphLaunch", GraphExec*, Stream*)

struct DriverApi {
  explicit DriverApi(const SharedLibrary& library)
#define DNNBENCH_CUDA_FIND(member, name, ...) member = library.find<int(__VA_ARGS__)>(name);
      {DNNBENCH_CUDA_FUNCTIONS(DNNBENCH_CUDA_FIND)}
#undef DNNBENCH_CUDA_FIND

#define DNNBENCH_CUDA_MEMBER(member, name, ...) int (*member)(__VA_ARGS__);
  DNNBENCH_CUDA_FUNCTIONS(DNNBENCH_CUDA_MEMBER)
#undef DNNBENCH_CUDA_MEMBER

      // Whether the library has every function.
      bool is_complete() const {
    bool complete = true;
#define DNNBENCH_CUDA_CHECK(member, name, ...) complete = complete && member != nullptr;
    DNNBENCH_CUDA_FUNCTIONS(DNNBENCH_CUDA_CHECK)
#undef DNNBENCH_CUDA_CHECK
    return complete;
  }
};

}  // namespace dnnbench::cuda
