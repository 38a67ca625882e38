// How plugin code reports failure: a Result carries a value or a Failure, an Error throws one. Whichever is used, the
// host gets a status, and operators get the words.
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace modhost {
namespace unique {
struct PlatformError;
}

struct Failure {
  modhost_status status = MODHOST_E_INTERNAL;
  std::string detail;                        // for operators, never shown to the user
  std::chrono::milliseconds retry_after{0};  // with a retry or a snooze; 0: as configured
  int http_status = 0;                       // of the answer that made it fail, if one did
  // For a failed call to the platform: its class, the status of its cause, the platform's code and the request id, see
  // unique/error.hpp. Null for every other failure.
  std::shared_ptr<const unique::PlatformError> platform = {};
};

// The event ends dead and the host tells the user.
inline Failure failed(std::string detail) { return {MODHOST_E_INTERNAL, std::move(detail)}; }
// Transient: the event runs again later and uses an attempt.
inline Failure retry(std::string detail, std::chrono::milliseconds after = {}) {
  return {MODHOST_E_RETRY, std::move(detail), after};
}
// Not now: the event runs again later and uses no attempt.
inline Failure snooze(std::chrono::milliseconds after, std::string detail = {}) {
  return {MODHOST_E_SNOOZE, std::move(detail), after};
}
// The module's `config:` can not work.
inline Failure bad_config(std::string detail) { return {MODHOST_E_CONFIG, std::move(detail)}; }
// Given up because the host asked for it.
inline Failure cancelled() { return {MODHOST_E_CANCELLED, {}}; }

// A Failure as an exception; what() is its detail.
class Error : public std::runtime_error {
 public:
  explicit Error(Failure failure) : std::runtime_error(failure.detail), failure_(std::move(failure)) {}
  [[nodiscard]] const Failure& failure() const { return failure_; }

 private:
  Failure failure_;
};

// A T or why there is none. Test it, or call value(), which throws the failure as an Error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT: `return value;`
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT: `return failed(...);`

  explicit operator bool() const { return state_.index() == 0; }
  [[nodiscard]] T& operator*() & { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& operator*() const& { return *std::get_if<0>(&state_); }
  [[nodiscard]] T* operator->() { return std::get_if<0>(&state_); }
  [[nodiscard]] const T* operator->() const { return std::get_if<0>(&state_); }
  [[nodiscard]] const Failure& failure() const { return *std::get_if<1>(&state_); }
  T value() && {
    if (!*this) throw Error(failure());
    return std::move(**this);
  }

 private:
  std::variant<T, Failure> state_;
};

// How handling an event, or anything else without a value, ended. Any Result becomes one, its value dropped, so that
// `return event.api().post(...);` ends an event.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::move(failure)), ok_(false) {}  // NOLINT: `return failed(...);`
  template <class T>
  Result(const Result<T>& other) : Result(other ? Result() : Result(other.failure())) {}  // NOLINT

  explicit operator bool() const { return ok_; }
  [[nodiscard]] const Failure& failure() const { return failure_; }
  void value() const {
    if (!ok_) throw Error(failure_);
  }

 private:
  Failure failure_{MODHOST_OK, {}};
  bool ok_ = true;
};

using Outcome = Result<void>;

}  // namespace modhost
