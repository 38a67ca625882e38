// What a call of the Unique API looks like, and what nobody but the host may say in it.
#include <gmock/gmock.h>

#include "platform/http_text.hpp"
#include "platform/unique_request.hpp"

namespace modhost::platform::test {
namespace {

using testing::HasSubstr;
using testing::Not;

config::App app(std::string base = "https://gateway.unique.app/public/chat-gen2", std::string key = "ukey_1") {
  config::App app;
  app.id = "app_1";
  app.api_base = std::move(base);
  app.api_key = Secret(std::move(key));
  return app;
}

UniqueCall call(std::string method, std::string target) {
  UniqueCall call;
  call.method = std::move(method);
  call.target = std::move(target);
  call.user_id = "100000000000000001";
  call.company_id = "200000000000000002";
  return call;
}

std::string header(const HttpRequest& request, std::string_view name) {
  for (const auto& [known, value] : request.headers)
    if (iequals(known, name)) return value;
  return "-";
}

TEST(UniqueRequest, CarriesCredentialsAndIdentity) {
  UniqueCall post = call("POST", "/messages");
  post.body = "{\"chatId\":\"c\"}";
  post.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  post.headers = {{"X-Mine", "1"}};
  post.safe_to_repeat = true;
  post.deadline = Deadline(SteadyTime(std::chrono::seconds(7)));
  const auto request = build_request(app(), post);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->url, "https://gateway.unique.app/public/chat-gen2/messages");
  EXPECT_EQ(request->body, post.body);
  EXPECT_EQ(request->deadline, post.deadline);
  EXPECT_TRUE(request->safe_to_repeat);
  EXPECT_EQ(request->headers, (HeaderList{{"X-Mine", "1"},
                                          {"Authorization", "Bearer ukey_1"},
                                          {"x-app-id", "app_1"},
                                          {"x-user-id", "100000000000000001"},
                                          {"x-company-id", "200000000000000002"},
                                          {"x-api-version", "2023-12-06"},
                                          {"Content-Type", "application/json"},
                                          {"User-Agent", "modhost/" MODHOST_VERSION},
                                          {"traceparent", post.traceparent}}));
}

TEST(UniqueRequest, LeavesOutWhatIsEmptyOrMalformed) {
  UniqueCall get = call("GET", "/messages?chatId=c");
  get.user_id = get.company_id = "";
  get.traceparent = "00-zz";
  const auto request = build_request(app("http://localhost:8092/public", ""), get);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url, "http://localhost:8092/public/messages?chatId=c");
  EXPECT_EQ(
      request->headers,
      (HeaderList{{"x-app-id", "app_1"}, {"x-api-version", "2023-12-06"}, {"User-Agent", "modhost/" MODHOST_VERSION}}));
}

TEST(UniqueRequest, ContentTypeIsTheCallersOrJsonForBodies) {
  for (const std::string method : {"POST", "PATCH", "PUT", "GET", "DELETE", "HEAD"}) {
    const bool has_body = method == "POST" || method == "PATCH" || method == "PUT";
    EXPECT_EQ(header(*build_request(app(), call(method, "/x")), "content-type"), has_body ? "application/json" : "-");
  }
  UniqueCall post = call("POST", "/x");
  post.headers = {{"content-type", "text/plain"}, {"traceparent", "mine"}};
  post.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const auto request = build_request(app(), post);
  EXPECT_EQ(header(*request, "Content-Type"), "text/plain");
  EXPECT_EQ(header(*request, "traceparent"), "mine");
  EXPECT_EQ(request->headers.size(), 8u);
}

TEST(UniqueRequest, RefusesIdsThatAreNoHeaderValues) {
  for (const auto member : {&UniqueCall::user_id, &UniqueCall::company_id}) {
    UniqueCall get = call("GET", "/x");
    get.*member = "1\r\nAuthorization: Bearer stolen";
    const auto request = build_request(app(), get);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, Code::kInvalid);
    EXPECT_THAT(request.error().message, Not(HasSubstr("stolen")));
  }
  EXPECT_FALSE(build_request(app("http://x/public", "key\n"), call("GET", "/x")));
}

