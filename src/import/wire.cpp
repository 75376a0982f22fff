#include "import/wire.h"

#include <cstring>

#include "core/error.h"

namespace dnnbench::import {
namespace {

constexpr uint64_t kMaxField = (1 << 29) - 1;

void append_varint(std::string& message, uint64_t value) {
  for (; value >= 0x80; value >>= 7) message += static_cast<char>((value & 0x7f) | 0x80);
  message += static_cast<char>(value);
}

void append_tag(std::string& message, int field, int wire_type) {
  append_varint(message, static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type));
}

[[noreturn]] void throw_broken() {
  throw Error("the model's file is cut short or damaged; copy or download it again");
}

}  // namespace

bool WireReader::next() {
  if (at_ == message_.size()) return false;
  const size_t start = at_;
  const uint64_t tag = read_varint();
  if (tag >> 3 == 0 || tag >> 3 > kMaxField) throw_broken();
  field_ = static_cast<int>(tag >> 3);
  wire_type_ = static_cast<int>(tag & 7);
  switch (wire_type_) {
    case kVarint:
      varint_ = read_varint();
      break;
    case kFixed64:
      bytes_ = take(8);
      break;
    case kLengthDelimited:
      bytes_ = take(read_varint());
      break;
    case kFixed32:
      bytes_ = take(4);
      break;
    default:
      throw_broken();
  }
  whole_ = message_.subspan(start, at_ - start);
  return true;
}

int64_t WireReader::integer() const {
  require(kVarint);
  return static_cast<int64_t>(varint_);
}

float WireReader::f32() const {
  require(kFixed32);
  float value = 0;
  std::memcpy(&value, bytes_.data(), sizeof value);
  return value;
}

double WireReader::f64() const {
  require(kFixed64);
  double value = 0;
  std::memcpy(&value, bytes_.data(), sizeof value);
  return value;
}

Bytes WireReader::bytes() const {
  require(kLengthDelimited);
  return bytes_;
}

Bytes WireReader::fixed_bytes() const {
  if (wire_type_ == kVarint) throw_broken();
  return bytes_;
}

std::string WireReader::text() const {
  const Bytes text = bytes();
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

uint64_t WireReader::read_varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == message_.size()) throw_broken();
    const auto byte = static_cast<uint64_t>(message_[at_++]);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw_broken();
}

Bytes WireReader::take(uint64_t count) {
  if (count > message_.size() - at_) throw_broken();
  const Bytes bytes = message_.subspan(at_, count);
  at_ += count;
  return bytes;
}

void WireReader::require(int wire_type) const {
  if (wire_type_ != wire_type) throw_broken();
}

void append_integers(const WireReader& reader, std::vector<int64_t>& numbers) {
  if (!reader.is_bytes()) {
    numbers.push_back(reader.integer());
    return;
  }
  // Packed: varints without tags.
  const Bytes packed = reader.bytes();
  uint64_t value = 0;
  int shift = 0;
  for (const std::byte byte : packed) {
    if (shift > 63) throw_broken();
    value |= (static_cast<uint64_t>(byte) & 0x7f) << shift;
    shift += 7;
    if (static_cast<uint64_t>(byte) >= 0x80) continue;
    numbers.push_back(static_cast<int64_t>(value));
    value = 0;
    shift = 0;
  }
  if (shift != 0) throw_broken();
}

void append_floats(const WireReader& reader, std::vector<double>& numbers) {
  if (!reader.is_bytes()) {
    numbers.push_back(reader.f32());
    return;
  }
  const Bytes packed = reader.bytes();
  if (packed.size() % sizeof(float) != 0) throw_broken();
  for (size_t at = 0; at < packed.size(); at += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, packed.data() + at, sizeof value);
    numbers.push_back(value);
  }
}

void write_integer(std::string& message, int field, int64_t value) {
  append_tag(message, field, 0);
  append_varint(message, static_cast<uint64_t>(value));
}

void write_length(std::string& message, int field, size_t length) {
  append_tag(message, field, 2);
  append_varint(message, length);
}

void write_bytes(std::string& message, int field, Bytes bytes) {
  write_length(message, field, bytes.size());
  write_whole(message, bytes);
}

void write_text(std::string& message, int field, const std::string& text) {
  write_bytes(message, field, std::as_bytes(std::span(text)));
}

void write_whole(std::string& message, Bytes field) {
  message.append(reinterpret_cast<const char*>(field.data()), field.size());
}

}  // namespace dnnbench::import
