#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using modhost::testing::Answer;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

// What the plugin makes of a whole event body.
std::string echo_of(const std::string& body) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  auto event = FakeEvent::chat("");
  event.body = body;
  EXPECT_EQ(plugin.run(event).status, MODHOST_OK);
  return host.calls().size() == 1 ? host.calls()[0].json()["text"].text("no text") : "no call";
}

std::string echo_of_text(const std::string& literal) {
  return echo_of(R"({"payload":{"userMessage":{"text":)" + literal + "}}}");
}

TEST(EchoC, RepeatsWhatTheUserWroteAndFinishesWithTheAnswer) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(FakeEvent::chat("Grüezi 🚀")).status, MODHOST_OK);
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].method, "POST");
  EXPECT_EQ(calls[0].target, "/messages");
  const auto body = calls[0].json();
  EXPECT_EQ(body["chatId"].text(), "chat_1");
  EXPECT_EQ(body["assistantId"].text(), "assistant_1");
  EXPECT_EQ(body["role"].text(), "ASSISTANT");
  EXPECT_EQ(body["text"].text(), "echo_c: Grüezi 🚀");
}

TEST(EchoC, EscapesSurviveTheWay) {
  EXPECT_EQ(echo_of_text(R"("a \"quoted\" \\ word\n")"), "echo_c: a \"quoted\" \\ word\n");
  EXPECT_EQ(echo_of_text(R"("\u00fc \uD83D\uDE80 \/")"), "echo_c: ü 🚀 /");
  EXPECT_EQ(echo_of_text(R"("\\")"), "echo_c: \\");
  EXPECT_EQ(echo_of_text(R"("")"), "echo_c: ");
}

TEST(EchoC, FindsTheTextWhereverItStands) {
  EXPECT_EQ(echo_of(R"( { "x" : [1, {"payload": 2}, "]"] , "payload" : { "text":"no", "userMessage" :
                        {"id":"{","n":-1.5e3,"t":true,"text" : "yes" } } , "y": null } )"),
            "echo_c: yes");
  EXPECT_EQ(echo_of(R"({"payload":{"userMessage":{"te\u0078t":"escaped name"}}})"), "echo_c: escaped name");
  EXPECT_EQ(echo_of(R"({"payload":{"userMessage":{"text":"first","text":"last"}}})"), "echo_c: last");
}

TEST(EchoC, WhatIsNotThereIsEmpty) {
  EXPECT_EQ(echo_of_text("null"), "echo_c: ");
  EXPECT_EQ(echo_of_text("17"), "echo_c: ");
  EXPECT_EQ(echo_of(R"({"payload":{"userMessage":[]}})"), "echo_c: ");
  EXPECT_EQ(echo_of(R"({"payload":{}})"), "echo_c: ");
  EXPECT_EQ(echo_of("{}"), "echo_c: ");
}

// The host checks the JSON before a plugin sees it; even so nothing may be read beyond its end.
TEST(EchoC, BrokenDocumentsDoNoHarm) {
  const std::string whole = R"({"a":[{"b":"\u0041\\"}],"payload":{"userMessage":{"text":"\"hi\""}}})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string text = echo_of(whole.substr(0, length));
    EXPECT_TRUE(text == "echo_c: " || text == "echo_c: \"hi\"") << length << ": " << text;
  }
  EXPECT_EQ(echo_of(std::string("{\"a\":\0,\"payload\":1}", 19)), "echo_c: ");
}

TEST(EchoC, IdsAreEscaped) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  auto event = FakeEvent::chat("x");
  event.chat_id = "a\"b\\c\n\x01";
  EXPECT_EQ(plugin.run(event).status, MODHOST_OK);
  EXPECT_EQ(host.calls().at(0).json()["chatId"].text(), "a\"b\\c\n\x01");
}

struct Judged {
  Answer answer;
  modhost_status status;
};

TEST(EchoC, TheAnswerDecidesHowTheEventEnds) {
  const Judged cases[] = {{{.status = 201}, MODHOST_OK},
                          {{.status = 400}, MODHOST_E_INTERNAL},
                          {{.status = 429}, MODHOST_E_RETRY},
                          {{.status = 503}, MODHOST_E_RETRY},
                          {{.result = MODHOST_E_NETWORK, .detail = "refused"}, MODHOST_E_RETRY},
                          {{.result = MODHOST_E_TIMEOUT}, MODHOST_E_RETRY},
                          {{.result = MODHOST_E_CANCELLED}, MODHOST_E_CANCELLED}};
  for (const Judged& judged : cases) {
    FakeHost host;
    host.answer("POST", "/messages", judged.answer);
    PluginUnderTest plugin(host, PLUGIN_FILE);
    EXPECT_EQ(plugin.run(FakeEvent::chat("hello")).status, judged.status) << judged.answer.status;
  }
}

TEST(EchoC, LeavesOtherEventsAlone) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  auto event = FakeEvent::chat("hello");
  event.name = "unique.ingestion.content.finished";
  EXPECT_EQ(plugin.run(event).status, MODHOST_OK);
  EXPECT_TRUE(host.calls().empty());
}

}  // namespace
