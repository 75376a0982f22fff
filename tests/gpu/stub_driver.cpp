// Plays NVIDIA's driver for tests. DNNBENCH_STUB_GPU says what:
//   none      the driver is there, but no device
//   old       it supports CUDA 12.4
//   broken    cuInit fails
//   failing   one device that fails when it is asked for anything
//   mig       one part of a divided board
//   two       two boards
//   one       one board (the default). Memory is the host's and copies take place at once, but a
//             stream has something pending until it is waited for. Nothing computes.
// DNNBENCH_STUB_BUSY_MS: how long waiting for a stream takes that has something pending.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kUnknown = 999;
constexpr int kNotInitialized = 3;
constexpr int kNoDevice = 100;

std::string part() {
  const char* text = std::getenv("DNNBENCH_STUB_GPU");
  return text == nullptr ? "one" : text;
}

struct State {
  int pending = 0;   // calls that the stream has yet to carry out
  int launched = 0;  // graphs
  int graphs = 0;    // those that were not destroyed, executable ones included
  bool initialized = false;
};

State& state() {
  static State only;
  return only;
}

// Set once, before anything is put on the stream.
std::chrono::milliseconds busy() {
  static const char* const text = std::getenv("DNNBENCH_STUB_BUSY_MS");
  return std::chrono::milliseconds(text == nullptr ? 0 : std::atoi(text));
}

int answer() { return state().initialized ? 0 : kNotInitialized; }

}  // namespace

extern "C" {

int cuInit(unsigned) {
  if (part() == "none") return kNoDevice;
  if (part() == "broken") return kUnknown;
  state().initialized = true;
  return 0;
}

int cuDriverGetVersion(int* version) {
  *version = part() == "old" ? 12040 : 13000;
  return 0;
}

int cuDeviceGetCount(int* count) {
  *count = part() == "two" ? 2 : 1;
  return answer();
}

int cuDeviceGet(int* device, int index) {
  *device = index;
  return part() == "failing" ? kUnknown : answer();
}

int cuDeviceGetName(char* name, int bytes, int device) {
  const bool is_mig = part() == "mig";
  std::snprintf(name, static_cast<size_t>(bytes), is_mig ? "Stub A100 MIG 1g.5gb" : "Stub T4 %d",
                device);
  return answer();
}

int cuDeviceGetUuid_v2(unsigned char* uuid, int device) {
  for (int i = 0; i < 16; ++i) uuid[i] = static_cast<unsigned char>(i == 0 ? 16 + device : i);
  return answer();
}

int cuDeviceTotalMem_v2(size_t* bytes, int) {
  *bytes = size_t{16} << 30;
  return answer();
}

int cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == 75 ? 7 : 5;
  return answer();
}

int cuGetErrorString(int error, const char** text) {
  *text = error == kUnknown ? "unknown error" : "an error of the stub";
  return 0;
}

int cuDevicePrimaryCtxRetain(void** context, int) {
  *context = &state().initialized;
  return answer();
}
int cuCtxSetCurrent(void*) { return answer(); }
int cuStreamCreate(void** stream, unsigned) {
  *stream = &state().initialized;
  return answer();
}
int cuStreamSynchronize(void*) {
  if (state().pending > 0) std::this_thread::sleep_for(busy());
  state().pending = 0;
  return answer();
}

int cuEventCreate(void** event, unsigned) {
  *event = new Clock::time_point();
  return answer();
}
int cuEventDestroy_v2(void* event) {
  delete static_cast<Clock::time_point*>(event);
  return answer();
}
int cuEventRecord(void* event, void*) {
  ++state().pending;
  *static_cast<Clock::time_point*>(event) = Clock::now();
  return answer();
}
int cuEventElapsedTime(float* ms, void* begin, void* end) {
  const auto elapsed =
      *static_cast<Clock::time_point*>(end) - *static_cast<Clock::time_point*>(begin);
  *ms = std::chrono::duration<float, std::milli>(elapsed).count();
  return answer();
}

int cuMemAlloc_v2(unsigned long long* address, size_t bytes) {
  *address = reinterpret_cast<unsigned long long>(std::malloc(bytes));
  return answer();
}
int cuMemFree_v2(unsigned long long address) {
  std::free(reinterpret_cast<void*>(address));
  return answer();
}
int cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  *address = std::malloc(bytes);
  return answer();
}
int cuMemFreeHost(void* address) {
  std::free(address);
  return answer();
}
int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, size_t bytes, void*) {
  ++state().pending;
  std::memcpy(reinterpret_cast<void*>(to), from, bytes);
  return answer();
}
int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, size_t bytes, void*) {
  ++state().pending;
  std::memcpy(to, reinterpret_cast<const void*>(from), bytes);
  return answer();
}

int cuStreamBeginCapture_v2(void*, int) { return answer(); }
int cuStreamEndCapture(void*, void** graph) {
  *graph = &state().initialized;
  ++state().graphs;
  return answer();
}
int cuGraphInstantiateWithFlags(void** exec, void*, unsigned long long) {
  *exec = &state().initialized;
  ++state().graphs;
  return answer();
}
int cuGraphDestroy(void*) {
  --state().graphs;
  return answer();
}
int cuGraphExecDestroy(void*) {
  --state().graphs;
  return answer();
}
int cuGraphLaunch(void*, void*) {
  ++state().pending;
  ++state().launched;
  return answer();
}

// ONNX Runtime's CUDA provider names this one itself.
int cuTensorMapEncodeTiled() { return kUnknown; }

// For tests alone.
int stub_pending() { return state().pending; }
int stub_launched() { return state().launched; }
int stub_graphs() { return state().graphs; }

}  // extern "C"
