// TensorRT's libraries, opened at run time: nothing of NVIDIA's is loaded before it is known that
// there is a GPU.
#pragma once

#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <memory>
#include <string>

namespace dnnbench::tensorrt {

// Keeps what the library last complained of; all of it goes to the log.
class Logger : public nvinfer1::ILogger {
 public:
  void log(Severity severity, const char* message) noexcept override;
  // "TensorRT: MESSAGE"; a plain sentence where it said nothing.
  std::string last_error() const;

 private:
  std::string last_error_;
};

class Library {
 public:
  // Throws Error where the libraries are missing or older than the headers.
  Library();

  std::string version() const;  // "10.6.0", of the library really loaded
  std::unique_ptr<nvinfer1::IBuilder> create_builder();
  std::unique_ptr<nvinfer1::IRuntime> create_runtime();
  std::unique_ptr<nvonnxparser::IParser> create_parser(nvinfer1::INetworkDefinition& network);

  Logger& logger() { return logger_; }

 private:
  void* infer_;
  void* parser_ = nullptr;  // opened when first needed
  Logger logger_;
};

}  // namespace dnnbench::tensorrt
