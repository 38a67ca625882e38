// What decode picks out of every fixture, and what makes a signed body unusable. TrustedBody comes from a real
// verifier: there is no other way to get one.
#include "event/decode.hpp"

#include "crypto/digest.hpp"
#include "event/json_reader.hpp"
#include "signature/verifier.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace modhost {
namespace {

Decoded decode_text(std::string body) {
  config::App app;
  app.id = "app_1";
  app.secrets.push_back({"k1", Secret(std::string("usig_x")), {}, {}});
  const test::FakeClock clock;
  const signature::Verifier verifier({app}, std::chrono::seconds(300), clock);
  RawRequest request;
  request.path = "/webhook";
  request.signature = signature::sign("usig_x", body);
  request.timestamp = "1760000000";
  request.traceparent = "00-1-2-01";
  request.body = std::move(body);
  signature::Verdict verdict;
  auto trusted = verifier.verify(request, verdict);
  if (!trusted) throw std::runtime_error(trusted.error().message);
  return decode(std::move(*trusted), request);
}

std::string envelope(const std::string& payload, const std::string& event = "unique.chat.external-module.chosen") {
  return R"({"id":"evt_1","event":")" + event + R"(","userId":"u","companyId":"c","payload":)" + payload + "}";
}

std::string nested_objects(std::size_t levels) {
  std::string text;
  for (std::size_t i = 0; i < levels; ++i) text += "{\"a\":";
  return text;
}

TEST(Decode, EveryFixtureIsAnEvent) {
  std::size_t checked = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(MODHOST_SOURCE_DIR) / "tests/fixtures")) {
    if (!file.path().filename().string().starts_with("unique.")) continue;
    const std::string body = test::read_file(file.path());
    const Decoded decoded = decode_text(body);
    EXPECT_EQ(decoded.unusable, "") << file.path();
    const auto document = parse_json(body);
    ASSERT_TRUE(document);
    const rapidjson::Value& payload = *find_member(*document, "payload");
    EXPECT_EQ(decoded.event.id, string_member(*document, "id"));
    EXPECT_EQ(decoded.event.name, string_member(*document, "event"));
    EXPECT_EQ(decoded.event.user_id, string_member(*document, "userId"));
    EXPECT_EQ(decoded.event.company_id, string_member(*document, "companyId"));
    EXPECT_EQ(decoded.event.reference, string_member(payload, "name"));
    std::string_view chat = string_member(payload, "chatId");
    if (chat.empty()) chat = string_member(payload, "chatid");
    EXPECT_EQ(decoded.event.chat_id, chat);
    EXPECT_EQ(decoded.event.assistant_id, string_member(payload, "assistantId"));
    if (const auto* message = find_member(payload, "assistantMessage")) {
      EXPECT_EQ(decoded.event.assistant_message_id, string_member(*message, "id"));
    }
    if (const auto* message = find_member(payload, "userMessage")) {
      EXPECT_EQ(decoded.event.user_message_id, string_member(*message, "id"));
    }
    std::optional<std::int64_t> created_at;
    if (const auto* value = find_member(*document, "createdAt"))
      created_at = value->IsString() ? std::stoll(value->GetString()) : value->GetInt64();
    EXPECT_EQ(decoded.event.created_at_s, created_at);
    EXPECT_EQ(decoded.event.body, body) << "the body stays byte for byte";
    EXPECT_EQ(decoded.event.app, "app_1");
    EXPECT_EQ(decoded.event.key_id, "k1");
    EXPECT_EQ(decoded.event.traceparent, "00-1-2-01");
    ++checked;
  }
  EXPECT_GE(checked, 18u);
}

TEST(Decode, PrefersChatIdAndFallsBackToChatid) {
  EXPECT_EQ(decode_text(envelope(R"({"name":"M","chatid":"b","chatId":"a"})")).event.chat_id, "a");
  EXPECT_EQ(decode_text(envelope(R"({"name":"M","chatid":"b"})")).event.chat_id, "b");
}

TEST(Decode, TheLastDuplicateKeyWinsAsAWhole) {
  const Decoded decoded = decode_text(
      R"({"id":"x","event":"e","payload":{"name":"A","chatId":"1","assistantMessage":{"id":"m1"}},"userId":"u",)"
      R"("companyId":"c","id":"evt_2","payload":{"name":"B"}})");
  EXPECT_EQ(decoded.unusable, "");
  EXPECT_EQ(decoded.event.id, "evt_2");
  EXPECT_EQ(decoded.event.reference, "B");
  EXPECT_EQ(decoded.event.chat_id, "") << "nothing of the first payload is left";
  EXPECT_EQ(decoded.event.assistant_message_id, "");
  EXPECT_NE(decode_text(R"({"id":"x","id":null,"event":"e","userId":"u","companyId":"c","payload":{}})").unusable, "");
  EXPECT_NE(decode_text(R"({"id":"x","event":"e","userId":"u","companyId":"c","payload":{},"payload":[]})").unusable,
            "");
}

