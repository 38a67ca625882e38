// Nothing thrown by plugin code reaches the host: it becomes a status with its words.
#pragma once

#include <exception>
#include <utility>

#include "modhost/sdk/async_promise.hpp"
#include "modhost/sdk/result.hpp"

namespace modhost::detail {

// Runs plugin code; whatever it throws becomes a Failure.
template <class Function>
Outcome guarded(Function&& function) noexcept {
  try {
    try {
      return function();
    } catch (const Cancelled&) {
      return cancelled();
    } catch (const Error& error) {
      return error.failure();
    } catch (const std::exception& error) {
      return failed(error.what());
    } catch (...) {
      return failed("something other than a std::exception was thrown");
    }
  } catch (...) {  // no memory left for the words
    return Failure{};
  }
}

}  // namespace modhost::detail
