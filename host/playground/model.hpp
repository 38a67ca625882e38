// The things the stand-in keeps, as plain values, and their JSON: for the REST API as the platform shows them (dossier
// 3.1, 3.3, 3.12), for the page with what the page needs beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "event/json_reader.hpp"

namespace modhost::playground {

using Revision = std::uint64_t;  // grows with every change: the page keeps the newest it has seen of each thing

struct Space {  // "assistant": what a user picks; here one per module, and those made through the API
  std::string id;
  std::string module;  // payload.name
  UnixMillis created_at{};
  std::string name;           // empty: the module's
  bool is_configured = true;  // false: made through the API
};

struct Chat {
  std::string id, space_id, title;
  UnixMillis created_at{};
  std::vector<std::string> message_ids;  // oldest first
  bool auto_approves = false;            // questions to the user are answered at once
};

struct Message {
  std::string id, chat_id, role;  // role USER, ASSISTANT or SYSTEM
  std::optional<std::string> text, original_text;
  std::string gpt_request = "null", debug_info = "null", references = "[]";  // JSON as the client sent it
  std::string assessments = "[]";                                            // JSON
  UnixMillis created_at{}, updated_at{};
  std::optional<UnixMillis> completed_at, started_streaming_at, stopped_streaming_at, user_aborted_at;
  std::optional<std::string> segment_kind, response_turn_id;
  std::optional<std::int64_t> segment_index;
  bool is_turn = false;   // the platform made it empty for a turn: the input is locked until it is completed
  Revision position = 0;  // in the chat: two messages may be of the same millisecond
  Revision revision = 0;
};

// What POST, PATCH and /event may say about a message; an absent member leaves it unchanged.
struct MessageFields {
  std::optional<std::string> text, original_text, segment_kind, response_turn_id;
  std::optional<std::string> references, gpt_request, debug_info;
  std::optional<UnixMillis> completed_at, started_streaming_at, stopped_streaming_at;
  std::optional<std::int64_t> segment_index;
};

struct LogStep {
  std::string id, message_id, chat_id, text, status;
  std::string details = "null", uncited_references = "null", references = "[]";
  std::int64_t order = 0;
  UnixMillis created_at{}, updated_at{};
  Revision revision = 0;
};

struct LogFields {
  std::optional<std::string> text, status, details, uncited_references, references;
  std::optional<std::int64_t> order;
};

// One POST of an event to the host and its answer.
struct DeliveryTry {
  UnixMillis at{};
  int status = 0;         // 0: no answer
  std::string answer;     // the host's body, or why there is none
  std::string corrupted;  // what was spoiled on purpose; empty: nothing
  std::int64_t took_ms = 0;
};

enum class Outcome { kSending, kDelivered, kRetrying, kExpired };
std::string_view to_string(Outcome outcome);

struct EventRecord {
  std::string key;  // ours; an id may be missing or used twice
  std::string event_id, name, chat_id, module, body, user_id, company_id;
  std::string assistant_message_id;  // which the module is to fill; empty: the event names none
  std::string trace_id;  // 32 hex digits, sent as traceparent: calls that carry it back belong to this event
  UnixMillis created_at{};
  Outcome outcome = Outcome::kSending;
  std::vector<DeliveryTry> tries;
  Revision revision = 0;
};

// One call of the REST API.
struct CallRecord {
  std::uint64_t number = 0;
  std::string event_key, chat_id;  // empty: belongs to none
  std::string method, target, request_body, response_body;
  std::string fault;  // the switch that answered it; empty: none
  UnixMillis at{};
  int status = 0;
  std::int64_t took_ms = 0;
  Revision revision = 0;
};

using modhost::to_json;                            // of a JSON value
std::string to_json(const Message& message);       // 3.1, exactly the published members
std::string to_json(const LogStep& step);          // 3.3
std::string to_page_json(const Message& message);  // wrapped: {"revision", "position", "isTurn", "message"}
std::string to_page_json(const LogStep& step);
std::string to_page_json(const EventRecord& record);
std::string to_page_json(const CallRecord& call);
std::string to_page_json(const Chat& chat);

}  // namespace modhost::playground