TEST(Decode, FieldsCountOnlyInTheirPlace) {
  const Decoded decoded = decode_text(envelope(
      R"({"configuration":{"id":"no","name":"no","chatId":"no","payload":{"name":"no"}},"list":[{"name":"no"},"x"],)"
      R"("name":"M","userMessage":{"nested":{"id":"no"},"id":"um"},"assistantMessage":{"list":["id"],"id":"am"}})"));
  EXPECT_EQ(decoded.unusable, "");
  EXPECT_EQ(decoded.event.id, "evt_1");
  EXPECT_EQ(decoded.event.reference, "M");
  EXPECT_EQ(decoded.event.chat_id, "");
  EXPECT_EQ(decoded.event.user_message_id, "um");
  EXPECT_EQ(decoded.event.assistant_message_id, "am");
}

TEST(Decode, CreatedAtIsANumberOrANumericText) {
  const auto at = [](const std::string& value) {
    return decode_text(R"({"id":"e","event":"x","userId":"u","companyId":"c","payload":{},"createdAt":)" + value + "}")
        .event.created_at_s;
  };
  EXPECT_EQ(at("1760000000"), 1'760'000'000);
  EXPECT_EQ(at("\"1760000000\""), 1'760'000'000);
  EXPECT_EQ(at("\"soon\""), std::nullopt);
  EXPECT_EQ(at("1.5"), std::nullopt);
  EXPECT_EQ(at("null"), std::nullopt);
  EXPECT_EQ(at("99999999999999999999999"), std::nullopt);
}

TEST(Decode, UnusableBodiesGetTheIdOfTheirBytesAndAReason) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "not JSON"},
      {"[]", "not a JSON object"},
      {"{} x", "not JSON"},
      {"\xEF\xBB\xBF{}", "not JSON"},
      {R"({"event":"x","userId":"u","companyId":"c","payload":{}})", "id is missing"},
      {R"({"id":7,"event":"x","userId":"u","companyId":"c","payload":{}})", "id is missing"},
      {R"({"id":"e","userId":"u","companyId":"c","payload":{}})", "event is missing"},
      {R"({"id":"e","event":"x","userId":"","companyId":"c","payload":{}})", "userId is missing"},
      {R"({"id":"e","event":"x","userId":"u","payload":{}})", "companyId is missing"},
      {R"({"id":"e","event":"x","userId":"u","companyId":"c"})", "payload is missing"},
      {R"({"id":"e","event":"x","userId":"u","companyId":"c","payload":"{}"})", "payload is missing"},
      {envelope("{}"), "payload.name is missing"},
      {R"({"id":"e","event":"x","userId":"u\r\nx-app-id: y","companyId":"c","payload":{}})", "userId is longer"},
      {std::string(1 << 20, '['), "nested deeper than 128"},
      {std::string(129, '[') + std::string(129, ']'), "nested deeper than 128"},
      {std::string(128, '[') + std::string(128, ']'), "not a JSON object"},
      {nested_objects(200'000), "nested deeper than 128"},
      {"{\"id\":\"\xC0\xAF\"}", "not valid UTF-8"},
  };
  for (const auto& [body, reason] : cases) {
    const Decoded decoded = decode_text(body);
    EXPECT_NE(decoded.unusable.find(reason), std::string::npos) << decoded.unusable << " for " << body.substr(0, 80);
    EXPECT_EQ(decoded.event.id, "sha256:" + crypto::hex(crypto::sha256(body)));
    EXPECT_EQ(decoded.event.body, body);
  }
}

TEST(JsonReader, ChecksUtf8AsTheRfcSays) {
  for (const char* good :
       {"", "plain ascii text", "Zürich", "日本語", "🚀", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "12345678\xE2\x82", "\xE2\x28\xA1"})
    EXPECT_FALSE(is_utf8(bad));
}

TEST(JsonReader, ResolvesDuplicatesAtEveryLevel) {
  const auto document = parse_json(R"({"a":1,"a":{"b":1,"b":[{"c":1,"c":2}]}})");
  ASSERT_TRUE(document);
  EXPECT_EQ(to_json(*document), R"({"a":{"b":[{"c":2}]}})");
}

TEST(JsonReader, ErrorsNameThePlaceNotTheContent) {
  const auto document = parse_json(R"({"secret":"usig_x",})");
  ASSERT_FALSE(document);
  EXPECT_NE(document.error().message.find("at byte"), std::string::npos);
  EXPECT_EQ(document.error().message.find("usig_x"), std::string::npos);
}

}  // namespace
}  // namespace modhost
