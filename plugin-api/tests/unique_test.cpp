// The typed calls against what the platform's own client was recorded to send and to receive.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <modhost/sdk/plugin.hpp>
#include <modhost/testing.hpp>
#include <modhost/unique/chat_completion.hpp>
#include <modhost/unique/events.hpp>
#include <modhost/unique/message.hpp>
#include <modhost/unique/message_log.hpp>
#include <modhost/unique/search.hpp>
#include <modhost/unique/short_term_memory.hpp>
#include <set>
#include <sstream>

namespace {

using namespace modhost;
using namespace modhost::unique;
using modhost::testing::Answer;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

std::string fixture_text(const std::string& name) {
  std::ifstream file(std::string(MODHOST_FIXTURES) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
JsonDocument fixture(const std::string& name) { return JsonDocument::parse(fixture_text(name)).value(); }

// Equal but for members that are null, which the platform reads as not given.
bool is_same(Json a, Json b) {
  if (a.raw() == nullptr || b.raw() == nullptr || !a || !b) return static_cast<bool>(a) == static_cast<bool>(b);
  if (a.raw()->IsArray()) {
    if (!b.raw()->IsArray() || a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!is_same(a[i], b[i])) return false;
    return true;
  }
  if (!a.raw()->IsObject()) return *a.raw() == *b.raw();
  if (!b.raw()->IsObject()) return false;
  std::set<std::string> names;
  for (const auto& member : a.raw()->GetObject()) names.insert(member.name.GetString());
  for (const auto& member : b.raw()->GetObject()) names.insert(member.name.GetString());
  for (const std::string& name : names)
    if (!is_same(a[name], b[name])) return false;
  return true;
}

const Reference kReference{.name = "a.pdf",
                           .sequence_number = 1,
                           .source_id = "cont_1_chunk_1",
                           .url = "unique://content/cont_1",
                           .original_index = 0};
const ChatCompletion::Turn kTurn{"user", "x"};
const std::string_view kText = "a";

using Send = std::function<Outcome(const Event&)>;
// The recorded calls in our words.
const std::map<std::string, Send> kCalls = {
    {"Message.list", [](const Event& event) -> Outcome { return Message::list(event).get(); }},
    {"Message.retrieve", [](const Event& event) -> Outcome { return Message::retrieve(event, "msg_1").get(); }},
    {"Message.create",
     [](const Event& event) -> Outcome {
       return Message::create(event, {.text = "hi", .references = {&kReference, 1}}).get();
     }},
    {"Message.delete", [](const Event& event) -> Outcome { return Message::remove(event, "msg_1").get(); }},
    {"Message.create_event",
     [](const Event& event) -> Outcome { return Message::create_event(event, "msg_1", {.text = "partial"}).get(); }},
    {"MessageLog.create",
     [](const Event& event) -> Outcome {
       return MessageLog::create(event, {.text = "**Search**",
                                         .message_id = "msg_1",
                                         .details = {R"({"data":[]})"},
                                         .uncited_references = {R"({"data":[]})"}})
           .get();
     }},
    {"MessageLog.update",
     [](const Event& event) -> Outcome {
       return MessageLog::update(event, "message_log_1", {.text = "**Search**", .status = "COMPLETED"}).get();
     }},
    {"ShortTermMemory.create",
     [](const Event& event) -> Outcome { return ShortTermMemory::create(event, "m", "{}").get(); }},
    {"ShortTermMemory.find_latest",
     [](const Event& event) -> Outcome { return ShortTermMemory::find_latest(event, "m").get(); }},
    {"SearchString.create",
     [](const Event& event) -> Outcome {
       return Search::search_string(event, "p", {R"([{"role":"user","text":"x"}])"}).get();
     }},
    {"ChatCompletion.create",
     [](const Event& event) -> Outcome {
       return ChatCompletion::create(event, {.model = "AZURE_GPT_4o_2024_1120",
                                             .messages = {&kTurn, 1},
                                             .options = {R"({"temperature":0})"},
                                             .timeout = std::chrono::minutes(4)})
           .get();
     }},
    {"Embeddings.create",
     [](const Event& event) -> Outcome {
       return ChatCompletion::embeddings(event, {&kText, 1}).get();
     }},
    {"LLMModels.get_models",
     [](const Event& event) -> Outcome { return ChatCompletion::models(event, "UNIQUE_AI").get(); }},
};

struct Runs {
  explicit Runs(Host) {}
  static inline Send send;
  Outcome on_event(const Event& event) { return send(event); }
};

Outcome run(FakeHost& host, Send send) {
  static constexpr modhost_plugin kTable = modhost::detail::make_table<Runs>("org.modhost.test", "1.0.0");
  Runs::send = std::move(send);
  PluginUnderTest plugin(host, kTable);
  const auto ended = plugin.run(FakeEvent::chat("hello"));
  return ended.status == MODHOST_OK ? Outcome() : Outcome(Failure{ended.status, ended.detail});
}

// MessageLog's empty list of references means the same as none.
const std::set<std::string> kFamilies = {"Message",        "MessageLog", "ShortTermMemory", "SearchString",
                                         "ChatCompletion", "Embeddings", "LLMModels"};

TEST(Wire, EveryRecordedCallOfTheseResourcesIsSentAlike) {
  const JsonDocument recorded = fixture("rest-wire.json");
  std::set<std::string> seen;
  const Json calls = recorded["calls"];
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string name = calls[i]["call"].text();
    if (!kFamilies.contains(name.substr(0, name.find('.')))) continue;
    const auto found = kCalls.find(name);
    ASSERT_NE(found, kCalls.end()) << name << " has no call of ours";
    seen.insert(name);
    FakeHost host;
    static_cast<void>(run(host, found->second));
    ASSERT_EQ(host.calls().size(), 1u) << name;
    const auto call = host.calls()[0];
    EXPECT_EQ(call.method, calls[i]["method"].text()) << name;
    EXPECT_EQ(call.target, calls[i]["target"].text()) << name;
    EXPECT_EQ(call.flags, MODHOST_HTTP_PLATFORM);
    std::string wanted = calls[i]["body"].dump();
    if (const auto at = wanted.find(R"(,"references":[])"); at != std::string::npos) wanted.erase(at, 16);
    const JsonDocument body = JsonDocument::parse(call.body.empty() ? "null" : call.body).value();
    EXPECT_TRUE(is_same(body.root(), JsonDocument::parse(wanted).value().root())) << name << "\n"
                                                                                  << call.body << "\ninstead of\n"
                                                                                  << wanted;
  }
  EXPECT_EQ(seen.size(), kCalls.size()) << "a call of ours was never recorded";
}

TEST(Wire, TheComparisonSeesADifference) {
  const auto same = [](const char* a, const char* b) {
    return is_same(JsonDocument::parse(a).value().root(), JsonDocument::parse(b).value().root());
  };
  EXPECT_TRUE(same(R"({"a":1,"b":null})", R"({"a":1})"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":2})"));
  EXPECT_FALSE(same(R"({"a":[1]})", R"({"a":[1,2]})"));
  EXPECT_FALSE(same(R"({"a":{}})", R"({"a":{"b":0}})"));
}

TEST(Answers, OfThePlatformAreRead) {
  const JsonDocument recorded = fixture("rest-responses.json");
  const auto body = [&](const char* name) { return Answer{.body = recorded["responses"][name].dump()}; };
  FakeHost host;
  host.answer("GET", "/messages?", body("GET /messages"));
  host.answer("POST", "/message-log", body("POST /message-log"));
  host.answer("POST", "/search/search-string", body("POST /search/search-string"));
  host.answer("POST", "/search/search", body("POST /search/search"));
  host.answer("POST", "/openai/chat/completions", body("POST /openai/chat/completions"));
  host.answer("POST", "/openai/embeddings", body("POST /openai/embeddings"));
  host.answer("GET", "/openai/models", body("GET /openai/models"));
  host.answer("POST", "/short-term-memory", body("POST /short-term-memory"));
  const Outcome ended = run(host, [](const Event& event) -> Outcome {
    const auto chat = Message::list(event).get().value();
    if (chat.empty() || chat[0].id.empty() || chat[0].chat_id.empty() || chat[0].role.empty())
      return failed("messages");
    const auto step = MessageLog::create(event, {.text = "x"}).get().value();
    if (step.id.empty() || step.status.empty()) return failed("log");
    const auto chunks = Search::search(event, {.search_string = "q"}).get().value();
    if (chunks.empty() || chunks[0].id.empty() || chunks[0].text.empty()) return failed("chunks");
    if (Search::search_string(event, "p").get().value().empty()) return failed("search string");
    const auto completion = ChatCompletion::create(event, {.model = "M", .messages = {&kTurn, 1}}).get().value();
    if (completion.text.empty() || completion.finish_reason.empty()) return failed("completion");
    if (ChatCompletion::embeddings(event, {&kText, 1}).get().value().at(0).empty()) return failed("embeddings");
    if (ChatCompletion::models(event).get().value().empty()) return failed("models");
    if (ShortTermMemory::create(event, "m", "{}").get().value().id.empty()) return failed("memory");
    return {};
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
}

TEST(Answers, AreReadAndKeepWhatHasNoField) {
  FakeHost host;
  host.answer("GET", "/messages?",
              Answer{.body = R"({"object":"list","data":[{"id":"msg_1","chatId":"chat_1","role":"USER",
      "text":"hi","userAbortedAt":null,"later":7},{"id":"msg_2","completedAt":"2026-01-01T00:00:00.000Z"}]})"});
  host.answer(
      "POST", "/search/search",
      Answer{.body = R"([{"id":"cont_1","chunkId":"chunk_1","text":"t","key":"a.pdf : 5","order":2,"startPage":5,
      "endPage":6,"url":null,"score":0.5}])"});
  host.answer("POST", "/openai/chat/completions",
              Answer{.body = R"({"model":"M","choices":[{"message":{"content":"answer"},"finishReason":"STOP"}]})"});
  host.answer("POST", "/short-term-memory/find-latest", Answer{.body = "{}"});
  const Outcome ended = run(host, [](const Event& event) -> Outcome {
    const auto chat = Message::list(event).get().value();
    if (chat.size() != 2 || chat[0].text != "hi" || chat[0].json["later"].integer() != 7) return failed("messages");
    if (!chat[0].user_aborted_at.empty() || chat[1].completed_at.empty()) return failed("times");
    const auto chunks = Search::search(event, {.search_string = "q", .limit = 3}).get().value();
    if (chunks.size() != 1 || chunks[0].end_page != 6 || chunks[0].json["score"].number() != 0.5)
      return failed("chunks");
    const auto completion = ChatCompletion::create(event, {.model = "M", .messages = {&kTurn, 1}}).get().value();
    if (completion.text != "answer" || completion.finish_reason != "STOP") return failed("completion");
    if (ShortTermMemory::find_latest(event, "m").get().value()) return failed("memory");
    return {};
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
  EXPECT_EQ(host.calls()[1].body, R"({"searchString":"q","searchType":"COMBINED","limit":3})");
}

// Hands a recorded event to `look`, which says what is wrong with it.
std::string seen(const std::string& name, const std::function<std::string(const Event&)>& look) {
  static constexpr modhost_plugin kTable = modhost::detail::make_table<Runs>("org.modhost.test", "1.0.0");
  FakeHost host;
  Runs::send = [&](const Event& event) -> Outcome {
    const std::string wrong = look(event);
    return wrong.empty() ? Outcome() : Outcome(failed(wrong));
  };
  PluginUnderTest plugin(host, kTable);
  return plugin.run(FakeEvent::from_body(fixture_text(name))).detail;
}

TEST(Events, OfAChatAreReadInAllTheirForms) {
  const std::string chosen = "unique.chat.external-module.chosen";
  for (const char* variant :
       {"", ".docs-chatid", ".minimal", ".no-version-createdAt", ".translation", ".message-execution"})
    EXPECT_EQ(seen(chosen + variant + ".json",
                   [](const Event& event) -> std::string {
                     const auto chat = ChatEvent::of(event);
                     if (!chat || UserMessageEvent::of(event)) return "another event";
                     if (chat->chat_id.empty() || chat->assistant_message_id.empty()) return "ids";
                     return chat->user_text.empty() || chat->original_text.empty() ? "texts" : "";
                   }),
              "")
        << variant;
  EXPECT_EQ(seen(chosen + ".json",
                 [](const Event& event) -> std::string {
                   const auto chat = ChatEvent::of(event);
                   if (chat->uploaded_files.size() != 2 || chat->uploaded_files[0].mime_type != "application/pdf")
                     return "files";
                   if (chat->user_space_instructions.empty() || chat->language != "German") return "instructions";
                   if (chat->tool_choices != std::vector<std::string>{"LeaseAnalyst"}) return "tools";
                   if (chat->configuration["maxSources"].integer() != 12 || !chat->metadata_filter) return "settings";
                   return chat->correlation || chat->session_config ? "what is null" : "";
                 }),
            "");
}

TEST(Events, OfOtherKindsAreRead) {
  EXPECT_EQ(seen("unique.chat.user-message.created.json",
                 [](const Event& event) -> std::string {
                   const auto message = UserMessageEvent::of(event);
                   return message && !message->text.empty() && !message->chat_id.empty() && !ChatEvent::of(event)
                              ? ""
                              : "wrong";
                 }),
            "");
  EXPECT_EQ(seen("unique.ingestion.content.finished.json",
                 [](const Event& event) -> std::string {
                   const auto content = IngestionEvent::of(event);
                   return content && content->is_finished && !content->content_id.empty() ? "" : "wrong";
                 }),
            "");
  for (const char* action : {"add-meta-data", "update-cell", "generate-artifact", "sheet-completed", "sheet-created"})
    EXPECT_EQ(seen("unique.magic-table." + std::string(action) + ".json",
                   [&](const Event& event) -> std::string {
                     const auto table = MagicTableEvent::of(event);
                     if (!table || table->action != action) return "another event";
                     return table->table_id.empty() || table->sheet_name.empty() || !table->metadata ? "fields" : "";
                   }),
              "")
        << action;
}

}  // namespace
