// How every room reports expected failure: a Result<T> that can not be dropped, carrying a short code and a message
// that gains context on its way up. Exceptions of third-party code are turned into Results in the file that calls it.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace modhost {

enum class Code {
  kInvalid,      // input that can not be right: configuration, arguments, outside bytes
  kNotFound,     // the named thing is not there
  kDenied,       // known, and not allowed
  kConflict,     // somebody else has it: a port, a lock, a version
  kFull,         // a limit or a disk; may pass
  kGone,         // it existed and has ended
  kTimeout,      // a deadline passed
  kUnavailable,  // a peer or a device does not answer; may pass
  kUnsupported,  // known, not offered here
  kInternal      // a fault of ours
};

std::string_view to_string(Code code);

// What went wrong, where, and how to mend it, in one line fit for an operator. Never holds secrets or bodies.
struct Error {
  Code code = Code::kInternal;
  std::string message;

  // The same error seen from further up: "context: message".
  [[nodiscard]] Error within(std::string_view context) && {
    return Error{code, std::string(context) + ": " + std::move(message)};
  }
};

inline Error invalid(std::string message) { return Error{Code::kInvalid, std::move(message)}; }
inline Error not_found(std::string message) { return Error{Code::kNotFound, std::move(message)}; }
inline Error unavailable(std::string message) { return Error{Code::kUnavailable, std::move(message)}; }
inline Error internal_error(std::string message) { return Error{Code::kInternal, std::move(message)}; }

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  using Base = tl::expected<T, Error>;

 public:
  using Base::Base;
  Result(Error error) : Base(tl::unexpect, std::move(error)) {}  // NOLINT(google-explicit-constructor): `return error;`
};

}  // namespace modhost
