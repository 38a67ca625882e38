#include "admin/filter.hpp"

#include <charconv>

#include "config/values.hpp"
#include "http/query.hpp"

namespace modhost::admin {

namespace {

constexpr const char* kNames =
    "state, module, reason, event, app, company_id, user_id, chat_id, id, seq, since, until, order, before, after and "
    "limit";

Result<void> set(journal::Filter& filter, const std::string& name, const std::string& value, UnixMillis now) {
  struct Text {
    std::string_view name;
    std::string* field;
  };
  for (const auto& [known, field] :
       {Text{"module", &filter.module}, Text{"reason", &filter.reason}, Text{"event", &filter.name},
        Text{"app", &filter.app}, Text{"company_id", &filter.company_id}, Text{"user_id", &filter.user_id},
        Text{"chat_id", &filter.chat_id}, Text{"id", &filter.id}})
    if (name == known) return *field = value, Result<void>();
  if (name == "state") {
    filter.state = journal::state_named(value);
    if (!filter.state) return invalid("state must be one of ready running waiting completed cancelled expired dead");
    return {};
  }
  if (name == "since" || name == "until") {
    const Result<UnixMillis> at = parse_moment(value, now);
    if (!at) return Error(at.error()).within(name);
    (name == "since" ? filter.since : filter.until) = *at;
    return {};
  }
  if (name == "order") {
    if (value != "oldest" && value != "newest") return invalid("order must be oldest or newest (the default)");
    filter.oldest_first = value == "oldest";
    return {};
  }
  if (name != "seq" && name != "before" && name != "after" && name != "limit")
    return invalid("unknown filter " + name + "; there are " + kNames);
  const Result<std::int64_t> number = parse_number(name, value);
  if (!number) return number.error();
  if (name == "seq") filter.seq = *number;
  if (name == "before") filter.before = *number;
  if (name == "after") filter.after = *number;
  if (name == "limit") filter.limit = std::min<std::size_t>(static_cast<std::size_t>(*number), journal::kPageRowsMax);
  if (name == "seq" && *number == 0) return invalid("seq: events are numbered from 1");
  return {};
}

}  // namespace

Result<std::int64_t> parse_number(std::string_view name, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 0)
    return invalid(std::string(name) + " must be a whole number of 0 or more");
  return value;
}

Result<UnixMillis> parse_moment(std::string_view text, UnixMillis now) {
  if (const auto ago = config::parse_duration(text)) return now - *ago;
  if (const auto at = config::parse_time(text)) return *at;
  return invalid("expected a time such as 2026-08-01T12:00:00Z, or how long ago, such as 2h");
}

Result<journal::Filter> filter_of_query(std::string_view query, UnixMillis now) {
  journal::Filter filter;
  for (const auto& [name, value] : http::parse_query(query))
    if (auto done = set(filter, name, value, now); !done) return done.error();
  return filter;
}

Result<journal::Filter> filter_of_json(const rapidjson::Value& object, UnixMillis now) {
  journal::Filter filter;
  if (!object.IsObject()) return invalid("filter must be an object such as {\"state\":\"dead\"}");
  for (const auto& member : object.GetObject()) {
    const std::string name(member.name.GetString(), member.name.GetStringLength());
    std::string value;
    if (member.value.IsString())
      value.assign(member.value.GetString(), member.value.GetStringLength());
    else if (member.value.IsInt64())
      value = std::to_string(member.value.GetInt64());
    else
      return invalid("filter " + name + " must be a text or a whole number");
    if (auto done = set(filter, name, value, now); !done) return done.error();
  }
  return filter;
}

}  // namespace modhost::admin
