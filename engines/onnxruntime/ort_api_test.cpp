// Compares every slot of ort_api.h with the real header, where setup/ort_header.sh could fetch it.
#include "ort_api.h"

#include <gtest/gtest.h>

#include <type_traits>

#if __has_include(<onnxruntime_c_api.h>)
#define DNNBENCH_HAS_HEADER
#include <onnxruntime_c_api.h>
static_assert(ORT_API_VERSION == dnnbench::ort::kApiVersion);
#endif

namespace dnnbench::ort {
namespace {

#ifdef DNNBENCH_HAS_HEADER

// The header marks its functions warn_unused_result, which a template argument drops.
#pragma GCC diagnostic ignored "-Wignored-attributes"

// A signature with its enumerations as int, which is how they are passed.
template <typename T>
struct AsInt {
  using Type = std::conditional_t<std::is_enum_v<T>, int, T>;
};
template <typename T>
struct AsInt<T*> {
  using Type = typename AsInt<T>::Type*;
};
template <typename T>
struct AsInt<const T> {
  using Type = const typename AsInt<T>::Type;
};
template <typename R, typename... A>
struct AsInt<R (*)(A...)> {
  using Type = typename AsInt<R>::Type (*)(typename AsInt<A>::Type...);
};
template <typename R, typename... A>
struct AsInt<R (*)(A...) noexcept> : AsInt<R (*)(A...)> {};

#define DNNBENCH_ORT_COMPARE(name, place, ...)                         \
  EXPECT_EQ(offsetof(OrtApi, name), (place) * sizeof(void*)) << #name; \
  EXPECT_TRUE((std::is_same_v<decltype(Api::name), AsInt<decltype(OrtApi::name)>::Type>)) << #name;

TEST(OrtApi, SlotsAreThoseOfTheHeader){DNNBENCH_ORT_SLOTS(DNNBENCH_ORT_COMPARE)}

TEST(OrtApi, ConstantsAreThoseOfTheHeader) {
  EXPECT_EQ(kInvalidArgument + 0, ORT_INVALID_ARGUMENT + 0);
  EXPECT_EQ(kNoSuchFile + 0, ORT_NO_SUCHFILE + 0);
  EXPECT_EQ(kInvalidProtobuf + 0, ORT_INVALID_PROTOBUF + 0);
  EXPECT_EQ(kNotImplemented + 0, ORT_NOT_IMPLEMENTED + 0);
  EXPECT_EQ(kLogWarning + 0, ORT_LOGGING_LEVEL_WARNING + 0);
  EXPECT_EQ(kLogError + 0, ORT_LOGGING_LEVEL_ERROR + 0);
  EXPECT_EQ(kSequential + 0, ORT_SEQUENTIAL + 0);
  EXPECT_EQ(kDisableAll + 0, ORT_DISABLE_ALL + 0);
  EXPECT_EQ(kEnableExtended + 0, ORT_ENABLE_EXTENDED + 0);
  EXPECT_EQ(kEnableAll + 0, ORT_ENABLE_ALL + 0);
  EXPECT_EQ(kTypeTensor + 0, ONNX_TYPE_TENSOR + 0);
  EXPECT_EQ(kTypeSequence + 0, ONNX_TYPE_SEQUENCE + 0);
  EXPECT_EQ(kTypeOptional + 0, ONNX_TYPE_OPTIONAL + 0);
}

#else

TEST(OrtApi, SlotsAreThoseOfTheHeader) {
  GTEST_SKIP() << "onnxruntime_c_api.h is not there; setup/ort_header.sh fetches it with Go";
}

#endif

}  // namespace
}  // namespace dnnbench::ort
