// Journal: what a comparison has found out so far, kept in a file while it runs, so that after
// Ctrl-C, a kill, a power loss or a full disk the same command goes on. Everything that a run can't
// foresee goes through it: engines' steps (measure/journaled_engine.h), the clock, free memory. A
// run that goes on executes the same code again: the journal answers in the engines' place as far
// as it reaches, then the engines do, which are loaded only then.
//
// The file has a line for each block of turns: a checksum and what happened in it. The checksum
// covers the lines before it too; the first line is the journal's key. What follows a line
// that is torn or damaged is cut off. docs/decisions/0062-go-on-where-a-run-was-interrupted.md
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "measure/surroundings.h"

namespace dnnbench {

// Thrown where the run asks for something other than what the journal has at that place.
// Nothing has been measured by then: the run starts over without it.
class JournalUnfit : public std::runtime_error {
 public:
  JournalUnfit() : std::runtime_error("the journal is not of this run") {}
};

class Journal {
 public:
  static constexpr double kMaxAge_s = 24 * 3600;

  // Reads the file if it is there, is of this `key`, and was written within kMaxAge_s; otherwise
  // starts over. Makes it with the first commit. Writes nothing where `path` is "".
  Journal(std::string path, std::string key, const Surroundings& surroundings);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // What happened at this place when the journal was written; or what happens now: live().
  // `what` names it. Throws what live() throws, and JournalUnfit.
  nlohmann::json answer(const std::string& what, const std::function<nlohmann::json()>& live);

  bool is_replaying() const { return line_ < lines_.size(); }

  // Blocks of turns that it answers.
  size_t blocks() const { return blocks_; }

  // Keeps what happened since the last one; `block` where turns did. It is in the kernel's hands
  // after this, and on the disk within seconds. The first failure is a sentence in failure().
  void commit(bool block);
  const std::string& failure() const { return failure_; }

  // Removes the file and forgets what it held.
  void start_over();

  // The same as those given, kept and answered. No interrupt comes while the journal answers.
  Surroundings surroundings();

  // To be added to what the clock of this process says: the journal's goes on where it ended.
  double clock_offset_s() const { return offset_s_; }

  // The clock stands still meanwhile: an engine is loaded that was loaded before.
  void without_time(const std::function<void()>& act);

  // A time that the journal answered.
  void saw(double time_s);

  // For journaled engines.
  size_t new_engine() { return engines_++; }
  // Memory that engines which are not loaded again yet will take.
  void expect_memory(size_t engine, int64_t bytes) { dormant_bytes_[engine] = bytes; }

  const std::string& path() const { return path_; }

 private:
  void read();
  bool open_for_writing();
  double now_s();
  int64_t free_memory_bytes();

  std::string path_;
  std::string key_;
  Surroundings given_;
  std::vector<nlohmann::json> lines_;  // read from the file
  size_t line_ = 0;                    // the line that has the next answer
  size_t record_ = 0;                  // its place in that line
  size_t blocks_ = 0;
  nlohmann::json pending_ = nlohmann::json::array();
  std::string chain_;  // checksum of the last line
  std::string failure_;
  int fd_ = -1;
  int64_t good_bytes_ = 0;  // of whole lines
  double synced_s_ = 0;
  double last_s_ = 0;
  double offset_s_ = 0;
  size_t engines_ = 0;
  std::map<size_t, int64_t> dormant_bytes_;
};

}  // namespace dnnbench
