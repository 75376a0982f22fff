# Compiler settings, the cache's place, and the functions that make a library of a source folder, and
# a worker executable and tests of an engine folder.

add_compile_options(-Wall -Wextra -Wno-missing-field-initializers)
# GCC 12 sees overlapping copies in std::string that are not there (gcc.gnu.org PR105329).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)
endif()
if(DNNBENCH_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(DNNBENCH_SANITIZE_THREADS)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()
if(DNNBENCH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # libFuzzer prefers inputs that reach new code
endif()
if(DNNBENCH_COVERAGE)
  add_link_options(--coverage)  # what is counted: src/CMakeLists.txt
endif()

# setup/aarch64.sh puts a script NAME beside a program NAME.elf, which runs it in the emulator.
if(CMAKE_CROSSCOMPILING)
  set(CMAKE_EXECUTABLE_SUFFIX .elf)
endif()

# Downloaded packages live outside the repository; the same rule as in setup/lib.sh.
if(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
  set(DNNBENCH_CACHE "$ENV{XDG_CACHE_HOME}/dnn-bench")
else()
  set(DNNBENCH_CACHE "$ENV{HOME}/.cache/dnn-bench")
endif()

# In a unity build, up to eight of TARGET's sources are compiled as one; here only sources of one folder
# (docs/decisions/0105-compile-eight-files-at-once.md). CMake by itself takes them in the order of the list.
function(dnnbench_group_by_folder TARGET)
  get_target_property(sources ${TARGET} SOURCES)
  foreach(source ${sources})
    file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${source}/..)
    string(MAKE_C_IDENTIFIER ${folder} folder)
    list(APPEND in_${folder} ${source})
    list(LENGTH in_${folder} count)
    math(EXPR group "(${count} + 7) / 8")
    set_property(SOURCE ${source} PROPERTY UNITY_GROUP ${folder}_${group})
  endforeach()
  set_property(TARGET ${TARGET} PROPERTY UNITY_BUILD_MODE GROUP)
endfunction()

# A static library of every .cpp in the current folder but its tests and mains. Tests
# (*_test.cpp) gather in one executable, tests/CMakeLists.txt.
function(dnnbench_add_library NAME)
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  add_library(${NAME} STATIC ${sources})
  target_include_directories(${NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${NAME} PUBLIC ${ARGN})
endfunction()

# One worker executable, dnnbench-engine-NAME, of an engine's sources, which are compiled once, as the object
# library dnnbench_engine_NAME. More libraries follow NAME.
function(dnnbench_add_engine NAME)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  add_library(dnnbench_engine_${NAME} OBJECT ${sources})
  dnnbench_group_by_folder(dnnbench_engine_${NAME})
  target_include_directories(dnnbench_engine_${NAME} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(dnnbench_engine_${NAME} PUBLIC dnnbench_worker ${ARGN})
  add_executable(dnnbench-engine-${NAME} ${CMAKE_SOURCE_DIR}/src/worker/main.cpp)
  target_link_libraries(dnnbench-engine-${NAME} PRIVATE dnnbench_engine_${NAME})
  add_dependencies(dnnbench dnnbench-engine-${NAME})  # of no use without its workers
  set_property(GLOBAL APPEND PROPERTY DNNBENCH_ENGINES ${NAME})
endfunction()

# Another version of an engine's library, which lies in the cache: VARIABLE gets those of them that are not PINNED, the
# one that dnnbench_add_engine builds for.
function(dnnbench_other_versions NAME PINNED VARIABLE)
  file(GLOB folders RELATIVE ${DNNBENCH_CACHE}/engines/${NAME} ${DNNBENCH_CACHE}/engines/${NAME}/*)
  list(REMOVE_ITEM folders ${PINNED})
  set(${VARIABLE} ${folders} PARENT_SCOPE)
  add_custom_target(dnnbench-engine-${NAME}-${PINNED} DEPENDS dnnbench-engine-${NAME})
endfunction()

# The worker executable of such a version: the engine's sources once more, with that version's headers and libraries.
# It is built on request alone, for not every version has the interfaces that the sources need:
# target dnnbench-engine-NAME-VERSION, program NAME/VERSION/dnnbench-engine-NAME.
function(dnnbench_add_engine_version NAME VERSION)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  set(target dnnbench-engine-${NAME}-${VERSION})
  add_executable(${target} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/src/worker/main.cpp ${sources})
  dnnbench_group_by_folder(${target})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE dnnbench_worker ${ARGN})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME dnnbench-engine-${NAME}
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${NAME}/${VERSION})
endfunction()

# One test executable, dnnbench-tests-NAME, of the engine's *_test.cpp. More libraries follow NAME.
function(dnnbench_add_engine_tests NAME)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS *_test.cpp)
  add_executable(dnnbench-tests-${NAME} ${tests})
  dnnbench_group_by_folder(dnnbench-tests-${NAME})
  target_link_libraries(dnnbench-tests-${NAME} PRIVATE dnnbench_engine_${NAME} GTest::gtest_main ${ARGN})
  gtest_discover_tests(dnnbench-tests-${NAME})
endfunction()

# Every folder under ROOT with a CMakeLists.txt; one whose library is not in the cache returns
# without adding a target.
function(dnnbench_add_engines ROOT)
  file(GLOB lists CONFIGURE_DEPENDS ${ROOT}/*/CMakeLists.txt)
  foreach(list ${lists})
    get_filename_component(folder ${list} DIRECTORY)
    add_subdirectory(${folder})
  endforeach()
endfunction()

# Lets a program find CUDA's and TensorRT's libraries: first those that this project fetched
# (setup/cuda.sh, engines/tensorrt/install_cuda.sh), then those of the machine. A DT_RPATH, unlike a
# RUNPATH, also serves libraries that name others without saying where they lie.
function(dnnbench_find_gpu_libraries TARGET)
  set(fetched cuda/13.2.2/nvidia/cu13/lib cuda/13.2.2/nvidia/cudnn/lib cuda/13.2.2/nvidia/cusparselt/lib
    cuda/13.2.2/nvidia/nccl/lib cuda/13.2.2/nvidia/nvshmem/lib tensorrt/10.6)
  target_link_options(${TARGET} PRIVATE -Wl,--disable-new-dtags)
  list(TRANSFORM fetched PREPEND "${DNNBENCH_CACHE}/engines/" OUTPUT_VARIABLE here)
  list(TRANSFORM fetched PREPEND "$ORIGIN/../../engines/" OUTPUT_VARIABLE packaged)
  set_property(TARGET ${TARGET} APPEND PROPERTY BUILD_RPATH ${here} /usr/local/cuda/lib64)
  set_property(TARGET ${TARGET} APPEND PROPERTY INSTALL_RPATH ${packaged} /usr/local/cuda/lib64)
endfunction()
