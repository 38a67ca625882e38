// The C tables: every argument a plugin can get wrong is answered, nothing is believed.
#include "services/tables.hpp"

#include "call_fixture.hpp"
#include "event/json_reader.hpp"

namespace modhost::services {
namespace {

modhost_str str(std::string_view text) { return {text.data(), text.size()}; }
const modhost_str kWild{nullptr, 5};

class TablesTest : public CallTest {
 protected:
  modhost_http_request request_for(const OpenEvent& event) {
    modhost_http_request request{};
    request.struct_size = sizeof request;
    request.flags = MODHOST_HTTP_PLATFORM;
    request.method = str("GET");
    request.target = str("/messages?chatId=chat_1");
    request.event = event.id();
    return request;
  }
};

// What a C sink saw.
struct Seen {
  int head = 0, done = 0;
  std::int32_t http_status = 0;
  modhost_status result = 1;
  std::string headers, body;
  const modhost_host* host = nullptr;  // not null: done tries perform(), which is refused
  modhost_status perform_answer = 1;
};

modhost_http_sink sink_of(Seen& seen) {
  modhost_http_sink sink{};
  sink.struct_size = sizeof sink;
  sink.user = &seen;
  sink.head = [](void* user, modhost_call_id, std::int32_t status, const modhost_kv* headers,
                 size_t count) noexcept -> modhost_status {
    auto& it = *static_cast<Seen*>(user);
    ++it.head;
    it.http_status = status;
    for (std::size_t i = 0; i < count; ++i)
      it.headers += std::string(headers[i].key.ptr, headers[i].key.len) + "=" +
                    std::string(headers[i].value.ptr, headers[i].value.len);
    return MODHOST_OK;
  };
  sink.data = [](void* user, modhost_call_id, modhost_bytes chunk) noexcept -> modhost_status {
    static_cast<Seen*>(user)->body.append(static_cast<const char*>(chunk.ptr), chunk.len);
    return MODHOST_OK;
  };
  sink.done = [](void* user, modhost_call_id, modhost_status result, modhost_str) noexcept {
    auto& it = *static_cast<Seen*>(user);
    ++it.done;
    it.result = result;
    if (it.host == nullptr) return;
    modhost_http_request request{};
    request.struct_size = sizeof request;
    modhost_http_response response{};
    response.struct_size = sizeof response;
    it.perform_answer = kHttpTable.perform(it.host, &request, &response, nullptr);
  };
  return sink;
}

TEST_F(TablesTest, ServicesAreFoundByTheirId) {
  const auto find = [&](const char* id) { return host()->get_service(host(), id); };
  EXPECT_EQ(find(MODHOST_SERVICE_LOG), &kLogTable);
  EXPECT_EQ(find(MODHOST_SERVICE_EVENT), &kEventTable);
  EXPECT_EQ(find(MODHOST_SERVICE_CONFIG), &kConfigTable);
  EXPECT_EQ(find(MODHOST_SERVICE_HTTP), &kHttpTable);
  EXPECT_EQ(find("modhost.log/2"), nullptr);
  EXPECT_EQ(find(""), nullptr);
  EXPECT_EQ(find(nullptr), nullptr);
  EXPECT_EQ(host()->struct_size, sizeof(modhost_host));
  EXPECT_EQ(std::string(host()->name.ptr, host()->name.len), "modhost");
}

TEST_F(TablesTest, ANullHostIsInvalidEverywhere) {
  modhost_outcome outcome{sizeof outcome, MODHOST_OK, 0, {}};
  std::int64_t number = 0;
  std::uint32_t flag = 0;
  double real = 0;
  modhost_blob blob{};
  modhost_call_id call = 0;
  EXPECT_EQ(kEventTable.complete(nullptr, 1, &outcome), MODHOST_E_INVALID);
  EXPECT_EQ(kEventTable.cancelled(nullptr, 1), MODHOST_E_INVALID);
  EXPECT_EQ(kEventTable.extend(nullptr, 1, 1, &number), MODHOST_E_INVALID);
  EXPECT_EQ(kEventTable.leave_turn_open(nullptr, 1), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_string(nullptr, {}, &blob), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_int(nullptr, {}, &number), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_double(nullptr, {}, &real), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_bool(nullptr, {}, &flag), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_json(nullptr, {}, &blob), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_secret(nullptr, {}, &blob), MODHOST_E_INVALID);
  EXPECT_EQ(kHttpTable.start(nullptr, nullptr, nullptr, &call), MODHOST_E_INVALID);
  EXPECT_EQ(kHttpTable.pause(nullptr, 1, 1), MODHOST_E_INVALID);
  EXPECT_EQ(kHttpTable.cancel(nullptr, 1), MODHOST_E_INVALID);
  EXPECT_EQ(kHttpTable.perform(nullptr, nullptr, nullptr, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(kLogTable.enabled(nullptr, 4), 0u);
  kLogTable.write(nullptr, 0, 4, str("nobody hears this"), nullptr, 0);
}

TEST_F(TablesTest, AnOutcomeIsCheckedBeforeItIsBelieved) {
  const auto event = begin_event();
  modhost_outcome outcome{sizeof outcome, MODHOST_OK, 0, kWild};
  EXPECT_EQ(kEventTable.complete(host(), event->id(), &outcome), MODHOST_E_INVALID);
  outcome.detail = {};
  outcome.struct_size = sizeof outcome - 1;
  EXPECT_EQ(kEventTable.complete(host(), event->id(), &outcome), MODHOST_E_INVALID);
  EXPECT_TRUE(ends_.empty());
  outcome.struct_size = sizeof outcome + 64;  // from a newer header: what we know of it counts
  EXPECT_EQ(kEventTable.complete(host(), event->id(), &outcome), MODHOST_OK);
}

TEST_F(TablesTest, ConfigIsReadByPointerAndType) {
  module_.config_json = R"({"s":"grüezi","i":-7,"big":18446744073709551615,"d":1.5,"b":true,"n":null,)"
                        R"("o":{"a/b":[1,{"x":2}]},"":"empty key","m~n":1})";
  module_.secrets.emplace("token", Secret("hunter2"));
  modhost_blob blob{};
  std::int64_t number = 0;
  double real = 0;
  std::uint32_t flag = 7;
  const auto text = [&](modhost_status status) {
    EXPECT_EQ(status, MODHOST_OK);
    std::string value(static_cast<const char*>(blob.ptr), blob.len);
    blob.release(&blob);
    EXPECT_EQ(blob.ptr, nullptr);
    return value;
  };
  EXPECT_EQ(text(kConfigTable.get_string(host(), str("/s"), &blob)), "grüezi");
  EXPECT_EQ(text(kConfigTable.get_string(host(), str("/"), &blob)), "empty key");
  EXPECT_EQ(text(kConfigTable.get_json(host(), str("/o/a~1b/1"), &blob)), R"({"x":2})");
  EXPECT_EQ(text(kConfigTable.get_secret(host(), str("token"), &blob)), "hunter2");
  EXPECT_FALSE(text(kConfigTable.get_json(host(), {}, &blob)).empty()) << "the whole of it";
  EXPECT_EQ(kConfigTable.get_int(host(), str("/i"), &number), MODHOST_OK);
  EXPECT_EQ(number, -7);
  EXPECT_EQ(kConfigTable.get_int(host(), str("/m~0n"), &number), MODHOST_OK);
  EXPECT_EQ(kConfigTable.get_double(host(), str("/d"), &real), MODHOST_OK);
  EXPECT_EQ(real, 1.5);
  EXPECT_EQ(kConfigTable.get_bool(host(), str("/b"), &flag), MODHOST_OK);
  EXPECT_EQ(flag, 1u);

  EXPECT_EQ(kConfigTable.get_int(host(), str("/big"), &number), MODHOST_E_INVALID) << "does not fit";
  EXPECT_EQ(kConfigTable.get_int(host(), str("/d"), &number), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_string(host(), str("/n"), &blob), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_bool(host(), str("/i"), &flag), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_string(host(), str("/nothing"), &blob), MODHOST_E_NOT_FOUND);
  EXPECT_EQ(kConfigTable.get_secret(host(), str("nothing"), &blob), MODHOST_E_NOT_FOUND);
  EXPECT_EQ(kConfigTable.get_string(host(), str("s"), &blob), MODHOST_E_INVALID) << "no pointer";
  EXPECT_EQ(kConfigTable.get_string(host(), str("#/s"), &blob), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_string(host(), str("/~2"), &blob), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_string(host(), str("/\xFF"), &blob), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_string(host(), kWild, &blob), MODHOST_E_INVALID);
  EXPECT_EQ(kConfigTable.get_string(host(), str("/s"), nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(blob.ptr, nullptr) << "a failure leaves it alone";
}

TEST_F(TablesTest, ACallGoesThroughTheCSink) {
  const auto event = begin_event();
  Seen seen;
  seen.host = host();
  const modhost_http_sink sink = sink_of(seen);
  const modhost_http_request request = request_for(*event);
  modhost_call_id call = 0;
  ASSERT_EQ(kHttpTable.start(host(), &request, &sink, &call), MODHOST_OK);
  EXPECT_NE(call, 0u);
  client_.respond(client_.requests().at(0), 404, "no such chat");
  lane_.run();
  EXPECT_EQ(seen.head, 1);
  EXPECT_EQ(seen.done, 1);
  EXPECT_EQ(seen.http_status, 404);
  EXPECT_EQ(seen.result, MODHOST_OK) << "a whole answer, whatever its status";
  EXPECT_EQ(seen.headers, "content-type=application/json");
  EXPECT_EQ(seen.body, "no such chat");
  EXPECT_EQ(seen.perform_answer, MODHOST_E_INVALID) << "not from a sink callback";
}

TEST_F(TablesTest, RequestsAreCheckedBeforeTheyAreBelieved) {
  const auto event = begin_event();
  Seen seen;
  modhost_http_sink sink = sink_of(seen);
  modhost_call_id call = 0;
  const auto answer = [&](const std::function<void(modhost_http_request&)>& change) {
    modhost_http_request request = request_for(*event);
    change(request);
    return kHttpTable.start(host(), &request, &sink, &call);
  };
  const modhost_kv header{str("a"), kWild};
  EXPECT_EQ(answer([](auto& request) { request.struct_size = 8; }), MODHOST_E_INVALID);
  EXPECT_EQ(answer([](auto& request) { request.flags |= 1u << 7; }), MODHOST_E_INVALID);
  EXPECT_EQ(answer([](auto& request) { request.method = kWild; }), MODHOST_E_INVALID);
  EXPECT_EQ(answer([](auto& request) { request.target = kWild; }), MODHOST_E_INVALID);
  EXPECT_EQ(answer([](auto& request) { request.target.len = SIZE_MAX; }), MODHOST_E_INVALID);
  EXPECT_EQ(answer([](auto& request) { request.body = {nullptr, 1}; }), MODHOST_E_INVALID);
  EXPECT_EQ(answer([](auto& request) { request.body = {"x", std::size_t{1} << 33}; }), MODHOST_E_INVALID);
  EXPECT_EQ(answer([](auto& request) { request.header_count = 1; }), MODHOST_E_INVALID);
  EXPECT_EQ(answer([&](auto& request) {
              request.headers = &header;
              request.header_count = 1;
            }),
            MODHOST_E_INVALID);
  EXPECT_EQ(answer([&](auto& request) {
              request.headers = &header;
              request.header_count = SIZE_MAX;
            }),
            MODHOST_E_INVALID);
  EXPECT_EQ(answer([](auto& request) { request.timeout_ms = -1; }), MODHOST_E_INVALID);
  EXPECT_EQ(answer([](auto& request) { request.event = 12345; }), MODHOST_E_INVALID);
  EXPECT_EQ(kHttpTable.start(host(), nullptr, &sink, &call), MODHOST_E_INVALID);
  sink.done = nullptr;
  EXPECT_EQ(answer([](auto&) {}), MODHOST_E_INVALID);
  EXPECT_TRUE(client_.requests().empty());
  sink = sink_of(seen);
  EXPECT_EQ(answer([](auto& request) { request.timeout_ms = INT64_MAX; }), MODHOST_OK) << "bounded, not overflowed";
  services().http.close();
  lane_.run();
}

TEST_F(TablesTest, PerformGivesBlobsOrSaysWhyNot) {
  const auto event = begin_event();
  client_.answer_with([&](const auto& started) { client_.respond(started, 200, "whole"); });
  modhost_http_request request = request_for(*event);
  modhost_http_response response{};
  modhost_error error{};
  error.struct_size = sizeof error;
  EXPECT_EQ(kHttpTable.perform(host(), &request, &response, &error), MODHOST_E_INVALID) << "struct_size 0";
  EXPECT_GT(error.message_len, 0u);
  response.struct_size = sizeof response;
  ASSERT_EQ(kHttpTable.perform(host(), &request, &response, &error), MODHOST_OK);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(std::string(static_cast<const char*>(response.headers.ptr), response.headers.len),
            "content-type: application/json\n");
  EXPECT_EQ(std::string(static_cast<const char*>(response.body.ptr), response.body.len), "whole");
  response.headers.release(&response.headers);
  response.body.release(&response.body);

  request.flags = 0;
  request.target = str("https://api.acme.com/v1");
  EXPECT_EQ(kHttpTable.perform(host(), &request, &response, &error), MODHOST_E_DENIED);
  EXPECT_NE(std::string(error.message, error.message_len).find("http:https://api.acme.com"), std::string::npos);
}

// start() has a number to give back, no words: they are in the log, not for ever and without what users wrote.
TEST_F(TablesTest, ARefusedStartIsInTheLog) {
  const auto event = begin_event();
  Seen seen;
  const modhost_http_sink sink = sink_of(seen);
  modhost_http_request request = request_for(*event);
  modhost_call_id call = 0;
  testing::internal::CaptureStderr();
  request.target = str("/messages/../secrets?chatId=what-a-user-wrote");
  EXPECT_EQ(kHttpTable.start(host(), &request, &sink, &call), MODHOST_E_INVALID);
  request.flags = 0;
  request.target = str("https://api.acme.com/v1?q=what-a-user-wrote");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(kHttpTable.start(host(), &request, &sink, &call), MODHOST_E_DENIED);
  clock_.advance(std::chrono::seconds(11));
  EXPECT_EQ(kHttpTable.start(host(), &request, &sink, &call), MODHOST_E_DENIED);
  request.event = 4711;
  EXPECT_EQ(kHttpTable.start(host(), &request, &sink, &call), MODHOST_E_INVALID) << "a handle that never was";
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find("what-a-user-wrote"), std::string::npos) << said;
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < said.size(); at = said.find('\n', at) + 1)
    lines.push_back(said.substr(at, said.find('\n', at) - at));
  ASSERT_EQ(lines.size(), 12u) << "ten of the first, then two";
  const auto first = parse_json(lines[0]), denied = parse_json(lines[1]), later = parse_json(lines[10]);
  ASSERT_TRUE(first && denied && later);
  EXPECT_EQ(string_member(*first, "call"), "GET /messages/../secrets");
  EXPECT_EQ(string_member(*denied, "level"), "warning");
  EXPECT_EQ(string_member(*denied, "event_id"), "evt_1");
  EXPECT_EQ(string_member(*denied, "module"), "module");
  EXPECT_EQ(string_member(*denied, "call"), "GET https://api.acme.com");
  EXPECT_EQ(string_member(*denied, "why"), "not granted: add http:https://api.acme.com to `grants:` of the module");
  EXPECT_EQ(string_member(*later, "suppressed"), "91");
  EXPECT_EQ(seen.done, 0);
}

TEST_F(TablesTest, LogLinesCarryTheEventAndNoSecret) {
  module_.secrets.emplace("token", Secret("hunter2"));
  const auto event = begin_event();
  testing::internal::CaptureStderr();
  const modhost_kv fields[] = {{str("tried"), str("hunter2")}, {str("bad\xFF"), str("x\xFF")}, {str("wild"), kWild}};
  kLogTable.write(host(), event->id(), MODHOST_LOG_WARN, str("login with hunter2 failed\n"), fields, 3);
  kLogTable.write(host(), 4711, 99, str("no such event, no such level"), nullptr, 5);
  kLogTable.write(host(), 0, MODHOST_LOG_TRACE, str("below the level"), nullptr, 0);
  const std::string huge(100'000, 'x');
  kLogTable.write(host(), 0, MODHOST_LOG_INFO, str(huge), nullptr, 0);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find("hunter2"), std::string::npos);
  const auto line = parse_json(said.substr(0, said.find('\n')));
  ASSERT_TRUE(line) << said;
  EXPECT_EQ(string_member(*line, "msg"), "login with [secret] failed\n");
  EXPECT_EQ(string_member(*line, "module"), "module");
  EXPECT_EQ(string_member(*line, "event_id"), "evt_1");
  EXPECT_EQ(string_member(*line, "tried"), "[secret]");
  EXPECT_EQ(string_member(*line, "bad\xEF\xBF\xBD"), "x\xEF\xBF\xBD");
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 3);
  EXPECT_LT(said.size(), 10'000u) << "cut";
  EXPECT_EQ(kLogTable.enabled(host(), MODHOST_LOG_DEBUG), 0u);
  EXPECT_EQ(kLogTable.enabled(host(), MODHOST_LOG_ERROR), 1u);
}

TEST_F(TablesTest, AfterRetirementNobodyGetsIn) {
  const auto event = begin_event();
  ASSERT_NE(host(), nullptr);
  EXPECT_TRUE(record_->retire(clock_, Deadline::never()));
  const modhost_outcome outcome{sizeof outcome, MODHOST_OK, 0, {}};
  EXPECT_EQ(kEventTable.complete(host(), event->id(), &outcome), MODHOST_E_CLOSED);
  EXPECT_EQ(kLogTable.enabled(host(), MODHOST_LOG_ERROR), 0u);
  EXPECT_TRUE(ends_.empty());
}

TEST(Gate, ClosesBehindTheLastVisitor) {
  const SystemClock clock;
  const auto gate = std::make_shared<Gate>();
  ASSERT_TRUE(gate->enter());
  EXPECT_FALSE(gate->close(clock, Deadline::after(clock, std::chrono::milliseconds(5)))) << "somebody is inside";
  EXPECT_FALSE(gate->enter());
  std::thread visitor([gate] { gate->leave(); });
  EXPECT_TRUE(gate->close(clock, Deadline::never()));
  visitor.join();
}

}  // namespace
}  // namespace modhost::services
