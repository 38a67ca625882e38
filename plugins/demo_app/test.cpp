#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using modhost::testing::Answer;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

TEST(DemoApp, RepeatsWhatTheUserWrote) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const auto ended = plugin.run(FakeEvent::chat("make me a demo, \"please\" 🙂"));
  EXPECT_EQ(ended.status, MODHOST_OK);
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].method, "POST");
  EXPECT_EQ(calls[0].target, "/messages");
  EXPECT_EQ(calls[0].flags, MODHOST_HTTP_PLATFORM);
  const auto body = calls[0].json();
  EXPECT_EQ(body["chatId"].text(), "chat_1");
  EXPECT_EQ(body["assistantId"].text(), "assistant_1");
  EXPECT_EQ(body["role"].text(), "ASSISTANT");
  EXPECT_EQ(body["text"].text(), "Hello from the Assistant Demo! 🚀 echo make me a demo, \"please\" 🙂");
}

TEST(DemoApp, LeavesOtherEventsAlone) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  auto event = FakeEvent::chat("hello");
  event.name = "unique.chat.user-message.created";
  EXPECT_EQ(plugin.run(event).status, MODHOST_OK);
  EXPECT_TRUE(host.calls().empty());
}

TEST(DemoApp, AsksForAnotherRunWhenThePlatformIsDown) {
  FakeHost host;
  host.answer("POST", "/messages", Answer{.status = 503, .body = R"({"error":{"message":"try later"}})"});
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const auto ended = plugin.run(FakeEvent::chat("hello"));
  EXPECT_EQ(ended.status, MODHOST_E_RETRY);
  EXPECT_EQ(ended.detail, "POST /messages: APIError 503: try later");
}

TEST(DemoApp, FailsWithThePlatformsWords) {
  FakeHost host;
  host.answer("POST", "/messages", Answer{.status = 404, .body = R"({"error":{"message":"no such chat"}})"});
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const auto ended = plugin.run(FakeEvent::chat("hello"));
  EXPECT_EQ(ended.status, MODHOST_E_INTERNAL);
  EXPECT_EQ(ended.detail, "POST /messages: InvalidRequestError 404: no such chat");
}

}  // namespace
