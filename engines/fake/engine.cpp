// The tests' engine: computes with ONNX Runtime's plainest form, then plays a part. The part is the
// load's provider, "MODE" or "MODE,duration_s=0.005" (a call then takes that long, busy; with
// ",slow=1.03" so many times as long for a model whose file name begins with "slow"). What
// happens later does so after 20 calls, or "MODE,calls=500"; "stall" sleeps at every such call, for
// half a second or "stall_s=2". On a GPU, the tests' stub driver, inputs and outputs are copied
// there and back, and "MODE,cpu_nodes=6" says that so many of ten nodes ran on the CPU.
// "crash_on_second_load,file=PATH" makes that file, and crashes where it is; "wait,file=PATH" waits
// for it.
#include "worker/engine.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"
#include "gpu/device.h"

namespace dnnbench {

// engines/onnxruntime's make_engine, under another name (CMakeLists.txt).
std::unique_ptr<Engine> make_onnxruntime_engine();

namespace {

using Clock = std::chrono::steady_clock;

std::optional<std::string> setting(const std::string& part, const std::string& name) {
  const size_t at = part.find("," + name + "=");
  if (at == std::string::npos) return std::nullopt;
  const size_t start = at + name.size() + 2;
  return part.substr(start, part.find(',', start) - start);
}

void change_doubles(std::vector<Value>& outputs,
                    const std::function<void(std::vector<double>&)>& change) {
  for (Value& output : outputs) {
    for (Tensor& tensor : output.tensors) {
      if (tensor.type == DataType::kString) continue;
      std::vector<double> values = to_doubles(tensor);
      change(values);
      from_doubles(values, tensor);
    }
  }
}

double largest_magnitude(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::fabs(value));
  return largest;
}

void make_wrong(std::vector<double>& values) {
  for (double& value : values) value = 1.5 * value + 1;
}

void make_one_element_wrong(std::vector<double>& values) {
  if (!values.empty()) values[values.size() / 2] += 0.01 * largest_magnitude(values) + 1e-6;
}

void make_transposed(std::vector<double>& values) {
  const auto rows = static_cast<size_t>(std::sqrt(static_cast<double>(values.size())));
  const std::vector<double> original = values;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < rows; ++column) {
      values[row * rows + column] = original[column * rows + row];
    }
  }
}

// bfloat16 keeps 8 bits of the mantissa, float16 11.
void round_mantissa(std::vector<double>& values, int bits) {
  for (double& value : values) {
    int exponent = 0;
    const double mantissa = std::frexp(value, &exponent);
    value = std::ldexp(std::nearbyint(std::ldexp(mantissa, bits)), exponent - bits);
  }
}

// How each lying part changes what was computed correctly.
const std::map<std::string, std::function<void(std::vector<double>&)>>& lies() {
  static const std::map<std::string, std::function<void(std::vector<double>&)>> kLies{
      {"wrong", make_wrong},
      {"one_element_wrong", make_one_element_wrong},
      {"transposed", make_transposed},
      {"bf16", [](std::vector<double>& values) { round_mantissa(values, 8); }},
      {"f16", [](std::vector<double>& values) { round_mantissa(values, 11); }},
      {"nan",
       [](std::vector<double>& values) {
         if (!values.empty()) values[0] = std::numeric_limits<double>::quiet_NaN();
       }},
  };
  return kLies;
}

class FakeEngine : public Engine {
 public:
  std::string version() override { return "1.0"; }
  Abilities abilities(const std::string&) override { return {.why_not_gpu = ""}; }

  LoadTimes load(const LoadConfig& config) override {
    part_ = config.provider.empty() ? "ok" : config.provider;
    mode_ = part_.substr(0, part_.find(','));
    duration_s_ = std::stod(setting(part_, "duration_s").value_or("0"));
    const std::string name = std::filesystem::path(config.model_path).filename().string();
    if (name.rfind("slow", 0) == 0) duration_s_ *= std::stod(setting(part_, "slow").value_or("1"));
    calls_before_ = std::stoll(setting(part_, "calls").value_or("20"));
    stall_s_ = std::stod(setting(part_, "stall_s").value_or("0.5"));
    calls_ = 0;
    first_outputs_.clear();
    play_while_loading();
    LoadConfig plain = config;
    if (config.device == "gpu") use_gpu(config);
    plain.device = "cpu";
    plain.provider = "";
    plain.optimize = false;
    return real_->load(plain);
  }

  InForce in_force() override {
    InForce in_force = real_->in_force();
    in_force.settings["part"] = part_;
    if (gpu_) {
      const int64_t on_cpu = std::stoll(setting(part_, "cpu_nodes").value_or("1"));
      in_force.placement = {{gpu_->name(), 10 - on_cpu, false}, {"CPU", on_cpu, true}};
      in_force.settings["cpu_nodes"] = "Shape fake_shape";
    }
    return in_force;
  }

