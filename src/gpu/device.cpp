#include "gpu/device.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/error.h"

namespace dnnbench {

void prepare_environment(const std::string& gpu_uuid, bool allow_tf32) {
  setenv("CUDA_VISIBLE_DEVICES", gpu_uuid.c_str(), 1);
  if (allow_tf32) {
    unsetenv("NVIDIA_TF32_OVERRIDE");
  } else {
    setenv("NVIDIA_TF32_OVERRIDE", "0", 1);
  }
}

Gpu::Gpu(const std::string& library) : library_(library), api_(library_) {
  if (!library_.is_open() || !api_.is_complete()) {
    throw Error("this machine has no NVIDIA driver");
  }
  cuda::Device device = 0;
  cuda::Context* context = nullptr;
  std::array<char, 256> name{};
  int major = 0, minor = 0;
  check(api_.init(0), "starting the driver");
  check(api_.device(&device, 0), "opening the GPU");
  check(api_.device_name(name.data(), static_cast<int>(name.size() - 1), device), "naming the GPU");
  check(api_.device_attribute(&major, cuda::kComputeCapabilityMajor, device), "reading the GPU");
  check(api_.device_attribute(&minor, cuda::kComputeCapabilityMinor, device), "reading the GPU");
  check(api_.retain_context(&context, device), "opening the GPU");
  check(api_.set_context(context), "opening the GPU");
  check(api_.create_stream(&stream_, cuda::kNonBlockingStream), "making a stream");
  name_ = name.data();
  sm_ = 10 * major + minor;
}

void Gpu::check(int error, const char* doing) const {
  if (error == 0) return;
  if (error == cuda::kOutOfMemory) throw std::bad_alloc();
  const char* text = nullptr;
  if (api_.error_string(error, &text) != 0 || text == nullptr) text = "no text";
  throw Error(fmt::format("{} failed with CUDA error {}: {}", doing, error, text));
}

GpuBuffer::GpuBuffer(const Gpu& gpu, size_t bytes) : gpu_(&gpu), bytes_(bytes) {
  const size_t allocated = std::max<size_t>(bytes, 1);
  gpu.check(gpu.api().allocate_pinned(&host_, allocated, 0), "allocating pinned memory");
  const int error = gpu.api().allocate(&device_, allocated);
  if (error != 0) gpu.api().release_pinned(host_);
  gpu.check(error, "allocating memory of the GPU");
}

GpuBuffer::~GpuBuffer() {
  gpu_->api().release_pinned(host_);
  gpu_->api().release(device_);
}

void GpuBuffer::copy_to_device() const {
  gpu_->check(gpu_->api().copy_to_device(device_, host_, bytes_, gpu_->stream()),
              "copying an input");
}

void GpuBuffer::copy_to_host() const {
  gpu_->check(gpu_->api().copy_to_host(host_, device_, bytes_, gpu_->stream()),
              "copying an output");
}

GpuTransfers::GpuTransfers(const Gpu& gpu, bool copies) : gpu_(gpu), copies_(copies) {
  gpu.check(gpu.api().create_event(&begin_, 0), "making an event");
  gpu.check(gpu.api().create_event(&end_, 0), "making an event");
}

GpuTransfers::~GpuTransfers() {
  clear();
  gpu_.api().destroy_event(begin_);
  gpu_.api().destroy_event(end_);
}

GpuBuffer& GpuTransfers::add_input(std::span<const std::byte> bytes) {
  GpuBuffer& buffer = inputs_.emplace_back(gpu_, bytes.size());
  if (!bytes.empty()) std::memcpy(buffer.host(), bytes.data(), bytes.size());
  buffer.copy_to_device();
  gpu_.synchronize();
  return buffer;
}

GpuBuffer& GpuTransfers::add_output(size_t bytes) { return outputs_.emplace_back(gpu_, bytes); }

void GpuTransfers::clear() {
  if (graph_ != nullptr) gpu_.api().destroy_executable(graph_);
  graph_ = nullptr;
  ran_ = false;
  inputs_.clear();
  outputs_.clear();
}

std::optional<double> GpuTransfers::compute_s() const {
  if (!ran_) return std::nullopt;
  float ms = 0;
  gpu_.check(gpu_.api().elapsed_ms(&ms, begin_, end_), "reading the GPU's time");
  return static_cast<double>(ms) / 1e3;
}

std::span<const std::byte> GpuTransfers::output(size_t index) const {
  const GpuBuffer& buffer = outputs_.at(index);
  if (!copies_) {
    buffer.copy_to_host();
    gpu_.synchronize();
  }
  return {buffer.host(), buffer.bytes()};
}

void GpuTransfers::record(cuda::Event* event) const {
  gpu_.check(gpu_.api().record_event(event, gpu_.stream()), "recording an event");
}

void GpuTransfers::launch() const {
  gpu_.check(gpu_.api().launch(graph_, gpu_.stream()), "launching the graph");
}

void GpuTransfers::begin_capture() const {
  gpu_.check(gpu_.api().begin_capture(gpu_.stream(), cuda::kThreadLocalCapture),
             "capturing a graph");
}

void GpuTransfers::abandon_capture() const {
  cuda::Graph* graph = nullptr;
  if (gpu_.api().end_capture(gpu_.stream(), &graph) == 0 && graph != nullptr) {
    gpu_.api().destroy_graph(graph);
  }
}

void GpuTransfers::end_capture() {
  cuda::Graph* graph = nullptr;
  gpu_.check(gpu_.api().end_capture(gpu_.stream(), &graph), "capturing a graph");
  const int error = gpu_.api().instantiate(&graph_, graph, 0);
  gpu_.api().destroy_graph(graph);
  gpu_.check(error, "making a graph");
}

}  // namespace dnnbench
