#include "measure/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <utility>

#include "core/sha256.h"

namespace dnnbench {
namespace {

using nlohmann::json;

constexpr size_t kChecksumDigits = 16;
constexpr double kBetweenSyncs_s = 10;

std::string checksum(const std::string& chain, const std::string& text) {
  return sha256_of_text(chain + text).substr(0, kChecksumDigits);
}

bool is_fresh(const std::string& path) {
  struct stat file{};
  if (stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return false;
  return std::time(nullptr) - file.st_mtime < static_cast<time_t>(Journal::kMaxAge_s);
}

}  // namespace

Journal::Journal(std::string path, std::string key, const Surroundings& surroundings)
    : path_(std::move(path)), key_(std::move(key)), given_(surroundings) {
  if (!path_.empty()) read();
}

Journal::~Journal() {
  if (fd_ >= 0) close(fd_);
}

// As far as lines are whole, undamaged and in their order.
void Journal::read() {
  if (!is_fresh(path_)) return;
  std::ifstream file(path_, std::ios::binary);
  for (std::string line; std::getline(file, line) && !file.eof();) {
    const std::string sum = line.substr(0, kChecksumDigits);
    if (line.size() <= kChecksumDigits + 1) return;
    const std::string text = line.substr(kChecksumDigits + 1);
    if (checksum(chain_, text) != sum) return;
    json records = json::parse(text, nullptr, false);
    const bool is_first = good_bytes_ == 0;
    if (is_first && text != json(key_).dump()) return;
    if (!is_first && !records.is_object()) return;
    chain_ = sum;
    good_bytes_ += static_cast<int64_t>(line.size()) + 1;
    if (is_first) continue;
    blocks_ += records.value("block", false) ? 1 : 0;
    lines_.push_back(std::move(records.at("records")));
  }
}

json Journal::answer(const std::string& what, const std::function<json()>& live) {
  if (!is_replaying()) {
    json result = live();
    if (!path_.empty()) pending_.push_back({what, result});
    return result;
  }
  const json& records = lines_[line_];
  if (record_ >= records.size() || records[record_].at(0) != what) throw JournalUnfit();
  json result = records[record_].at(1);
  if (++record_ == records.size()) {
    record_ = 0;
    ++line_;
    if (!is_replaying()) offset_s_ = last_s_ - given_.now_s();
  }
  return result;
}

void Journal::commit(bool block) {
  if (is_replaying() || pending_.empty() || path_.empty()) return;
  const std::string text =
      json{{"block", block}, {"records", std::exchange(pending_, json::array())}}.dump(
          -1, ' ', false, json::error_handler_t::replace);
  if (!failure_.empty()) return;
  if (fd_ < 0 && !open_for_writing()) return;
  const std::string sum = checksum(chain_, text);
  const std::string line = sum + ' ' + text + '\n';
  const auto written = write(fd_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    failure_ = fmt::format("could not go on writing the journal {}: {}", path_,
                           written < 0 ? std::strerror(errno) : "no space is left");
    if (ftruncate(fd_, good_bytes_) != 0) unlink(path_.c_str());
    return;
  }
  chain_ = sum;
  good_bytes_ += written;
  const double now_s = given_.now_s();
  if (now_s - synced_s_ < kBetweenSyncs_s) return;
  fdatasync(fd_);
  synced_s_ = now_s;
}

// What is not of this run or is damaged is cut off.
bool Journal::open_for_writing() {
  fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
  bool is_ready = fd_ >= 0 && ftruncate(fd_, good_bytes_) == 0;
  if (is_ready && good_bytes_ == 0) {
    const std::string text = json(key_).dump();
    chain_ = checksum("", text);
    const std::string line = chain_ + ' ' + text + '\n';
    is_ready = write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    good_bytes_ = static_cast<int64_t>(line.size());
  }
  if (!is_ready) {
    failure_ = fmt::format("could not write the journal {}: {}", path_, std::strerror(errno));
  }
  return is_ready;
}

void Journal::start_over() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
  if (!path_.empty()) unlink(path_.c_str());
  lines_.clear();
  pending_ = json::array();
  line_ = record_ = blocks_ = engines_ = 0;
  chain_.clear();
  failure_.clear();
  good_bytes_ = 0;
  last_s_ = offset_s_ = 0;
  dormant_bytes_.clear();
}

Surroundings Journal::surroundings() {
  Surroundings kept;
  kept.now_s = [this] { return now_s(); };
  kept.free_memory_bytes = [this] { return free_memory_bytes(); };
  kept.is_interrupted = [this] { return !is_replaying() && given_.is_interrupted(); };
  kept.commit = [this](bool block) { commit(block); };
  return kept;
}

double Journal::now_s() {
  const json now = answer("now", [this] { return json(given_.now_s() + offset_s_); });
  saw(now.get<double>());
  return now.get<double>();
}

int64_t Journal::free_memory_bytes() {
  const json free = answer("free memory", [this] {
    int64_t bytes = given_.free_memory_bytes();
    if (bytes == 0) return json(0);
    for (const auto& [engine, dormant] : dormant_bytes_) bytes -= dormant;
    return json(std::max<int64_t>(bytes, 1));
  });
  return free.get<int64_t>();
}

void Journal::saw(double time_s) {
  last_s_ = std::max(last_s_, time_s);
  // The last answer of all may be the one that gives the time.
  if (!lines_.empty() && !is_replaying() && offset_s_ + given_.now_s() < last_s_) {
    offset_s_ = last_s_ - given_.now_s();
  }
}

void Journal::without_time(const std::function<void()>& act) {
  const double start_s = given_.now_s();
  act();
  offset_s_ -= given_.now_s() - start_s;
}

}  // namespace dnnbench
