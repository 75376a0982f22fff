// Apache TVM: a model is compiled ahead, by TVM's compiler in a process of its own
// (compiler_process.h), and run through TVM's runtime library alone.
#include "worker/engine.h"

#include <fmt/format.h>

#include <filesystem>
#include <new>
#include <optional>
#include <utility>

#include "compiler_process.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/precision.h"
#include "import/read_graph.h"
#include "program.h"
#include "protocol/precision.h"
#include "tvm_cache.h"

namespace dnnbench {
namespace {

using tvm_runtime::CompiledModel;

void require_supported(const LoadConfig& config) {
  if (is_quantised(config.precision)) {
    throw Unsupported(
        "this build has no way to TVM's int8 operators; emulating them in f32 would only be "
        "slower");
  }
  if (config.precision != "f32" && config.precision != "default") {
    throw Unsupported("TVM computes in the model's own types; it can't be set to compute in " +
                      config.precision);
  }
  if (!config.optimize) throw Unsupported("TVM always compiles with its optimisations");
}

class TvmEngine : public Engine {
 public:
  std::string version() override { return tvm_runtime::library_version(); }
  Abilities abilities(const std::string&) override {
    return {.imports = true, .compiles_ahead = true, .tunes = true};
  }

  LoadTimes load(const LoadConfig& config) override {
    program_.reset();
    compile_s_.reset();
    tune_s_.reset();
    require_supported(config);
    threads_ = tvm_runtime::start_threads(config.threads);
    model_ = import::read_graph(config);
    const std::string description = tvm_runtime::description_of(config, model_.graph);
    model_.graph.constants.clear();
    model_.graph.nodes.clear();
    compiled_ = config.tune_budget_s > 0 ? tuned(config, description) : own(config, description);
    return {.compile_s = compile_s_, .tune_s = tune_s_};
  }

  InForce in_force() override {
    const tvm_runtime::Kernels kernels = program_->kernels();
    InForce in_force{
        compiled_.settings.at("precision"), threads_, {{kernels.device, kernels.calls}}, {}};
    in_force.settings = compiled_.settings;
    in_force.settings.erase("precision");
    in_force.settings["tvm_ffi"] = tvm_runtime::ffi_version();
    in_force.settings["compiled"] =
        compile_s_ ? "in this run" : fmt::format("earlier, in {:.1f} s", compiled_.compile_s);
    if (compiled_.searched_s > 0) {
      in_force.settings["tuning_s"] = fmt::format("{:.1f}", compiled_.searched_s);
    }
    return in_force;
  }

  void set_inputs(const std::vector<Value>& inputs) override {
    program_->set_inputs(import::graph_inputs(model_, inputs));
  }

  void run() override { program_->run(); }

  std::vector<Value> outputs() override { return program_->outputs(model_.graph.outputs); }

  // What runs: a library that tvm.runtime.load_module reads, and its weights for
  // tvm.runtime.load_param_dict_from_file.
  std::string save_converted(const std::string& path) override {
    const std::string folder = path + ".tvm";
    const auto overwrite = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file(compiled_.files.library, folder + "/model.so", overwrite);
    std::filesystem::copy_file(compiled_.files.weights, folder + "/model.params", overwrite);
    return folder;
  }

 private:
  // Loads what is kept of it; a kept model that doesn't load is none, and is forgotten.
  std::optional<CompiledModel> load_kept(const std::string& description) {
    auto kept = tvm_runtime::find_compiled(description);
    if (!kept) return std::nullopt;
    try {
      program_ = std::make_unique<tvm_runtime::Program>(kept->files);
    } catch (const Error&) {
      tvm_runtime::forget_compiled(description);
      return std::nullopt;
    }
    return kept;
  }

  // Only what loads is kept, and only what is kept runs.
  CompiledModel load_and_keep(const std::string& description, const CompiledModel& model) {
    auto program = std::make_unique<tvm_runtime::Program>(model.files);
    CompiledModel kept = tvm_runtime::keep_compiled(description, model);
    program_ = std::move(program);
    return kept;
  }

  // With our own schedules.
  CompiledModel own(const LoadConfig& config, const std::string& description) {
    if (auto kept = load_kept(description)) return *kept;
    const double start_s = monotonic_s();
    const tvm_runtime::PartialFolder folder;
    CompiledModel model = tvm_runtime::compile(config, folder.files());
    compile_s_ = model.compile_s = monotonic_s() - start_s;
    return load_and_keep(description, model);
  }

  // The best that is known when so many seconds have been spent on it in all. A search of which
  // nothing comes takes nothing away: what was there before is measured, and the reason reported.
  CompiledModel tuned(const LoadConfig& config, const std::string& own_description) {
    const std::string description = tvm_runtime::tuned(own_description, threads_);
    const auto kept = load_kept(description);
    const double searched_s = kept ? kept->searched_s : 0;
    if (kept && (kept->is_exhausted || searched_s >= config.tune_budget_s)) return *kept;
    const CompiledModel own_model = own(config, own_description);
    const double start_s = monotonic_s();
    CompiledModel model = kept ? *kept : own_model;
    if (kept) program_ = std::make_unique<tvm_runtime::Program>(kept->files);
    try {
      const tvm_runtime::PartialFolder folder;
      CompiledModel found =
          tvm_runtime::tune(config, own_model, config.tune_budget_s - searched_s,
                            tvm_runtime::records_folder_of(description), folder.files());
      found.searched_s += searched_s;
      for (const char* key : {"precision", kCoarsestType}) {  // tuning changes no type
        const auto own_setting = own_model.settings.find(key);
        if (own_setting != own_model.settings.end()) found.settings[key] = own_setting->second;
      }
      model = load_and_keep(description, found);
    } catch (const std::bad_alloc&) {
      model.settings["tuning"] = "TVM's compiler ran out of memory";
    } catch (const std::exception& error) {
      model.settings["tuning"] = error.what();
    }
    tune_s_ = monotonic_s() - start_s;
    return model;
  }

  import::ImportedModel model_;
  int threads_ = 0;
  CompiledModel compiled_;
  std::optional<double> compile_s_, tune_s_;
  std::unique_ptr<tvm_runtime::Program> program_;
};

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<TvmEngine>(); }

}  // namespace dnnbench
