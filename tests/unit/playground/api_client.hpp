// Talks to an Api value in value out, as the host's platform client does.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "event/json_reader.hpp"
#include "playground/api.hpp"
#include "playground/platform.hpp"
#include "support/fake_clock.hpp"

namespace modhost::playground::test {

struct ApiClient {
  explicit ApiClient(std::vector<std::string> modules = {"DemoApp", "Other"}) : platform(clock, modules) {
    library.load_shipped();
    seed_folders(records);
  }

  http::Request request(std::string method, std::string target, std::string body = "") const {
    http::Request request;
    request.method = std::move(method);
    request.target = base + std::move(target);
    request.headers = headers;
    request.body = std::move(body);
    return request;
  }
  http::Response call(std::string method, std::string target, std::string body = "") const {
    return api.handle(request(std::move(method), std::move(target), std::move(body)));
  }
  // Sets or, with an empty value, removes a header of all further calls.
  void set_header(const std::string& name, const std::string& value) {
    std::erase_if(headers, [&](const http::Header& one) { return http::equal_names(one.name, name); });
    if (!value.empty()) headers.push_back({name, value});
  }
  // The answer as JSON; the status is expected.
  rapidjson::Document json(int status, std::string method, std::string target, std::string body = "") const {
    const http::Response answer = call(method, target, std::move(body));
    EXPECT_EQ(answer.status, status) << method << " " << target << "\n" << answer.body;
    auto document = parse_json(answer.body);
    EXPECT_TRUE(document) << answer.body;
    return document ? std::move(*document) : rapidjson::Document();
  }
  std::string space_id(std::size_t index = 0) const { return platform.spaces()[index].id; }
  // A turn in a new chat.
  Turn begin_turn(const std::string& text = "hello") {
    TurnRequest request;
    request.space_id = space_id();
    request.text = text;
    request.user_id = "100000000000000001";
    request.company_id = "200000000000000002";
    return platform.begin_turn(request).value();
  }

  modhost::test::FakeClock clock;
  Platform platform;
  Library library{clock};
  Records records{clock};
  std::vector<std::string> delivered;
  ApiServices services{clock, platform, library, records, [this](const std::vector<std::string>& keys) {
                         delivered.insert(delivered.end(), keys.begin(), keys.end());
                       }};
  Api api{services, {"app_TEST", Secret("ukey_TEST")}};
  std::string base = "/public/chat";
  std::vector<http::Header> headers = {{"Authorization", "Bearer ukey_TEST"},
                                       {"X-App-Id", "app_TEST"},
                                       {"X-User-Id", "100000000000000001"},
                                       {"X-Company-Id", "200000000000000002"},
                                       {"X-Api-Version", "2023-12-06"}};
};

inline rapidjson::Document parsed(const http::Response& answer) {
  auto document = parse_json(answer.body);
  return document ? std::move(*document) : rapidjson::Document();
}

}  // namespace modhost::playground::test
