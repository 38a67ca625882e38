#include "base/result.hpp"

namespace modhost {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kInvalid:
      return "invalid";
    case Code::kNotFound:
      return "not_found";
    case Code::kDenied:
      return "denied";
    case Code::kConflict:
      return "conflict";
    case Code::kFull:
      return "full";
    case Code::kGone:
      return "gone";
    case Code::kTimeout:
      return "timeout";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace modhost
