#include "program.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>
#include <tvm/ffi/c_api.h>
#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/map.h>
#include <tvm/ffi/container/tensor.h>
#include <tvm/ffi/error.h>
#include <tvm/ffi/extra/module.h>
#include <tvm/ffi/function.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <optional>
#include <sstream>

#include "core/error.h"

namespace dnnbench::tvm_runtime {
namespace {

namespace ffi = ::tvm::ffi;
namespace fs = std::filesystem;

constexpr DLDeviceType kDevice = kDLCPU;  // the machine's, its kernels' and its tensors'
constexpr const char* kDeviceName = "CPU";

constexpr int kPooledAllocator = 2;  // tvm/runtime/memory/memory_manager.h, which is not packaged
constexpr size_t kAlignment = 64;    // tvm::runtime::kAllocAlignment

struct AlignedMemory {
  void AllocData(DLTensor* tensor) {
    const size_t bytes = ffi::GetDataSize(*tensor);
    tensor->data = std::aligned_alloc(kAlignment, (bytes + kAlignment) / kAlignment * kAlignment);
    if (tensor->data == nullptr) throw std::bad_alloc();
  }
  void FreeData(DLTensor* tensor) { std::free(tensor->data); }
};

// The library's exceptions carry a stack and several lines.
template <typename Call>
auto translating_failures(Call call) {
  try {
    return call();
  } catch (const ffi::Error& error) {
    const std::string message = error.message();
    if (message.find("bad_alloc") != std::string::npos) throw std::bad_alloc();
    throw Error("TVM: " + message.substr(0, message.find('\n')));
  }
}

DLDataType to_library(const Value& value) {
  if (value.kind != Value::Kind::kTensor) {
    throw Unsupported("TVM takes no sequences or optionals as inputs (\"" + value.name + "\")");
  }
  const DataType type = value.tensor().type;
  const auto bits = static_cast<uint8_t>(bit_width(type));
  switch (type) {
    case DataType::kBool:
      return {kDLBool, bits, 1};
    case DataType::kBfloat16:
      return {kDLBfloat, bits, 1};
    case DataType::kFloat16:
    case DataType::kFloat32:
    case DataType::kFloat64:
      return {kDLFloat, bits, 1};
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
      return {kDLInt, bits, 1};
    case DataType::kUint8:
    case DataType::kUint16:
    case DataType::kUint32:
    case DataType::kUint64:
      return {kDLUInt, bits, 1};
    default:
      throw Unsupported(
          fmt::format("TVM takes no {} as inputs (\"{}\")", to_string(type), value.name));
  }
}

DataType by_width(uint8_t bits, DataType of_8, DataType of_16, DataType of_32, DataType of_64) {
  switch (bits) {
    case 8:
      return of_8;
    case 16:
      return of_16;
    case 32:
      return of_32;
    case 64:
      return of_64;
    default:
      return DataType::kUndefined;
  }
}

DataType from_library(DLDataType type) {
  switch (type.code) {
    case kDLBool:
      return DataType::kBool;
    case kDLBfloat:
      return DataType::kBfloat16;
    case kDLFloat:
      return by_width(type.bits, DataType::kUndefined, DataType::kFloat16, DataType::kFloat32,
                      DataType::kFloat64);
    case kDLInt:
      return by_width(type.bits, DataType::kInt8, DataType::kInt16, DataType::kInt32,
                      DataType::kInt64);
    case kDLUInt:
      return type.bits == 1 ? DataType::kBool
                            : by_width(type.bits, DataType::kUint8, DataType::kUint16,
                                       DataType::kUint32, DataType::kUint64);
    default:
      return DataType::kUndefined;
  }
}

ffi::Tensor to_library_tensor(const Value& value) {
  const Tensor& tensor = value.tensor();
  const auto copy = ffi::Tensor::FromNDAlloc(AlignedMemory(), ffi::Shape(tensor.shape),
                                             to_library(value), DLDevice{kDevice, 0});
  std::memcpy(copy.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  return copy;
}

Value from_library_tensor(const std::string& name, const ffi::Tensor& tensor) {
  const DataType type = from_library(tensor.dtype());
  if (type == DataType::kUndefined || !tensor.IsContiguous()) {
    throw Error(fmt::format("TVM gave the output \"{}\" in a form that is not known", name));
  }
  const ffi::ShapeView shape = tensor.shape();
  Tensor copy = make_tensor(type, std::vector<int64_t>(shape.begin(), shape.end()));
  const auto* const data = static_cast<const std::byte*>(tensor.data_ptr());
  std::memcpy(copy.bytes.data(), data + tensor.byte_offset(), copy.bytes.size());
  return make_value(name, std::move(copy));
}

ffi::Function function_of(const ffi::Module& module, const std::string& name) {
  const ffi::Optional<ffi::Function> function = module->GetFunction(name);
  if (!function.has_value()) throw Error("TVM: the compiled model has no " + name);
  return *function;
}

// The file from which the process has loaded the library.
fs::path path_of_library(const char* name) {
  void* const library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
  const link_map* map = nullptr;
  if (library == nullptr || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
    throw Error(fmt::format("TVM's runtime library is not loaded: {}", dlerror()));
  }
  const fs::path path = fs::canonical(map->l_name);
  dlclose(library);
  return path;
}

// Instructions of the program's text that call something else than the machine's own functions.
int64_t count_kernel_calls(const std::string& program) {
  std::istringstream lines(program);
  int64_t calls = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string instruction, function;
    words >> instruction >> function;
    calls += instruction == "call" && !function.starts_with("vm.");
  }
  return calls;
}

}  // namespace

std::string library_version() {
  const std::string prefix = "apache_tvm-", suffix = ".dist-info";
  const fs::path library = path_of_library("libtvm_runtime.so");
  for (const auto& entry : fs::directory_iterator(library.parent_path() / "../..")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    return name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  }
  throw Error(fmt::format("TVM's version is unknown: beside {} there is no folder apache_tvm-*{}",
                          library.string(), suffix));
}

std::string ffi_version() {
  TVMFFIVersion version;
  TVMFFIGetVersion(&version);
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

int start_threads(int count) {
  // Without pinning: the process's affinity is the run's affair. Read when the pool is made.
  setenv("TVM_NUM_THREADS", std::to_string(count).c_str(), 1);
  setenv("TVM_BIND_THREADS", "0", 1);
  return translating_failures(
      [] { return ffi::Function::GetGlobalRequired("runtime.NumThreads")().cast<int>(); });
}

// The library's last parameters: weight0, weight1, ...
std::vector<ffi::Tensor> read_weights(const std::string& path) {
  const auto read = ffi::Function::GetGlobalRequired("runtime.LoadParamsFromFile");
  const auto by_name = read(path).cast<ffi::Map<ffi::String, ffi::Tensor>>();
  std::vector<ffi::Tensor> weights;
  for (size_t i = 0; i < by_name.size(); ++i) {
    weights.push_back(by_name.at(fmt::format("weight{}", i)));
  }
  return weights;
}

struct Program::Parts {
  explicit Parts(const CompiledFiles& files)
      : weights(read_weights(files.weights)),
        library(ffi::Module::LoadFromFile(files.library)),
        machine(function_of(library, "vm_load_executable")().cast<ffi::Module>()) {
    function_of(machine, "vm_initialization")(static_cast<int>(kDevice), 0, kPooledAllocator);
    main = function_of(machine, "main");
  }

  std::vector<ffi::Tensor> weights;
  ffi::Module library;
  ffi::Module machine;
  std::optional<ffi::Function> main;
  std::vector<ffi::Tensor> inputs;
  std::vector<ffi::AnyView> arguments;
  ffi::Any result;
};

Program::Program(const CompiledFiles& files)
    : parts_(translating_failures([&] { return std::make_unique<Parts>(files); })) {}

Program::~Program() = default;

Kernels Program::kernels() const {
  return translating_failures([&] {
    const auto text = parts_->library->GetFunction("as_text", true);
    if (!text.has_value()) throw Error("TVM: the compiled model has no as_text");
    return Kernels{kDeviceName, count_kernel_calls((*text)().cast<std::string>())};
  });
}

void Program::set_inputs(const std::vector<Value>& inputs) {
  translating_failures([&] {
    parts_->arguments.clear();
    parts_->inputs.clear();
    for (const Value& input : inputs) parts_->inputs.push_back(to_library_tensor(input));
    for (const ffi::Tensor& input : parts_->inputs) parts_->arguments.emplace_back(input);
    for (const ffi::Tensor& weight : parts_->weights) parts_->arguments.emplace_back(weight);
  });
}

void Program::run() {
  translating_failures([&] {
    parts_->result = nullptr;  // so that the library can use the memory again
    const auto& arguments = parts_->arguments;
    parts_->main->CallPacked(arguments.data(), static_cast<int32_t>(arguments.size()),
                             &parts_->result);
  });
}

std::vector<Value> Program::outputs(const std::vector<import::Parameter>& outputs) const {
  return translating_failures([&] {
    std::vector<ffi::Tensor> tensors;
    if (const auto single = parts_->result.try_cast<ffi::Tensor>()) {
      tensors.push_back(*single);
    } else {
      for (const ffi::Tensor& tensor : parts_->result.cast<ffi::Array<ffi::Tensor>>()) {
        tensors.push_back(tensor);
      }
    }
    if (tensors.size() != outputs.size()) throw Error("TVM returned a different number of outputs");
    std::vector<Value> values;
    for (size_t i = 0; i < tensors.size(); ++i) {
      values.push_back(from_library_tensor(outputs[i].name, tensors[i]));
    }
    return values;
  });
}

}  // namespace dnnbench::tvm_runtime
