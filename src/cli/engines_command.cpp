#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <set>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/layout.h"
#include "cli/terminal.h"
#include "cli/verify_cache.h"
#include "core/cache.h"
#include "core/commands.h"
#include "core/error.h"
#include "core/printable.h"
#include "process/engine_session.h"
#include "process/work_folder.h"
#include "results/units.h"
#include "run/candidate.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

fs::path engines_cache() { return fs::path(cache_folder()) / "engines"; }

// Engines with a program beside this one, or with a package in the cache.
std::set<std::string> known_engines() {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(engines_cache(), ignored)) {
    if (entry.is_directory()) names.insert(entry.path().filename().string());
  }
  for (const std::string& engine : built_engines()) names.insert(engine);
  names.erase("fake");
  return names;
}

int64_t folder_bytes(const fs::path& folder) {
  int64_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    if (entry.is_regular_file(ignored) && !entry.is_symlink(ignored)) {
      bytes += static_cast<int64_t>(entry.file_size(ignored));
    }
  }
  return bytes;
}

// What an engine's library says of itself, or why it can't.
struct Version {
  std::string text;
  std::string note;  // "" for none
};

Version version_of(const std::string& engine, const WorkFolder& work) {
  if (!engine_is_built(engine)) {
    return {"-",
            fmt::format("not an engine in this build: libraries that engines need, or an engine "
                        "that {} with its flag builds",
                        bench_name())};
  }
  try {
    return {greet(engine, work).version, ""};
  } catch (const EngineEnded& ended) {
    return {"unknown", ended.what()};
  }
}

void list_engines() {
  const WorkFolder work;
  Table table{{{"engine", "", Align::kLeft}, {"size", ""}, {"version", "", Align::kLeft}}, {}};
  std::string notes;
  for (const std::string& engine : known_engines()) {
    const Version version = version_of(engine, work);
    table.rows.push_back(
        {engine, format_bytes(folder_bytes(engines_cache() / engine)), printable(version.text)});
    if (!version.note.empty()) notes += fmt::format("{}: {}\n", engine, printable(version.note));
  }
  const size_t width = width_of(STDOUT_FILENO);
  fmt::print("{}{}", table_text(table, width, kWiderTerminal), wrapped(notes, width));
}

// Whether all is as it was installed.
bool verify_engines() {
  bool all_ok = true;
  for (const VerifiedFolder& folder : verify_cache(cache_folder())) {
    const std::string files = counted(static_cast<int64_t>(folder.files), "file");
    const std::string found = folder.damaged.empty()
                                  ? files + " as installed"
                                  : fmt::format("{} of {} damaged; the next run fetches it again",
                                                folder.damaged.size(), files);
    fmt::print("{}", wrapped(fmt::format("{}: {}\n", folder.name, found), width_of(STDOUT_FILENO)));
    for (const std::string& path : folder.damaged) fmt::print("  {}\n", path);
    all_ok = all_ok && folder.damaged.empty();
  }
  return all_ok;
}

void remove_engine(const std::string& engine) {
  const fs::path folder = engines_cache() / engine;
  if (engine.find('/') != std::string::npos || engine.rfind('.', 0) == 0 || !fs::exists(folder)) {
    throw UsageError(
        fmt::format("no engine {} is installed; {} engines lists them", engine, dnnbench_name()));
  }
  const int64_t bytes = folder_bytes(folder);
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) throw Error(fmt::format("could not remove {}: {}", folder.string(), error.message()));
  fmt::print(stderr, "Removed {} ({}) from {}\n", engine, format_bytes(bytes), folder.string());
}

}  // namespace

int engines_command(const std::vector<std::string>& arguments) {
  std::string to_remove;
  CLI::App app;
  app.add_option("--remove", to_remove);
  bool verify = false;
  app.add_flag("--verify", verify);
  parse_arguments(app, "engines", arguments);
  if (verify) return verify_engines() ? kExitOk : kExitNotAllOk;
  if (to_remove.empty()) {
    list_engines();
  } else {
    remove_engine(to_remove);
  }
  return kExitOk;
}

}  // namespace dnnbench
