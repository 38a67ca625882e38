// The stand-in's REST API: finds the route under any base path, checks headers and bodies as the platform does, works
// on what the stand-in keeps. Values in, values out: no sockets, no threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "http/server.hpp"
#include "playground/api_call.hpp"

namespace modhost::playground {

inline constexpr std::string_view kApiVersion = "2023-12-06";

struct Credentials {
  std::string app_id;
  Secret api_key;
  // Whether an Authorization header carries the key; takes the same time however much of it is right.
  [[nodiscard]] bool are_in(std::optional<std::string_view> authorization) const;
};

class Api {
 public:
  // Borrows what the services refer to.
  Api(ApiServices services, Credentials credentials);

  // The answer, or what a language model is to do first. [any thread]
  [[nodiscard]] ModelOutcome begin(const http::Request& request) const;
  // The same with the built-in model's answer at once.
  [[nodiscard]] http::Response handle(const http::Request& request) const;

  // Which chat and which message or log step a request is about, for the timeline; empty when it does not say.
  struct Subject {
    std::string chat_id, thing_id;
  };
  static Subject subject_of(const http::Request& request);

 private:
  [[nodiscard]] const Route* find_route(std::string_view method, const std::vector<std::string>& segments,
                                        std::vector<std::string>& ids) const;
  [[nodiscard]] std::optional<http::Response> refuse(const http::Request& request) const;

  const ApiServices services_;
  const Credentials credentials_;
  Routes routes_;
};

}  // namespace modhost::playground