TEST(UniqueRequest, RefusesHeadersOfTheHost) {
  for (const char* name :
       {"Authorization", "AUTHORIZATION", "Host", "Content-Length", "Transfer-Encoding", "Connection", "x-app-id",
        "X-User-Id", "x-company-id", "x-api-version", "Cookie", "Proxy-Authorization", "proxy-anything", "Expect", "TE",
        "Trailer", "Upgrade", "Keep-Alive", "User-Agent"}) {
    UniqueCall get = call("GET", "/x");
    get.headers = {{name, "1"}};
    const auto request = build_request(app(), get);
    ASSERT_FALSE(request) << name;
    EXPECT_EQ(request.error().code, Code::kInvalid);
    EXPECT_THAT(request.error().message, HasSubstr("belongs to the host"));
  }
  EXPECT_TRUE(check_header("X-Chat-Id", "c"));
  EXPECT_TRUE(check_header("Accept", "text/event-stream, */*"));
  EXPECT_TRUE(check_header("X-Empty", ""));
  for (const char* name : {"", "X Y", "X:", "X\r\n", "\xc3\xbc"}) EXPECT_FALSE(check_header(name, "1")) << name;
  for (const std::string& value :
       {std::string("a\r\nb"), std::string("a\nb"), std::string("a\0b", 3), std::string("\x7f")})
    EXPECT_FALSE(check_header("X", value));
}

TEST(UniqueRequest, RefusesOtherMethods) {
  for (const char* method : {"", "get", "CONNECT", "TRACE", "OPTIONS", "GET /x HTTP/1.1\r\nX:"})
    EXPECT_FALSE(build_request(app(), call(method, "/x"))) << method;
}

TEST(UniqueRequest, AcceptsPathsBelowTheBase) {
  for (const char* target :
       {"/messages", "/messages/msg_1?chatId=chat_1", "/", "/a/b-c_d.e/f", "/x?a[0]=1&b=%0A%2F%2F",
        "/x?url=https://h/../y", "/space/a..b", "/...", "/x/%C3%BC", "/x/100%25", "/x/%zz", "/a%2Fb", "/x?"})
    EXPECT_TRUE(check_target(target)) << target;
}

TEST(UniqueRequest, SendsTheTargetThatWasChecked) {
  // Trimmed after the check, the first would climb out of the base.
  for (const std::string target : {"/..'", "/messages/..\"", "/x/", "/x'"})
    EXPECT_EQ(build_request(app("http://x/public/"), call("GET", target))->url, "http://x/public" + target);
}

TEST(UniqueRequest, RefusesPathsThatLeaveTheBase) {
  for (const std::string target :
       {"",          "messages",    "http://evil/x", "//evil/x",   "/a//b",         "/../x",
        "/a/..",     "/a/../b",     "/./a",          "/a/.",       "/%2e%2e/x",     "/a/%2E%2e",
        "/a/.%2e/b", "/a%2f..%2fb", "/a%2f%2fb",     "/%2fevil",   "/a/%5c../b",    "/a\\..\\b",
        "/\\evil",   "/a%0d%0ab",   "/a%00",         "/a%7f",      "/%252e%252e/x", "/a%252f..%252fb",
        "/a%250a",   "/a b",        "/a\tb",         "/a\r\nX: 1", "/a?b\nc",       "/a#b",
        "/\xc3\xbc", "/a\x7f"}) {
    const auto ok = check_target(target);
    ASSERT_FALSE(ok) << target;
    EXPECT_EQ(ok.error().code, Code::kInvalid);
  }
  EXPECT_FALSE(check_target(std::string("/a\0b", 4)));
  EXPECT_FALSE(check_target("/" + std::string(40'000, 'a')));
}

}  // namespace
}  // namespace modhost::platform::test
