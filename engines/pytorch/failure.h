// The library's exceptions as this project's.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "core/error.h"

namespace dnnbench::pytorch {

// Throws Unsupported where the library has no kernel for an operator or type, std::bad_alloc where
// memory ran out, otherwise Error with the library's own words in one line.
[[noreturn]] void rethrow(const std::exception& error);

template <typename Call>
auto translating_failures(Call call) {
  try {
    return call();
  } catch (const Error&) {
    throw;
  } catch (const Unsupported&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    rethrow(error);
  }
}

}  // namespace dnnbench::pytorch
