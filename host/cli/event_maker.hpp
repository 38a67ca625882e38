// Makes the events that `modhost send` posts: from a name or a file, renewed, changed and, if asked for, damaged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace modhost::cli {

struct EventRequest {
  std::string what;                    // "unique.chat.external-module.chosen", "chosen" or the path of a JSON file
  std::string module, text;            // empty: as it is
  std::vector<std::string> overrides;  // "payload.userMessage.text=hello"
  bool keeps_id = false;               // and createdAt
};

class EventMaker {
 public:
  // kNotFound: neither an event nor a file, with the nearest name; kInvalid: not JSON, or an override that does not
  // fit.
  static Result<EventMaker> open(EventRequest request);

  // The body of the next delivery: with a new id and createdAt unless those are kept.
  [[nodiscard]] std::string next(UnixMillis now) const;

 private:
  EventMaker(EventRequest request, std::string body) : request_(std::move(request)), body_(std::move(body)) {}
  EventRequest request_;
  std::string body_;  // complete but for id and createdAt
};

// The full name of an event given by its last words ("chosen", "user-message.created"); empty when there is none.
std::string_view find_event_name(std::string_view name);

}  // namespace modhost::cli
