// The part of ONNX Runtime's C interface that this engine calls, in our own words: its packages
// carry the library but no headers
// (engines/onnxruntime/decisions/0001-declare-the-c-interface-ourselves.md).
//
// The library exports one function, OrtGetApiBase. Its GetApi(n) returns a table of function
// pointers that is only ever appended to: a slot keeps its place and meaning in every table of
// version n or newer. Each slot used here is listed once, with its place and signature, taken from
// onnxruntime_c_api.h of version 24, with which ort_api_test.cpp compares them. Enumerations are
// passed as int, as the C ABI does.
//
// A call returns nullptr when it worked, otherwise a status that the caller releases.
#pragma once

#include <cstddef>
#include <cstdint>

// Opaque, named as the library names them.
struct OrtAllocator;
struct OrtCUDAProviderOptionsV2;
struct OrtEnv;
struct OrtEpAssignedNode;
struct OrtEpAssignedSubgraph;
struct OrtIoBinding;
struct OrtMemoryInfo;
struct OrtRunOptions;
struct OrtSession;
struct OrtSessionOptions;
struct OrtStatus;
struct OrtTensorRTProviderOptionsV2;
struct OrtTensorTypeAndShapeInfo;
struct OrtTypeInfo;
struct OrtOptionalTypeInfo;
struct OrtValue;