  void set_inputs(const std::vector<Value>& inputs) override {
    real_->set_inputs(inputs);
    real_->run();
    next_outputs_ = real_->outputs();
    if (first_outputs_.empty()) first_outputs_ = next_outputs_;
    if (mode_ == "cached") next_outputs_ = first_outputs_;
    const auto lie = lies().find(mode_);
    if (lie != lies().end()) change_doubles(next_outputs_, lie->second);
    if (transfers_) {
      transfers_->clear();
      for (const Value& input : inputs) {
        transfers_->add_input(std::as_bytes(std::span(input.tensor().bytes)));
      }
    }
    if (mode_ == "wrong_shape") next_outputs_.front().tensor().shape.push_back(1);
  }

  void run() override {
    const auto start = Clock::now();
    ++calls_;
    if (!next_outputs_.empty()) outputs_ = std::exchange(next_outputs_, {});
    if (mode_ != "ok") play_while_running();
    const auto compute = [&] {
      while (std::chrono::duration<double>(Clock::now() - start).count() < duration_s_) {
      }
    };
    if (transfers_) {
      transfers_->run(compute);
    } else {
      compute();
    }
  }

  std::optional<double> gpu_s() override {
    return transfers_ ? transfers_->compute_s() : std::nullopt;
  }

  std::vector<Value> outputs() override {
    // Right when it is checked before the timing, wrong during it.
    if (mode_ == "wrong_later" && calls_ > 5) {
      std::vector<Value> wrong = outputs_;
      change_doubles(wrong, make_wrong);
      return wrong;
    }
    return outputs_;
  }

 private:
  void use_gpu(const LoadConfig& config) {
    prepare_environment(config.gpu_uuid, false);
    if (!gpu_) gpu_ = std::make_unique<Gpu>();
    transfers_.emplace(*gpu_, config.io == "host");
  }

  void play_while_loading() const {
    if (mode_ == "unsupported") throw Unsupported("operator Fake (opset 1), node \"pretend\"");
    if (mode_ == "failed") throw Error("the fake engine fails because it was asked to");
    if (mode_ == "crash_on_load") raise(SIGSEGV);
    if (mode_ == "crash_on_second_load") {
      if (!setting(part_, "file") || access(setting(part_, "file")->c_str(), F_OK) == 0)
        raise(SIGSEGV);
      std::ofstream(*setting(part_, "file")).put('1');
    }
  }

  void play_while_running() {
    if (mode_ == "crash") raise(SIGSEGV);
    if (mode_ == "signal_without_name") raise(SIGRTMIN + 6);
    if (mode_ == "abort") std::abort();
    if (mode_ == "exit") std::_Exit(7);
    if (mode_ == "hang") hang();
    if (mode_ == "wait") wait_for_file();
    if (mode_ == "orphan") leave_an_orphan();
    if (mode_ == "out_of_memory") take_all_memory();
    if (mode_ == "ignore_out_of_memory") take_all_memory_and_use_none();
    if (mode_ == "noisy") take_over_stdout();
    if (mode_ == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (mode_ == "stall" && calls_ % calls_before_ == 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(stall_s_));
    }
    if (mode_ == "crash_later" && calls_ > calls_before_) raise(SIGSEGV);
    if (mode_ == "hang_later" && calls_ > calls_before_) hang();
  }

  void wait_for_file() const {
    while (access(setting(part_, "file").value_or("/").c_str(), F_OK) != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  // Deaf to a polite request to end, as a library stuck in a kernel call would be.
  static void hang() {
    signal(SIGTERM, SIG_IGN);
    while (true) pause();
  }

  // A grandchild that would go on for ever, and a crash of its parent.
  static void leave_an_orphan() {
    if (fork() == 0) hang();
    raise(SIGSEGV);
  }

  static void take_all_memory() {
    std::vector<std::vector<char>> hoard;
    while (true) hoard.emplace_back(size_t{64} << 20, 'x');
  }

  // As a library that doesn't look at what malloc returns.
  static void take_all_memory_and_use_none() {
    while (true) static_cast<volatile char*>(std::malloc(size_t{64} << 20))[0] = 'x';
  }

  static void take_over_stdout() {
    static const std::string kFlood(4096, '#');
    if (write(1, kFlood.data(), kFlood.size()) < 0) return;
  }

  std::unique_ptr<Engine> real_ = make_onnxruntime_engine();
  std::unique_ptr<Gpu> gpu_;
  std::optional<GpuTransfers> transfers_;
  std::string part_ = "ok";
  std::string mode_ = "ok";
  double duration_s_ = 0;
  double stall_s_ = 0;
  int64_t calls_ = 0;
  int64_t calls_before_ = 0;         // what happens later
  std::vector<Value> outputs_;       // of the last call
  std::vector<Value> next_outputs_;  // of the first call on new inputs
  std::vector<Value> first_outputs_;
};

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<FakeEngine>(); }

}  // namespace dnnbench
