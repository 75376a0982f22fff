// Gpu: the one GPU that an engine's process uses, with a stream of its own; GpuTransfers: inputs
// and outputs of an inference on it. Both through the driver alone, so that all engines copy,
// synchronise and read times alike. Not thread-safe. Errors of the driver are thrown:
// std::bad_alloc where the GPU's memory is used up, otherwise Error.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>

#include "gpu/driver_api.h"

namespace dnnbench {

// Leaves only this GPU to the libraries of this process, as device 0, and keeps TF32 out of those
// that have no switch of their own (NVIDIA_TF32_OVERRIDE=0), unless it is allowed. Before any of
// them is opened.
void prepare_environment(const std::string& gpu_uuid, bool allow_tf32);

class Gpu {
 public:
  // Of the only device that prepare_environment has left. Its context is the one that CUDA's
  // libraries use.
  explicit Gpu(const std::string& library = "libcuda.so.1");
  Gpu(const Gpu&) = delete;
  Gpu& operator=(const Gpu&) = delete;

  const cuda::DriverApi& api() const { return api_; }
  cuda::Stream* stream() const { return stream_; }
  const std::string& name() const { return name_; }
  int sm() const { return sm_; }  // 75
  bool has_tf32() const { return sm_ >= 80; }

  void synchronize() const { check(api_.synchronize(stream_), "waiting for the GPU"); }
  void check(int error, const char* doing) const;

 private:
  SharedLibrary library_;
  cuda::DriverApi api_;
  cuda::Stream* stream_ = nullptr;
  std::string name_;
  int sm_ = 0;
};

// A tensor's bytes in pinned host memory and on the GPU.
class GpuBuffer {
 public:
  GpuBuffer(const Gpu& gpu, size_t bytes);
  ~GpuBuffer();
  GpuBuffer(const GpuBuffer&) = delete;
  GpuBuffer& operator=(const GpuBuffer&) = delete;

  std::byte* host() const { return static_cast<std::byte*>(host_); }
  void* device() const { return reinterpret_cast<void*>(device_); }
  size_t bytes() const { return bytes_; }

  void copy_to_device() const;  // asynchronously, on the GPU's stream
  void copy_to_host() const;

 private:
  const Gpu* gpu_;
  size_t bytes_;
  void* host_ = nullptr;
  cuda::DeviceAddress device_ = 0;
};

class GpuTransfers {
 public:
  // With `copies` every run copies the inputs from the host and the outputs to it; without, both
  // stay on the GPU.
  GpuTransfers(const Gpu& gpu, bool copies);
  ~GpuTransfers();
  GpuTransfers(const GpuTransfers&) = delete;
  GpuTransfers& operator=(const GpuTransfers&) = delete;

  // Buffers stay where they are until clear().
  GpuBuffer& add_input(std::span<const std::byte> bytes);
  GpuBuffer& add_output(size_t bytes);
  void clear();

  // One inference: `enqueue` puts it on the GPU's stream. The GPU is idle on return.
  template <typename Enqueue>
  void run(Enqueue enqueue) {
    if (copies_) {
      for (const GpuBuffer& input : inputs_) input.copy_to_device();
    }
    record(begin_);
    if (graph_ != nullptr) {
      launch();
    } else {
      enqueue();
    }
    record(end_);
    if (copies_) {
      for (const GpuBuffer& output : outputs_) output.copy_to_host();
    }
    gpu_.synchronize();
    ran_ = true;
  }

  // Later runs launch what `enqueue` puts on the stream as one graph. Run it at least once before.
  template <typename Enqueue>
  void capture(Enqueue enqueue) {
    begin_capture();
    try {
      enqueue();
    } catch (...) {
      abandon_capture();
      throw;
    }
    end_capture();
  }

  // What the last run took by the GPU's clock, without the copies; absent before it.
  std::optional<double> compute_s() const;

  // The last run's output in host memory.
  std::span<const std::byte> output(size_t index) const;

 private:
  void record(cuda::Event* event) const;
  void launch() const;
  void begin_capture() const;
  void abandon_capture() const;
  void end_capture();

  const Gpu& gpu_;
  const bool copies_;
  bool ran_ = false;
  cuda::Event* begin_ = nullptr;
  cuda::Event* end_ = nullptr;
  cuda::GraphExec* graph_ = nullptr;  // owned
  std::deque<GpuBuffer> inputs_;
  std::deque<GpuBuffer> outputs_;
};

}  // namespace dnnbench
