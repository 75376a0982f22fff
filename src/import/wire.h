// Internal to src/import: the fields of a protobuf message, read where they lie and written one by
// one (https://protobuf.dev/programming-guides/encoding). Weights are then views into a mapped
// file, and nothing meets the protobuf that an engine's library brings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace dnnbench::import {

using Bytes = std::span<const std::byte>;

// while (reader.next()) switch (reader.field()) ... Every call throws Error for a message that is
// cut short or broken.
class WireReader {
 public:
  explicit WireReader(Bytes message) : message_(message) {}

  // Goes to the next field; false at the message's end.
  bool next();

  int field() const { return field_; }
  bool is_integer() const { return wire_type_ == kVarint; }
  bool is_bytes() const { return wire_type_ == kLengthDelimited; }
  int64_t integer() const;                // of a varint
  float f32() const;                      // of a fixed 32-bit field
  double f64() const;                     // of a fixed 64-bit field
  Bytes bytes() const;                    // of a text, a message inside, or a packed field
  Bytes fixed_bytes() const;              // of packed or single fixed 32-bit and 64-bit fields
  std::string text() const;               // the same, copied
  Bytes whole() const { return whole_; }  // the field with its tag, as it stands in the message

 private:
  static constexpr int kVarint = 0;
  static constexpr int kFixed64 = 1;
  static constexpr int kLengthDelimited = 2;
  static constexpr int kFixed32 = 5;

  uint64_t read_varint();
  Bytes take(uint64_t count);
  void require(int wire_type) const;

  Bytes message_;
  size_t at_ = 0;
  int field_ = 0;
  int wire_type_ = 0;
  uint64_t varint_ = 0;
  Bytes bytes_;
  Bytes whole_;
};

// A packed field's numbers, or the one number of a field that is not packed, appended.
void append_integers(const WireReader& reader, std::vector<int64_t>& numbers);

// The same of floats.
void append_floats(const WireReader& reader, std::vector<double>& numbers);

// Append a field to a message.
void write_integer(std::string& message, int field, int64_t value);
void write_bytes(std::string& message, int field, Bytes bytes);
// What stands before a field's bytes, which the caller appends itself.
void write_length(std::string& message, int field, size_t length);
void write_text(std::string& message, int field, const std::string& text);
void write_whole(std::string& message, Bytes field);

}  // namespace dnnbench::import
