#include "import/wire.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"

namespace dnnbench::import {
namespace {

Bytes bytes_of(const std::string& message) { return std::as_bytes(std::span(message)); }

TEST(Wire, ReadsWhatItWrote) {
  std::string message;
  write_integer(message, 1, 300);
  write_integer(message, 2, -1);
  write_text(message, 3, "name");
  write_integer(message, 2000, std::numeric_limits<int64_t>::max());
  WireReader reader(bytes_of(message));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), 1);
  EXPECT_EQ(reader.integer(), 300);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.integer(), -1);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.text(), "name");
  EXPECT_EQ(reader.whole().size(), 6U);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), 2000);
  EXPECT_EQ(reader.integer(), std::numeric_limits<int64_t>::max());
  EXPECT_FALSE(reader.next());
}

TEST(Wire, EveryBeginningOfAMessageIsReadOrRefused) {
  std::string message;
  write_integer(message, 1, 1'000'000);
  write_text(message, 2, std::string(200, 'x'));
  int refused = 0;
  for (size_t length = 0; length <= message.size(); ++length) {
    const std::string part = message.substr(0, length);
    try {
      WireReader reader(bytes_of(part));
      while (reader.next()) {
      }
    } catch (const Error&) {
      ++refused;
    }
  }
  // Whole are the empty message, the one of the first field, and the whole.
  EXPECT_EQ(refused, static_cast<int>(message.size()) + 1 - 3);
}

TEST(Wire, RefusesAFieldOfAnotherKindAndATagThatIsNone) {
  std::string message;
  write_integer(message, 1, 5);
  WireReader reader(bytes_of(message));
  ASSERT_TRUE(reader.next());
  EXPECT_THROW(reader.bytes(), Error);
  EXPECT_THROW(reader.f32(), Error);
  const std::string group("\x0b", 1);
  WireReader groups(bytes_of(group));
  EXPECT_THROW(groups.next(), Error);
}

TEST(Wire, TakesPackedAndSingleNumbers) {
  std::string packed, message;
  for (const char byte : {'\x03', '\x8e', '\x02'}) packed += byte;  // 3, 270
  write_text(message, 4, packed);
  write_integer(message, 4, 7);
  std::vector<int64_t> numbers;
  WireReader reader(bytes_of(message));
  while (reader.next()) append_integers(reader, numbers);
  EXPECT_EQ(numbers, (std::vector<int64_t>{3, 270, 7}));
}

}  // namespace
}  // namespace dnnbench::import
