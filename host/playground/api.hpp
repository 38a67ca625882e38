// The stand-in's REST API: finds the route under any base path, checks headers and bodies as the platform does, works
// on the Platform. Values in, values out: no sockets, no threads.
#pragma once

#include <rapidjson/document.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "http/server.hpp"
#include "playground/body_check.hpp"
#include "playground/platform.hpp"

namespace modhost::playground {

inline constexpr std::string_view kApiVersion = "2023-12-06";

struct Credentials {
  std::string app_id;
  Secret api_key;
};

class Api {
 public:
  using Deliver = std::function<void(const std::vector<std::string>& event_keys)>;

  // Borrows the platform. deliver is called after a turn began, with the events to send.
  Api(Platform& platform, Credentials credentials, Deliver deliver);

  [[nodiscard]] http::Response handle(const http::Request& request) const;  // [any thread]

  // Which chat and which message or log step a request is about, for the timeline; empty when it does not say.
  struct Subject {
    std::string chat_id, thing_id;
  };
  static Subject subject_of(const http::Request& request);

 private:
  struct Call {
    const http::Request& request;
    std::vector<std::string> ids;  // what the route's ':' segments matched
    std::vector<std::pair<std::string, std::string>> query;
    rapidjson::Document body;  // an object for POST and PATCH
    std::string user_id, company_id;
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
    // The query's chatId, or the platform's complaint.
    Result<std::string> chat_id() const;
  };
  using Handler = http::Response (Api::*)(const Call&) const;
  struct Route {
    std::string_view method, pattern;
    Handler handler;
  };
  static const std::vector<Route>& routes();
  static const Route* find_route(std::string_view method, const std::vector<std::string>& segments,
                                 std::vector<std::string>& ids);
  std::optional<http::Response> refuse(const http::Request& request) const;

  http::Response list_messages(const Call& call) const;
  http::Response get_message(const Call& call) const;
  http::Response create_message(const Call& call) const;
  http::Response update_message(const Call& call) const;
  http::Response show_message(const Call& call) const;
  http::Response remove_message(const Call& call) const;
  http::Response create_step(const Call& call) const;
  http::Response update_step(const Call& call) const;

  http::Response search(const Call& call) const;
  http::Response search_string(const Call& call) const;
  http::Response completion(const Call& call) const;
  http::Response models(const Call& call) const;

  http::Response begin_turn(const Call& call) const;
  http::Response create_chat(const Call& call) const;
  http::Response remove_chat(const Call& call) const;
  http::Response chat_messages(const Call& call) const;
  http::Response latest_message(const Call& call) const;
  http::Response list_spaces(const Call& call) const;
  http::Response get_space(const Call& call) const;

  Platform& platform_;
  const Credentials credentials_;
  const Deliver deliver_;
};

}  // namespace modhost::playground
