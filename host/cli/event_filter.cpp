#include "cli/event_filter.hpp"

#include <array>

#include "base/percent.hpp"
#include "config/values.hpp"
#include "event/json_reader.hpp"

namespace modhost::cli {
namespace {

struct Pair {
  const char* name;
  const std::string* value;
};

std::array<Pair, 11> pairs(const FilterOptions& filter) {
  return {{{"state", &filter.state},
           {"module", &filter.module},
           {"reason", &filter.reason},
           {"event", &filter.event},
           {"app", &filter.app},
           {"company_id", &filter.company_id},
           {"user_id", &filter.user_id},
           {"chat_id", &filter.chat_id},
           {"id", &filter.id},
           {"since", &filter.since},
           {"until", &filter.until}}};
}

}  // namespace

std::string query_of(const FilterOptions& filter, const std::string& more) {
  std::string query = more;
  for (const auto& [name, value] : pairs(filter))
    if (!value->empty())
      query.append(query.empty() ? "" : "&").append(name).append("=").append(percent_encoded(*value));
  return query.empty() ? query : "?" + query;
}

std::string json_of(const FilterOptions& filter, const std::string& more) {
  std::string members;
  for (const auto& [name, value] : pairs(filter))
    if (!value->empty()) members.append(",\"").append(name).append("\":").append(quote_json(*value));
  members += more;
  return "{" + (members.empty() ? members : members.substr(1)) + "}";
}

bool is_empty(const FilterOptions& filter) { return json_of(filter) == "{}"; }

std::int64_t number(const rapidjson::Value& object, std::string_view name) {
  const rapidjson::Value* const found = find_member(object, name);
  return found != nullptr && found->IsInt64() ? found->GetInt64() : 0;
}

bool flag(const rapidjson::Value& object, std::string_view name) {
  const rapidjson::Value* const found = find_member(object, name);
  return found != nullptr && found->IsBool() && found->GetBool();
}

UnixMillis time(const rapidjson::Value& object, std::string_view name) {
  return UnixMillis(std::chrono::milliseconds(number(object, name)));
}

Result<std::int64_t> seq_of(AdminClient& client, const std::string& event) {
  if (const auto seq = config::parse_count(event); seq && *seq > 0) return static_cast<std::int64_t>(*seq);
  FilterOptions by_id;
  by_id.id = event;
  const auto found = client.get("/api/events" + query_of(by_id, "limit=2"));
  if (!found) return found.error();
  const rapidjson::Value* const events = find_member(*found, "events");
  if (events == nullptr || !events->IsArray() || events->Empty())
    return not_found("there is no event " + event + ": `modhost events list` shows numbers and ids");
  if (events->Size() > 1)
    return Error{Code::kConflict, "several apps have an event " + event +
                                      ": name it by its number, see `modhost events "
                                      "list --id " +
                                      event + "`"};
  return number((*events)[0], "seq");
}

bool confirm(Terminal& terminal, const std::string& question) {
  terminal.out << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(terminal.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace modhost::cli
