// What a handler of the REST API gets and how routes are written down. Handlers are plain functions, a file a family of
// resources: values in, values out.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "http/server.hpp"
#include "playground/body_check.hpp"
#include "playground/library.hpp"
#include "playground/model_job.hpp"
#include "playground/platform.hpp"
#include "playground/records.hpp"

namespace modhost::playground {

struct ApiServices {
  const Clock& clock;
  Platform& platform;
  Library& library;
  Records& records;
  std::function<void(const std::vector<std::string>& event_keys)> deliver;  // sends events to the host; may be empty
};

struct ApiCall {
  const http::Request& request;
  const ApiServices& on;
  std::vector<std::string> ids;  // what the route's ':' segments matched
  std::vector<std::pair<std::string, std::string>> query;
  rapidjson::Document body;  // an object for POST, PATCH and PUT
  std::string user_id, company_id;

  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
  // "ids[0]=a&ids[1]=b" and "ids=a"; the platform's client writes lists so.
  [[nodiscard]] std::vector<std::string> parameters(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;  // "True", "true"; absent: false
  // A number within 0 and max; complains otherwise.
  std::size_t number(std::string_view name, std::size_t fallback, std::size_t max,
                     std::vector<std::string>& complaints) const;
  // The query's chatId, or the platform's complaint.
  Result<std::string> chat_id() const;
};

// A language model's answer comes later and perhaps in pieces: such a handler only says what is to be done.
using ModelOutcome = std::variant<http::Response, ModelJob>;

struct Route {
  std::string_view method, pattern;  // "messages/:/event"; the first match counts
  http::Response (*handler)(const ApiCall& call) = nullptr;
  ModelOutcome (*model_handler)(const ApiCall& call) = nullptr;  // instead of the other
};
using Routes = std::vector<Route>;

// The folder of the knowledge base, unless it is there already.
void seed_folders(Records& records);

void add_message_routes(Routes& routes);      // 3.1, 3.3
void add_turn_routes(Routes& routes);         // 3.2, 3.4, 3.5, 3.6: what hangs on a message or a chat
void add_search_routes(Routes& routes);       // 3.7, embeddings and model names of 3.8, 3.17
void add_model_routes(Routes& routes);        // completions of 3.8 and 3.9
void add_content_routes(Routes& routes);      // 3.10
void add_folder_routes(Routes& routes);       // 3.11
void add_space_routes(Routes& routes);        // 3.12, 3.13
void add_elicitation_routes(Routes& routes);  // 3.14, 3.15
void add_people_routes(Routes& routes);       // 3.16
void add_table_routes(Routes& routes);        // 3.19
void add_report_routes(Routes& routes);       // 3.18

}  // namespace modhost::playground
