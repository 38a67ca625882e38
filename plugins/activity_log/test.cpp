#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

FakeEvent user_message() {
  return FakeEvent::from_body(R"({"id": "evt_1", "event": "unique.chat.user-message.created", "userId": "user_1",
      "companyId": "company_1", "payload": {"chatId": "chat_1", "assistantId": "assistant_1", "text": "Grüezi 🙂"}})");
}

TEST(ActivityLog, LogsAndCountsAMessage) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(user_message()).status, MODHOST_OK);
  EXPECT_EQ(plugin.run(user_message()).status, MODHOST_OK);
  ASSERT_EQ(host.logs().size(), 2u);
  EXPECT_EQ(host.logs()[0].message, "[LOG] User message in chat chat_1: 8 characters");
  EXPECT_EQ(host.logs()[0].level, MODHOST_LOG_INFO);
  EXPECT_NE(host.logs()[0].event, 0u) << "the host adds the event's ids";
  ASSERT_EQ(host.metrics().size(), 2u);
  EXPECT_EQ(host.metrics()[0].name, "user_messages_total");
  EXPECT_TRUE(host.calls().empty()) << "no call of the platform";
}

TEST(ActivityLog, ShowsTheTextOnlyWhenToldTo) {
  FakeHost host(R"({"show_text": true})");
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(user_message()).status, MODHOST_OK);
  EXPECT_EQ(host.logs().at(0).message, "[LOG] User message in chat chat_1: Grüezi 🙂");
}

TEST(ActivityLog, LeavesOtherEventsAlone) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(FakeEvent::chat("hello")).status, MODHOST_OK);
  EXPECT_TRUE(host.logs().empty());
  EXPECT_TRUE(host.metrics().empty());
}

TEST(ActivityLog, RefusesAWrongConfiguration) {
  FakeHost host(R"({"show_text": "yes"})");
  EXPECT_THROW(PluginUnderTest(host, PLUGIN_FILE), std::runtime_error);
}

}  // namespace
