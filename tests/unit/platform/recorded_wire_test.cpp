// Every call that the platform's own client was recorded to make, through the host's own code: the same URL below every
// form of base, the same body, the same headers.
#include <gtest/gtest.h>

#include "config/api_base.hpp"
#include "event/json_reader.hpp"
#include "platform/http_text.hpp"
#include "platform/unique_request.hpp"
#include "support/temp_dir.hpp"

namespace modhost::platform::test {
namespace {

class RecordedWire : public testing::Test {
 protected:
  RecordedWire() : wire_(*parse_json(modhost::test::fixture("rest-wire.json"))) {}

  // What the client was recorded with.
  static config::App app(std::string base) {
    config::App app;
    app.id = "app_TEST";
    app.api_key = Secret("ukey_TEST");
    app.api_base = std::move(base);
    return app;
  }
  static Result<HttpRequest> built(const config::App& app, const rapidjson::Value& recorded) {
    UniqueCall call;
    call.method = string_member(recorded, "method");
    call.target = string_member(recorded, "target");
    if (!recorded["body"].IsNull()) call.body = to_json(recorded["body"]);
    call.user_id = "100000000000000001";
    call.company_id = "200000000000000002";
    return build_request(app, std::move(call));
  }
  // All calls below this base are recorded ones below that prefix.
  void expect_below(const std::string& base, const std::string& prefix) {
    const config::App with_base = app(base);
    for (const auto& recorded : wire_["calls"].GetArray()) {
      const std::string name(string_member(recorded, "call"));
      const auto request = built(with_base, recorded);
      ASSERT_TRUE(request) << name << ": " << request.error().message;
      EXPECT_EQ(request->method, string_member(recorded, "method")) << name;
      EXPECT_EQ(request->url, prefix + std::string(string_member(recorded, "target"))) << name;
      EXPECT_EQ(request->body, recorded["body"].IsNull() ? "" : to_json(recorded["body"])) << name;
      expect_recorded_headers(*request, name);
    }
  }
  // The recorded ones without those that say which client it is, and nothing else.
  void expect_recorded_headers(const HttpRequest& request, const std::string& name) {
    const bool has_body = request.method == "POST" || request.method == "PATCH" || request.method == "PUT";
    HeaderList ours = request.headers;
    for (const auto& wanted : wire_[has_body ? "headers_post" : "headers_get"].GetObject()) {
      const std::string header = wanted.name.GetString();
      const auto found =
          std::find_if(ours.begin(), ours.end(), [&](const auto& one) { return iequals(one.first, header); });
      if (iequals(header, "X-Unique-Client-User-Agent")) {
        EXPECT_EQ(found, ours.end()) << name << ": it describes a Python client";
        continue;
      }
      ASSERT_NE(found, ours.end()) << name << ": " << header << " is missing";
      EXPECT_EQ(found->second, iequals(header, "User-Agent") ? "modhost/" MODHOST_VERSION : wanted.value.GetString());
      ours.erase(found);
    }
    EXPECT_TRUE(ours.empty()) << name << ": " << (ours.empty() ? "" : ours.front().first) << " was not recorded";
  }

  rapidjson::Document wire_;
};

TEST_F(RecordedWire, EveryCallIsBuiltBelowEveryBaseOfTheFixture) {
  ASSERT_EQ(wire_["calls"].Size(), 99u);
  ASSERT_EQ(wire_["url_join"].MemberCount(), 5u);
  for (const auto& join : wire_["url_join"].GetObject()) {
    const std::string written = join.name.GetString();
    SCOPED_TRACE(written);
    const std::string joined(string_member(join.value, "/messages"));
    const std::string prefix = joined.substr(0, joined.size() - std::string_view("/messages").size());
    const auto base = config::resolve_api_base(written, "legacy");
    ASSERT_TRUE(base) << base.error().message;
    if (base->how == "used as written") {
      expect_below(base->url, prefix);
      continue;
    }
    // Of a host alone our users get the path of its deployment as well; and the host that was recorded is joined alike.
    EXPECT_EQ(base->url, prefix + "/public/chat");
    expect_below(base->url, prefix + "/public/chat");
    expect_below(prefix + "/", prefix);
  }
}

TEST_F(RecordedWire, EveryCallIsBuiltBelowEveryDeployment) {
  const std::pair<const char*, const char*> bases[] = {
      {"https://gateway.unique.app", "https://gateway.unique.app/public/chat-gen2"},
      {"https://gateway.bank.example/public/chat/", "https://gateway.bank.example/public/chat"},
      {"https://gateway.bank.example", "https://gateway.bank.example/public/chat"},
      {"http://localhost:8092/", "http://localhost:8092/public"},
      {"http://node-chat.ns.svc.cluster.local:8092", "http://node-chat.ns.svc.cluster.local:8092/public"},
      {"https://unique-api.bank.example", "https://unique-api.bank.example"},
      {"https://proxy.example:8443/unique/public/chat", "https://proxy.example:8443/unique/public/chat"}};
  for (const auto& [written, prefix] : bases) {
    SCOPED_TRACE(written);
    const auto base = config::resolve_api_base(written, "legacy");
    ASSERT_TRUE(base) << base.error().message;
    expect_below(base->url, prefix);
  }
}

}  // namespace
}  // namespace modhost::platform::test
