// How a chat's turn ends: the call that closes the assistant message, as it is kept in the outbox and as it is sent.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "event/event.hpp"
#include "journal/journal.hpp"
#include "plugin/runtime.hpp"

namespace modhost::dispatch {

struct EndingCall {
  std::string method, target, body;
};

// The outbox record for this end of the event, or "" when there is nothing to say: no chat message, the module
// completed the turn itself, or it asked to leave it open.
std::string ending_for(const config::ModuleConfig& module, const Event& event, journal::State state,
                       const plugin::Outcome& outcome, UnixMillis now);

// PATCH of the assistant message, or of a log step that is to be FAILED; modify by id, so that sending it twice does no
// harm.
Result<EndingCall> ending_call(const Event& event, const std::string& ending);

// "/messages/{id}" of the event's assistant message; ids are opaque.
std::string message_target(const Event& event);

// 2026-11-21T10:00:00.000Z
std::string iso_time(UnixMillis at);

}  // namespace modhost::dispatch
