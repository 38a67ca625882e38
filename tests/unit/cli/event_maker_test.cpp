#include "cli/event_maker.hpp"

#include <gtest/gtest.h>

#include <set>

#include "config/schema.hpp"
#include "event/json_reader.hpp"
#include "support/temp_dir.hpp"

namespace modhost::cli {
namespace {

constexpr UnixMillis kNow{std::chrono::milliseconds(1'760'000'000'999)};

rapidjson::Document made(const EventRequest& request) {
  const auto maker = EventMaker::open(request);
  EXPECT_TRUE(maker) << maker.error().message;
  if (!maker) return rapidjson::Document(rapidjson::kObjectType);
  return *parse_json(maker->next(kNow));
}

std::string refusal(const EventRequest& request) {
  const auto maker = EventMaker::open(request);
  return maker ? "" : maker.error().message;
}

TEST(EventMaker, KnowsEventsByTheirLastWords) {
  EXPECT_EQ(find_event_name("chosen"), "unique.chat.external-module.chosen");
  EXPECT_EQ(find_event_name("external-module.chosen"), "unique.chat.external-module.chosen");
  EXPECT_EQ(find_event_name("user-message.created"), "unique.chat.user-message.created");
  EXPECT_EQ(find_event_name("update-cell"), "unique.magic-table.update-cell");
  EXPECT_EQ(find_event_name("osen"), "");
  EXPECT_EQ(find_event_name(""), "");
}

TEST(EventMaker, MakesEveryKnownEvent) {
  for (const std::string_view name : config::schema::kEvents) {
    const auto event = made({std::string(name), "", "", {}, false});
    EXPECT_EQ(string_member(event, "event"), name);
    EXPECT_EQ(event["createdAt"].GetInt64(), 1760000000);
    EXPECT_FALSE(string_member(event, "userId").empty());
    EXPECT_FALSE(string_member(event, "companyId").empty());
    EXPECT_TRUE(event["payload"].IsObject());
  }
}

TEST(EventMaker, MakesTheEventOfAModule) {
  const auto event = made({"chosen", "My \"Module\"", "hällo\n", {}, false});
  const rapidjson::Value& payload = event["payload"];
  EXPECT_EQ(string_member(payload, "name"), "My \"Module\"");
  EXPECT_EQ(string_member(payload["userMessage"], "text"), "hällo\n");
  EXPECT_TRUE(string_member(payload, "chatId").starts_with("chat_"));
  EXPECT_TRUE(string_member(payload["assistantMessage"], "id").starts_with("msg_"));
}

TEST(EventMaker, GivesEachEventANewId) {
  const auto maker = EventMaker::open({"chosen", "", "", {}, false});
  ASSERT_TRUE(maker);
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const auto event = *parse_json(maker->next(kNow));
    ids.emplace(string_member(event, "id"));
    EXPECT_TRUE(string_member(event, "id").starts_with("evt_"));
    EXPECT_EQ(string_member(event, "id").size(), 28u);
  }
  EXPECT_EQ(ids.size(), 100u);
}

TEST(EventMaker, TakesAFileAndRenewsIt) {
  const test::TempDir folder;
  const auto file = folder.write(
      "e.json",
      R"({"id":"evt_old","event":"x","createdAt":"1","payload":{"userMessage":{"text":"a","originalText":"a"}}})");
  const auto event = made({file.string(), "", "b", {}, false});
  EXPECT_NE(string_member(event, "id"), "evt_old");
  EXPECT_EQ(string_member(event, "createdAt"), "1760000000") << "text stays text";
  EXPECT_EQ(string_member(event["payload"]["userMessage"], "originalText"), "b");
}

TEST(EventMaker, KeepsAFileByteForByte) {
  const test::TempDir folder;
  const std::string odd = "\xff not JSON at all \n";
  const auto maker = EventMaker::open({folder.write("odd", odd).string(), "", "", {}, true});
  ASSERT_TRUE(maker);
  EXPECT_EQ(maker->next(kNow), odd);
  EXPECT_NE(refusal({folder.write("odd", odd).string(), "", "", {}, false})
                .find("with --keep and no changes it is sent as it is"),
            std::string::npos);
}

TEST(EventMaker, KeepsTheIdWithChanges) {
  const test::TempDir folder;
  const auto file = folder.write("e.json", R"({"id":"evt_old","createdAt":5,"payload":{}})");
  const auto event = made({file.string(), "M", "", {}, true});
  EXPECT_EQ(string_member(event, "id"), "evt_old");
  EXPECT_EQ(event["createdAt"].GetInt(), 5);
  EXPECT_EQ(string_member(event["payload"], "name"), "M");
}

TEST(EventMaker, OverridesPlaces) {
  const auto event =
      made({"chosen",
            "",
            "",
            {"payload.userMessage.text=plain text", "payload.number=5", "payload.quoted=\"5\"",
             "payload.deep.er.still=[1,{\"a\":2}]", "payload.deep.er.still.1.a=3", "payload.deep.er.still.2=end",
             "payload.empty=", "id=evt_fixed", "createdAt=null", "payload.eq=a=b"},
            false});
  const rapidjson::Value& payload = event["payload"];
  EXPECT_EQ(string_member(payload["userMessage"], "text"), "plain text");
  EXPECT_EQ(payload["number"].GetInt(), 5);
  EXPECT_EQ(string_member(payload, "quoted"), "5");
  EXPECT_EQ(to_json(payload["deep"]), R"({"er":{"still":[1,{"a":3},"end"]}})");
  EXPECT_EQ(string_member(payload, "eq"), "a=b");
  EXPECT_TRUE(payload["empty"].IsString());
  EXPECT_EQ(string_member(event, "id"), "evt_fixed");
  EXPECT_TRUE(event["createdAt"].IsNull());
}

TEST(EventMaker, RefusesWhatItCanNotDo) {
  EXPECT_NE(refusal({"chosn", "", "", {}, false}).find("did you mean chosen?"), std::string::npos);
  EXPECT_NE(refusal({"zzzzzzzzzzzz", "", "", {}, false}).find("there is no event and no file zzzzzzzzzzzz: events are"),
            std::string::npos);
  EXPECT_NE(refusal({"chosen", "", "", {"nothing"}, false}).find("expected path=value"), std::string::npos);
  EXPECT_NE(refusal({"chosen", "", "", {"=x"}, false}).find("expected path=value"), std::string::npos);
  EXPECT_NE(refusal({"chosen", "", "", {"id.x=1"}, false}).find("--override id.x: there is no such place"),
            std::string::npos);
  EXPECT_NE(refusal({"chosen", "", "", {"a..b=1"}, false}).find("there is no such place"), std::string::npos);
  EXPECT_NE(refusal({"chosen", "", "", {"l=[]", "l.1=x"}, false}).find("there is no such place"), std::string::npos);
  const test::TempDir folder;
  EXPECT_NE(refusal({folder.write("list", "[]").string(), "M", "", {}, false}).find("an event is a JSON object"),
            std::string::npos);
  EXPECT_NE(refusal({folder.write("text", R"({"payload":"x"})").string(), "M", "", {}, false})
                .find("whose payload is an object"),
            std::string::npos);
}

TEST(EventMaker, RefusesTextThatIsNoUtf8) {
  for (const EventRequest& request :
       {EventRequest{"chosen", "", "bad \xff", {}}, EventRequest{"chosen", "\xff", "", {}},
        EventRequest{"chosen", "", "", {"payload.x=\xff"}}}) {
    const auto events = EventMaker::open(request);
    ASSERT_FALSE(events);
    EXPECT_EQ(events.error().message, "--module, --text and --override take UTF-8 text only");
  }
}

TEST(EventMaker, AnUnknownEventOfThePlatformHasAnEmptyPayload) {
  const auto event = made({"unique.something.entirely.new.and.different", "", "", {}, false});
  EXPECT_EQ(to_json(event["payload"]), "{}");
}

}  // namespace
}  // namespace modhost::cli
