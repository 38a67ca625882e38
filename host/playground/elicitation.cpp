// The states of a question.
#include "playground/elicitation.hpp"

#include "event/json_reader.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

std::string_view status_after(std::string_view action) {
  return action == "ACCEPT" ? "ACCEPTED" : action == "CANCEL" ? "CANCELLED" : "DECLINED";
}

Result<std::string> set(Records& records, const std::string& id, const JsonObject& changes) {
  return records.merge(kElicitation, id, parse_json(changes.str()).value());
}

}  // namespace

Result<std::string> current_elicitation(Records& records, const std::string& id, UnixMillis now) {
  auto found = records.find(kElicitation, id);
  if (!found) return found;
  const auto record = parse_json(*found).value();
  const auto expires_at = parse_time(string_member(record, "expiresAt"));
  if (string_member(record, "status") != "PENDING" || !expires_at || *expires_at > now) return found;
  return set(records, id, JsonObject().text("status", "EXPIRED"));
}

std::vector<std::string> pending_elicitations(Records& records, UnixMillis now) {
  std::vector<std::string> pending;
  for (const std::string& one : records.list(kElicitation)) {
    const std::string id(string_member(parse_json(one).value(), "id"));
    if (auto record = current_elicitation(records, id, now);
        record && string_member(parse_json(*record).value(), "status") == "PENDING")
      pending.push_back(*std::move(record));
  }
  return pending;
}

Result<std::string> respond_to(Records& records, const std::string& id, std::string_view action,
                               const std::string& content, UnixMillis now) {
  auto found = current_elicitation(records, id, now);
  if (!found) return found;
  const std::string status(string_member(parse_json(*found).value(), "status"));
  if (status != "PENDING") return invalid("elicitation " + id + " is " + status + ", no longer PENDING");
  return set(records, id,
             JsonObject()
                 .text("status", status_after(action))
                 .raw("responseContent", action == "ACCEPT" ? content : "null")
                 .time("respondedAt", now));
}

}  // namespace modhost::playground
