#include "constant_message.h"

#include <gtest/gtest.h>

#include <cstring>

namespace dnnbench::tf {
namespace {

// The fields of a message that are messages or bytes, by their number.
import::Bytes field_of(import::Bytes message, int field) {
  for (import::WireReader reader(message); reader.next();) {
    if (reader.field() == field) return reader.bytes();
  }
  return {};
}

TEST(ConstantMessage, HoldsTypeShapeAndElements) {
  ConstantMessage message;
  for (const int64_t rows : {2, 700'000, 1}) {  // the memory grows, and is used again
    std::byte* const elements = message.start(TF_INT32, {rows, 1});
    std::memset(elements, 7, static_cast<size_t>(rows) * 4);
    const import::Bytes tensor = field_of(message.whole(), 8);
    const import::Bytes content = field_of(tensor, 4);
    ASSERT_EQ(content.size(), static_cast<size_t>(rows) * 4);
    EXPECT_EQ(content.front(), std::byte{7});
    EXPECT_EQ(content.back(), std::byte{7});
    import::WireReader type(tensor);
    ASSERT_TRUE(type.next());
    EXPECT_EQ(type.integer(), TF_INT32);
    import::WireReader size(field_of(field_of(tensor, 2), 2));
    ASSERT_TRUE(size.next());
    EXPECT_EQ(size.integer(), rows);
  }
}

TEST(ConstantMessage, TakesTensorsWithoutElements) {
  ConstantMessage message;
  message.start(TF_FLOAT, {3, 0});
  EXPECT_TRUE(field_of(field_of(message.whole(), 8), 4).empty());
}

}  // namespace
}  // namespace dnnbench::tf