namespace dnnbench::ort {

// The oldest table that holds every slot below (the newest of them came with version 24).
constexpr uint32_t kApiVersion = 24;

enum ErrorCode { kInvalidArgument = 2, kNoSuchFile = 3, kInvalidProtobuf = 7, kNotImplemented = 9 };
enum LoggingLevel { kLogWarning = 2, kLogError = 3 };
enum ExecutionMode { kSequential = 0 };
enum OptimizationLevel { kDisableAll = 0, kEnableBasic = 1, kEnableExtended = 2, kEnableAll = 99 };
// Element types are numbered as in ONNX up to 23; this one is not in the header of version 24 but
// is what the library says since it knows float8e8m0.
constexpr int kElementFloat8E8M0 = 26;
enum ValueType { kTypeTensor = 1, kTypeSequence = 2, kTypeMap = 3, kTypeOptional = 6 };

// Slots: X(name, place, result, parameters...)
#define DNNBENCH_ORT_SLOTS(X)                                                                     \
  X(GetErrorCode, 1, int, const OrtStatus*)                                                       \
  X(GetErrorMessage, 2, const char*, const OrtStatus*)                                            \
  X(CreateEnv, 3, OrtStatus*, int logging_level, const char* id, OrtEnv**)                        \
  X(CreateSession, 7, OrtStatus*, const OrtEnv*, const char* path, const OrtSessionOptions*,      \
    OrtSession**)                                                                                 \
  X(CreateSessionFromArray, 8, OrtStatus*, const OrtEnv*, const void* model, size_t bytes,        \
    const OrtSessionOptions*, OrtSession**)                                                       \
  X(Run, 9, OrtStatus*, OrtSession*, const OrtRunOptions*, const char* const* input_names,        \
    const OrtValue* const* inputs, size_t input_count, const char* const* output_names,           \
    size_t output_count, OrtValue** outputs)                                                      \
  X(CreateSessionOptions, 10, OrtStatus*, OrtSessionOptions**)                                    \
  X(SetOptimizedModelFilePath, 11, OrtStatus*, OrtSessionOptions*, const char* path)              \
  X(SetSessionExecutionMode, 13, OrtStatus*, OrtSessionOptions*, int mode)                        \
  X(SetSessionGraphOptimizationLevel, 23, OrtStatus*, OrtSessionOptions*, int level)              \
  X(SetIntraOpNumThreads, 24, OrtStatus*, OrtSessionOptions*, int count)                          \
  X(SetInterOpNumThreads, 25, OrtStatus*, OrtSessionOptions*, int count)                          \
  X(SessionGetInputCount, 30, OrtStatus*, const OrtSession*, size_t*)                             \
  X(SessionGetOutputCount, 31, OrtStatus*, const OrtSession*, size_t*)                            \
  X(SessionGetInputTypeInfo, 33, OrtStatus*, const OrtSession*, size_t index, OrtTypeInfo**)      \
  X(SessionGetOutputTypeInfo, 34, OrtStatus*, const OrtSession*, size_t index, OrtTypeInfo**)     \
  X(SessionGetInputName, 36, OrtStatus*, const OrtSession*, size_t index, OrtAllocator*, char**)  \
  X(SessionGetOutputName, 37, OrtStatus*, const OrtSession*, size_t index, OrtAllocator*, char**) \
  X(CreateRunOptions, 39, OrtStatus*, OrtRunOptions**)                                            \
  X(CreateTensorAsOrtValue, 48, OrtStatus*, OrtAllocator*, const int64_t* shape, size_t rank,     \
    int element_type, OrtValue**)                                                                 \
  X(CreateTensorWithDataAsOrtValue, 49, OrtStatus*, const OrtMemoryInfo*, void* data,             \
    size_t bytes, const int64_t* shape, size_t rank, int element_type, OrtValue**)                \
  X(GetTensorMutableData, 51, OrtStatus*, OrtValue*, void**)                                      \
  X(FillStringTensor, 52, OrtStatus*, OrtValue*, const char* const* strings, size_t count)        \
  X(GetStringTensorDataLength, 53, OrtStatus*, const OrtValue*, size_t* bytes)                    \
  X(GetStringTensorContent, 54, OrtStatus*, const OrtValue*, void* text, size_t bytes,            \
    size_t* offsets, size_t count)                                                                \
  X(CastTypeInfoToTensorInfo, 55, OrtStatus*, const OrtTypeInfo*,                                 \
    const OrtTensorTypeAndShapeInfo**)                                                            \
  X(GetOnnxTypeFromTypeInfo, 56, OrtStatus*, const OrtTypeInfo*, int* value_type)                 \
  X(GetTensorElementType, 60, OrtStatus*, const OrtTensorTypeAndShapeInfo*, int*)                 \
  X(GetDimensionsCount, 61, OrtStatus*, const OrtTensorTypeAndShapeInfo*, size_t*)                \
  X(GetDimensions, 62, OrtStatus*, const OrtTensorTypeAndShapeInfo*, int64_t*, size_t rank)       \
  X(GetTensorTypeAndShape, 65, OrtStatus*, const OrtValue*, OrtTensorTypeAndShapeInfo**)          \
  X(GetValueType, 67, OrtStatus*, const OrtValue*, int* value_type)                               \
  X(CreateMemoryInfo, 68, OrtStatus*, const char* name, int allocator_type, int id,               \
    int memory_type, OrtMemoryInfo**)                                                             \
  X(AllocatorFree, 76, OrtStatus*, OrtAllocator*, void*)                                          \
  X(GetAllocatorWithDefaultOptions, 78, OrtStatus*, OrtAllocator**)                               \
  X(GetValue, 80, OrtStatus*, const OrtValue*, int index, OrtAllocator*, OrtValue**)              \
  X(GetValueCount, 81, OrtStatus*, const OrtValue*, size_t*)                                      \
  X(CreateValue, 82, OrtStatus*, const OrtValue* const* elements, size_t count, int value_type,   \
    OrtValue**)                                                                                   \
  X(ReleaseEnv, 92, void, OrtEnv*)                                                                \
  X(ReleaseStatus, 93, void, OrtStatus*)                                                          \
  X(ReleaseMemoryInfo, 94, void, OrtMemoryInfo*)                                                  \
  X(ReleaseSession, 95, void, OrtSession*)                                                        \
  X(ReleaseValue, 96, void, OrtValue*)                                                            \
  X(ReleaseRunOptions, 97, void, OrtRunOptions*)                                                  \
  X(ReleaseTypeInfo, 98, void, OrtTypeInfo*)                                                      \
  X(ReleaseTensorTypeAndShapeInfo, 99, void, OrtTensorTypeAndShapeInfo*)                          \
  X(ReleaseSessionOptions, 100, void, OrtSessionOptions*)                                         \
  X(AddFreeDimensionOverrideByName, 124, OrtStatus*, OrtSessionOptions*, const char* name,        \
    int64_t size)                                                                                 \
  X(AddSessionConfigEntry, 130, OrtStatus*, OrtSessionOptions*, const char* key,                  \
    const char* value)                                                                            \
  X(RunWithBinding, 133, OrtStatus*, OrtSession*, const OrtRunOptions*, const OrtIoBinding*)      \
  X(CreateIoBinding, 134, OrtStatus*, OrtSession*, OrtIoBinding**)                                \
  X(ReleaseIoBinding, 135, void, OrtIoBinding*)                                                   \
  X(BindInput, 136, OrtStatus*, OrtIoBinding*, const char* name, const OrtValue*)                 \
  X(BindOutput, 137, OrtStatus*, OrtIoBinding*, const char* name, const OrtValue*)                \
  X(BindOutputToDevice, 138, OrtStatus*, OrtIoBinding*, const char* name, const OrtMemoryInfo*)   \
  X(GetBoundOutputValues, 140, OrtStatus*, const OrtIoBinding*, OrtAllocator*, OrtValue***,       \
    size_t*)                                                                                      \
  X(ClearBoundOutputs, 142, void, OrtIoBinding*)                                                  \
  X(AddRunConfigEntry, 165, OrtStatus*, OrtRunOptions*, const char* key, const char* value)       \
  X(SessionOptionsAppendExecutionProvider_TensorRT_V2, 170, OrtStatus*, OrtSessionOptions*,       \
    const OrtTensorRTProviderOptionsV2*)                                                          \
  X(CreateTensorRTProviderOptions, 171, OrtStatus*, OrtTensorRTProviderOptionsV2**)               \
  X(UpdateTensorRTProviderOptions, 172, OrtStatus*, OrtTensorRTProviderOptionsV2*,                \
    const char* const* keys, const char* const* values, size_t count)                             \
  X(GetTensorRTProviderOptionsAsString, 173, OrtStatus*, const OrtTensorRTProviderOptionsV2*,     \
    OrtAllocator*, char**)                                                                        \
  X(ReleaseTensorRTProviderOptions, 174, void, OrtTensorRTProviderOptionsV2*)                     \
  X(HasValue, 192, OrtStatus*, const OrtValue*, int*)                                             \
  X(SessionOptionsAppendExecutionProvider_CUDA_V2, 204, OrtStatus*, OrtSessionOptions*,           \
    const OrtCUDAProviderOptionsV2*)                                                              \
  X(CreateCUDAProviderOptions, 205, OrtStatus*, OrtCUDAProviderOptionsV2**)                       \
  X(UpdateCUDAProviderOptions, 206, OrtStatus*, OrtCUDAProviderOptionsV2*,                        \
    const char* const* keys, const char* const* values, size_t count)                             \
  X(GetCUDAProviderOptionsAsString, 207, OrtStatus*, const OrtCUDAProviderOptionsV2*,             \
    OrtAllocator*, char**)                                                                        \
  X(ReleaseCUDAProviderOptions, 208, void, OrtCUDAProviderOptionsV2*)                             \
  X(UpdateTensorRTProviderOptionsWithValue, 261, OrtStatus*, OrtTensorRTProviderOptionsV2*,       \
    const char* key, void* value)                                                                 \
  X(UpdateCUDAProviderOptionsWithValue, 263, OrtStatus*, OrtCUDAProviderOptionsV2*,               \
    const char* key, void* value)                                                                 \
  X(SessionOptionsAppendExecutionProvider_OpenVINO_V2, 275, OrtStatus*, OrtSessionOptions*,       \
    const char* const* keys, const char* const* values, size_t count)                             \
  X(TensorTypeAndShape_HasShape, 390, bool, const OrtTensorTypeAndShapeInfo*)                     \
  X(Session_GetEpGraphAssignmentInfo, 407, OrtStatus*, const OrtSession*,                         \
    const OrtEpAssignedSubgraph* const**, size_t*)                                                \
  X(EpAssignedSubgraph_GetEpName, 408, OrtStatus*, const OrtEpAssignedSubgraph*, const char**)    \
  X(EpAssignedSubgraph_GetNodes, 409, OrtStatus*, const OrtEpAssignedSubgraph*,                   \
    const OrtEpAssignedNode* const**, size_t*)                                                    \
  X(EpAssignedNode_GetName, 410, OrtStatus*, const OrtEpAssignedNode*, const char**)              \
  X(EpAssignedNode_GetOperatorType, 412, OrtStatus*, const OrtEpAssignedNode*, const char**)

// The slots as callable members, api.CreateEnv(...).
struct Api {
  explicit Api(void* const* table)
#define DNNBENCH_ORT_READ(name, place, ...) name = reinterpret_cast<decltype(name)>(table[place]);
      {DNNBENCH_ORT_SLOTS(DNNBENCH_ORT_READ)}
#undef DNNBENCH_ORT_READ

#define DNNBENCH_ORT_MEMBER(name, place, result, ...) result (*name)(__VA_ARGS__);
  DNNBENCH_ORT_SLOTS(DNNBENCH_ORT_MEMBER)
#undef DNNBENCH_ORT_MEMBER
};

// What OrtGetApiBase() returns.
struct ApiBase {
  void* const* (*GetApi)(uint32_t version);  // nullptr when the library is older than `version`
  const char* (*GetVersionString)();         // "1.31.1"
};

}  // namespace dnnbench::ort
