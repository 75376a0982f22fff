// In place of the CUDA toolkit's header, of which TensorRT's headers use these two types alone.
#pragma once

typedef struct CUstream_st* cudaStream_t;
typedef struct CUevent_st* cudaEvent_t;
