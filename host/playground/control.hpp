// What the page may ask of the stand-in beside the platform's API: under /dev/, for its own origin only, because a
// browser that shows somebody else's page can reach this port too.
#pragma once

#include <rapidjson/document.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.hpp"
#include "playground/api_call.hpp"
#include "playground/faults.hpp"
#include "playground/sender.hpp"

namespace modhost::playground {

struct Identity {  // who types in the page
  std::string user_id, company_id;
};

class Control {
 public:
  // Borrows all but the identity.
  Control(ApiServices services, Faults& faults, Sender& sender, Identity identity);

  // Every /dev/ path but /dev/stream and /dev/view, which answer later (playground.cpp).
  [[nodiscard]] http::Response handle(const http::Request& request) const;  // [any thread]

 private:
  http::Response state(const http::Request& request) const;
  http::Response send_message(const rapidjson::Value& body) const;
  http::Response stop_turn(const rapidjson::Value& body) const;
  http::Response send_event(const rapidjson::Value& body) const;
  http::Response send_again(const rapidjson::Value& body) const;
  http::Response set_faults(const rapidjson::Value& body) const;
  http::Response answer_question(const rapidjson::Value& body) const;
  http::Response document(const http::Request& request) const;

  const ApiServices on_;
  Platform& platform_;
  Faults& faults_;
  Sender& sender_;
  const Identity identity_;
};

// Nothing when Host names this server and Origin, if any, is the same; else the refusal. A foreign name in Host is DNS
// rebinding; a foreign Origin is another page's script.
std::optional<http::Response> refuse_foreign(const http::Request& request, std::uint16_t port,
                                             std::string_view configured_address);

}  // namespace modhost::playground
