// Every call that the platform's own client was recorded to make, in our words: the same method, target and body.
#include <map>
#include <modhost/unique/agentic_metadata.hpp>
#include <modhost/unique/agentic_table.hpp>
#include <modhost/unique/analytics.hpp>
#include <modhost/unique/benchmarking.hpp>
#include <modhost/unique/briefing.hpp>
#include <modhost/unique/chat.hpp>
#include <modhost/unique/content.hpp>
#include <modhost/unique/content_sheet.hpp>
#include <modhost/unique/elicitation.hpp>
#include <modhost/unique/folder.hpp>
#include <modhost/unique/integrated.hpp>
#include <modhost/unique/mcp.hpp>
#include <modhost/unique/message_execution.hpp>
#include <modhost/unique/message_log.hpp>
#include <modhost/unique/message_tool.hpp>
#include <modhost/unique/scheduled_task.hpp>
#include <modhost/unique/short_term_memory.hpp>
#include <modhost/unique/space.hpp>
#include <modhost/unique/user.hpp>
#include <modhost/unique/web_search.hpp>

#include "unique_support.hpp"

namespace {

using namespace modhost::unique;
using namespace unique_test;

#define MADE(...) [](const Event& event) -> Outcome { return (__VA_ARGS__).get(); }

// A list of one, for a parameter that is a view of a list.
template <class T>
std::span<const T> one(const T& value) {
  return {&value, 1};
}
using Text = std::string_view;
const Text kA = "a", kQ = "q", kZero = "0", kPath = "/A/B", kUrl = "https://a.example", kQuestions = "QUESTIONS";
const Text kMessages[] = {"msg_1", "msg_2"}, kUsers[] = {"1", "2"}, kAccesses[] = {"access_1", "access_2"};
const std::int64_t kOne = 1;
const Reference kReference{.name = "a.pdf",
                           .sequence_number = 1,
                           .source_id = "cont_1_chunk_1",
                           .url = "unique://content/cont_1",
                           .original_index = 0};
const ChatCompletion::Turn kTurn{"user", "x"};
const SearchContext kContext{"cont_1", "chunk_1", "a.pdf"};
const MessageTool::New kTool{
    .external_tool_call_id = "call_1", .function_name = "f", .arguments = {R"({"q":1})"}, .response = "r"};
const Folder::Access kReaders{.entity_id = "group_1", .entity_type = "GROUP"};
const SpaceAccess::New kUse{.entity_id = "100000000000000001"};
const Module::Settings kModule{.name = "LeaseAnalyst", .is_external = true};
const ContentSheet::Column kColumn{"0", "Q", "x"};
const ContentSheet::Row kRow{"1", {&kColumn, 1}};
const Briefing::Prompt kPrompt{"a", "b"};
const AgenticMetadata::Entry kExact{"a", "b", true}, kEntry{"a", "b"};

using Calls = std::map<std::string, Send>;

const Calls kChatCalls = {
    {"Message.list", MADE(Message::list(event))},
    {"Message.retrieve", MADE(Message::retrieve(event, "msg_1"))},
    {"Message.create", MADE(Message::create(event, {.text = "hi", .references = one(kReference)}))},
    {"Message.delete", MADE(Message::remove(event, "msg_1"))},
    {"Message.create_event", MADE(Message::create_event(event, "msg_1", {.text = "partial"}))},
    {"MessageTool.create_many", MADE(MessageTool::create_many(event, one(kTool), "msg_1"))},
    {"MessageTool.get_message_tools", MADE(MessageTool::list(event, kMessages))},
    {"MessageLog.create", MADE(MessageLog::create(event, {.text = "**Search**",
                                                          .message_id = "msg_1",
                                                          .details = {R"({"data":[]})"},
                                                          .uncited_references = {R"({"data":[]})"}}))},
    {"MessageLog.update",
     MADE(MessageLog::update(event, "message_log_1", {.text = "**Search**", .status = "COMPLETED"}))},
    {"MessageExecution.get", MADE(MessageExecution::get(event, "msg_1"))},
    {"MessageExecution.update",
     MADE(MessageExecution::update(
         event, {.status = "COMPLETED", .seconds_remaining = 0, .percentage_completed = 100, .message_id = "msg_1"}))},
    {"MessageAssessment.create", MADE(MessageAssessment::create(event, {.message_id = "msg_1"}))},
    {"MessageAssessment.modify",
     MADE(MessageAssessment::modify(event,
                                    {.title = "t", .explanation = "e", .label = "GREEN", .message_id = "msg_1"}))},
    {"ShortTermMemory.create", MADE(ShortTermMemory::create(event, "m", "{}"))},
    {"ShortTermMemory.find_latest", MADE(ShortTermMemory::find_latest(event, "m"))},
    {"SearchString.create", MADE(Search::search_string(event, "p", {R"([{"role":"user","text":"x"}])"}))},
    {"ChatCompletion.create", MADE(ChatCompletion::create(event, {.model = "AZURE_GPT_4o_2024_1120",
                                                                  .messages = one(kTurn),
                                                                  .options = {R"({"temperature":0})"},
                                                                  .timeout = std::chrono::minutes(4)}))},
    {"Embeddings.create", MADE(ChatCompletion::embeddings(event, one(kA)))},
    {"LLMModels.get_models", MADE(ChatCompletion::models(event, "UNIQUE_AI"))},
    {"Integrated.chat_stream_completion",
     MADE(Integrated::stream_completions(event, {.model = "M",
                                                 .messages = one(kTurn),
                                                 .search_context = one(kContext),
                                                 .start_text = "",
                                                 .debug_info = {"{}"},
                                                 .timeout = std::chrono::minutes(4),
                                                 .assistant_message_id = "msg_2",
                                                 .user_message_id = "msg_1"}))},
    {"Integrated.responses_stream", MADE(Integrated::stream_responses(event, {.model = "M",
                                                                              .input = {R"("x")"},
                                                                              .options = {R"({"temperature":0.1})"},
                                                                              .assistant_message_id = "msg_2",
                                                                              .user_message_id = "msg_1"}))},
    {"Elicitation.create",
     MADE(Elicitation::create(event,
                              {.message = "m",
                               .tool_name = "ask",
                               .schema = {R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})"},
                               .expires_in_seconds = 60,
                               .message_id = "msg_1"}))},
    {"Elicitation.pending", MADE(Elicitation::pending(event))},
    {"Elicitation.respond", MADE(Elicitation::respond(event, "elicit_1", "ACCEPT", {R"({"a":"x"})"}))},
    {"MCP.call_tool", MADE(Mcp::call_tool(event, "ticketing_search", {R"({"query":"x"})"}, "msg_1"))},
    {"WebSearch.search", MADE(WebSearch::search(event, {.query = "q", .fetch_size = 5}))},
    {"WebCrawl.crawl", MADE(WebCrawl::crawl(event, {.urls = one(kUrl)}))},
};

const Calls kContentCalls = {
    {"Content.get_info", MADE(ContentInfo::find(event, {.content_id = "cont_1"}))},
    {"Content.get_infos parentFolderPath #1", MADE(Folder::info(event, {.path = kPath}))},
    {"Content.get_infos parentFolderPath #2", MADE(ContentInfo::list(event, {.parent_id = "scope_9", .take = 10}))},
    {"Content.upsert", MADE(Content::upsert(event, {.key = "a.txt", .mime_type = "text/plain"}))},
    {"Content.upsert scope by path #1", MADE(Folder::info(event, {.path = kPath}))},
    {"Content.upsert scope by path #2", MADE(Content::upsert(event, {.key = "a.txt",
                                                                     .mime_type = "text/plain",
                                                                     .scope_id = "scope_9",
                                                                     .source_owner_type = "COMPANY",
                                                                     .store_internally = true,
                                                                     .byte_size = 3,
                                                                     .file_url = "https://blob/x"}))},
    {"Content.version_download_url", MADE(ContentVersion::download_url(event, "cv_1"))},
    {"Content.restore_version", MADE(ContentVersion::restore(event, "cv_1"))},
    {"Content.ingest_magic_table_sheets", MADE(ContentSheet::ingest(event, {.scope_id = "scope_1",
                                                                            .sheet_name = "s",
                                                                            .rows = one(kRow),
                                                                            .column_ids_in_metadata = one(kZero),
                                                                            .column_ids_in_chunk_text = one(kZero)}))},
    {"Content.update", MADE(Content::update(event, "cont_1", {.title = "n", .metadata = {R"({"a":"b"})"}}))},
    {"Content.update_ingestion_state", MADE(Content::update_ingestion_state(event, "cont_1", "QUEUED"))},
    {"Content.delete", MADE(Content::remove(event, "cont_1", "chat_1"))},
    {"Folder.get_info", MADE(Folder::info(event, {.path = "/A/B C"}))},
    {"Folder.get_infos", MADE(Folder::list(event, {.parent_id = "scope_1", .take = 10, .skip = 0}))},
    {"Folder.create_paths", MADE(Folder::create(event, {.paths = one(kPath)}))},
    {"Folder.update_ingestion_config",
     MADE(Folder::update_ingestion_config(event, {.scope_id = "scope_1"}, {R"({"uniqueIngestionMode":"INGESTION"})"},
                                          false))},
    {"Folder.add_access", MADE(Folder::add_access(event, {.scope_id = "scope_1"}, one(kReaders), true))},
    {"Folder.remove_access", MADE(Folder::remove_access(event, {.scope_id = "scope_1"}, one(kReaders), true))},
    {"Folder.move", MADE(Folder::move(event, "scope_1", "scope_2"))},
    {"Folder.delete", MADE(Folder::remove(event, "scope_1", true))},
};

const Calls kSpaceCalls = {
    {"Space.create_message",
     MADE(Chat::say(event, {.assistant_id = "assistant_1", .text = "hi", .chat_id = "chat_1"}))},
    {"Space.create_chat", MADE(Chat::create(event, "t", "assistant_1"))},
    {"Space.get_chat_messages", MADE(Chat::messages(event, "chat_1", 0, 10))},
    {"Space.get_latest_message", MADE(Chat::latest_message(event, "chat_1"))},
    {"Space.get_space", MADE(Space::retrieve(event, "assistant_1"))},
    {"Space.create_space",
     MADE(Space::create(event, {.name = "n", .fallback_module = "LeaseAnalyst", .modules = one(kModule)}))},
    {"Space.get_space_access", MADE(SpaceAccess::list(event, "assistant_1"))},
    {"Space.add_space_access", MADE(SpaceAccess::add(event, "assistant_1", one(kUse)))},
    {"Space.delete_space_access", MADE(SpaceAccess::remove(event, "assistant_1", kAccesses))},
    {"Space.update_space", MADE(Space::update(event, "assistant_1", {.name = "n2"}))},
    {"Space.get_spaces", MADE(Space::list(event, {.name = "x y", .skip = 0, .take = 50}))},
    {"Module.list", MADE(Module::list(event, "assistant_1"))},
    {"Module.retrieve", MADE(Module::retrieve(event, "module_1"))},
    {"Module.create", MADE(Module::create(event, "assistant_1", kModule))},
    {"Module.modify", MADE(Module::modify(event, "module_1", {.weight = 10}))},
    {"Module.delete", MADE(Module::remove(event, "module_1"))},
    {"ScheduledTask.list", MADE(ScheduledTask::list(event))},
    {"ScheduledTask.retrieve", MADE(ScheduledTask::retrieve(event, "t_1"))},
    {"ScheduledTask.modify", MADE(ScheduledTask::modify(event, "t_1", {.is_enabled = false}))},
    {"ScheduledTask.delete", MADE(ScheduledTask::remove(event, "t_1"))},
    {"User.get_users", MADE(User::list(event, {.skip = 0, .take = 10, .email = "a+b@x.ch"}))},
    {"User.get_by_id", MADE(User::retrieve(event, "1"))},
    {"User.get_user_groups", MADE(User::groups(event, "1"))},
    {"User.update_user_configuration", MADE(User::update_configuration(event, {R"({"a":1})"}, "100000000000000001"))},
    {"Group.get_groups", MADE(Group::list(event, {.name = "g"}))},
    {"Group.update_group", MADE(Group::update(event, "group_1", "g2"))},
    {"Group.delete_group", MADE(Group::remove(event, "group_1"))},
    {"Group.add_users_to_group", MADE(Group::add_users(event, "group_1", kUsers))},
    {"Group.remove_users_from_group", MADE(Group::remove_users(event, "group_1", kUsers))},
    {"Group.update_group_configuration", MADE(Group::update_configuration(event, "group_1", {R"({"a":1})"}))},
    {"AnalyticsOrder.create",
     MADE(AnalyticsOrder::create(event, {.type = "NPS", .start_date = "2025-10-01", .end_date = "2025-10-09"}))},
    {"AnalyticsOrder.list", MADE(AnalyticsOrder::list(event, 0, 20))},
    {"AnalyticsOrder.retrieve", MADE(AnalyticsOrder::retrieve(event, "o_1"))},
    {"AnalyticsOrder.delete", MADE(AnalyticsOrder::remove(event, "o_1"))},
    {"Benchmarking.get_status", MADE(Benchmarking::get_status(event))},
    {"Briefing.upsert_for_assistant",
     MADE(Briefing::upsert(event, {.text = "t", .generated_at = "2025-10-09T08:53:20.000Z", .prompts = one(kPrompt)}))},
};

const Calls kTableCalls = {
    {"AgenticTable.create_sheet", MADE(AgenticTable::create_sheet(event, "n"))},
    {"AgenticTable.get_sheet_data",
     MADE(AgenticTable::get_sheet(event, "sheet_1",
                                  {.cells = true, .row_count = false, .start_row = 0, .end_row = 10}))},
    {"AgenticTable.set_cell", MADE(AgenticCell::set(event, "sheet_1", {1, 2, "x"}))},
    {"AgenticTable.get_cell", MADE(AgenticCell::get(event, "sheet_1", 1, 2))},
    {"AgenticTable.set_activity", MADE(AgenticTable::set_activity(event, "sheet_1", "UpdateCell", "IN_PROGRESS", "t"))},
    {"AgenticTable.set_artifact",
     MADE(AgenticTable::set_artifact(
         event, "sheet_1", {.content_id = "cont_1", .type = "FULL_REPORT", .name = "r.docx", .mime_type = "m"}))},
    {"AgenticTable.update_sheet_state", MADE(AgenticTable::update_sheet(event, "sheet_1", "PROCESSING"))},
    {"AgenticTable.get_sheet_state", MADE(AgenticTable::get_state(event, "sheet_1"))},
    {"AgenticTable.list_artifacts", MADE(AgenticTable::list_artifacts(event, "sheet_1"))},
    {"AgenticTable.set_column_metadata",
     MADE(AgenticMetadata::set_column(event, "sheet_1", {.order = 1, .width = 100}))},
    {"AgenticTable.bulk_update_status",
     MADE(AgenticTable::bulk_update_status(event, "sheet_1", one(kOne), "VERIFIED", true))},
    {"AgenticTable.add_metadata", MADE(AgenticMetadata::add(event, "sheet_1", {.question_texts = one(kQ)}))},
    {"AgenticTable.generate_artifact", MADE(AgenticTable::generate_artifact(event, "sheet_1", one(kQuestions)))},
    {"AgenticTable.rerun_row", MADE(AgenticTable::rerun_row(event, "sheet_1", 1))},
    {"AgenticTable.create_sheet_metadata", MADE(AgenticMetadata::create_for_sheet(event, "sheet_1", one(kExact)))},
    {"AgenticTable.create_row_metadata", MADE(AgenticMetadata::create_for_row(event, "sheet_1", "row_1", one(kEntry)))},
};

Calls all_calls() {
  Calls all;
  for (const Calls* part : {&kChatCalls, &kContentCalls, &kSpaceCalls, &kTableCalls})
    all.insert(part->begin(), part->end());
  return all;
}
// What this call sends.
modhost::testing::Call sent(const Send& send) {
  FakeHost host;
  static_cast<void>(run(host, send));
  const auto calls = host.calls();
  return calls.size() == 1 ? calls[0] : modhost::testing::Call{};
}

TEST(Wire, EveryRecordedCallIsSentAlike) {
  const JsonDocument recorded = fixture("rest-wire.json");
  const Calls ours = all_calls();
  std::set<std::string> seen;
  const Json calls = recorded["calls"];
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string name = calls[i]["call"].text();
    const auto found = ours.find(name);
    ASSERT_NE(found, ours.end()) << name << " has no call of ours";
    seen.insert(name);
    const auto call = sent(found->second);
    EXPECT_EQ(call.method, calls[i]["method"].text()) << name;
    EXPECT_EQ(call.target, calls[i]["target"].text()) << name;
    EXPECT_EQ(call.flags, MODHOST_HTTP_PLATFORM) << name;
    EXPECT_TRUE(call.headers.empty()) << name << ": the host adds what the recorded client sends";
    std::string wanted = calls[i]["body"].dump();  // MessageLog's empty list of references means the same as none
    if (const auto at = wanted.find(R"(,"references":[])"); at != std::string::npos) wanted.erase(at, 16);
    EXPECT_EQ(call.body.empty(), wanted == "null") << name << ": a body where the recorded client sends none";
    const JsonDocument body = JsonDocument::parse(call.body.empty() ? "null" : call.body).value();
    EXPECT_TRUE(is_same(body.root(), JsonDocument::parse(wanted).value().root())) << name << "\n"
                                                                                  << call.body << "\ninstead of\n"
                                                                                  << wanted;
  }
  EXPECT_EQ(seen.size(), ours.size()) << "a call of ours was never recorded";
}

// The host joins them to every base, as its own test of the recorded calls shows.
TEST(Wire, TargetsBeginWithOneSlashAndEndWithNone) {
  for (const auto& [name, send] : all_calls()) {
    const std::string ours = sent(send).target;
    EXPECT_EQ(ours.find_first_not_of('/'), 1u) << name << ": exactly one slash begins " << ours;
    EXPECT_EQ(ours.find_first_of(" '\""), std::string::npos) << name;
    EXPECT_NE(ours.back(), '/') << name;
    EXPECT_EQ(ours.find("//"), std::string::npos) << name;
  }
}

TEST(Wire, QueriesAreEncodedAsRecorded) {
  const JsonDocument recorded = fixture("rest-wire.json");
  const Json quirks = recorded["quirks"];
  const auto target = [&](const char* name) { return quirks[name]["target"].text().substr(2); };
  const Text list[] = {"x", "y z"};
  const std::optional<Text> none;
  EXPECT_EQ(modhost::unique::detail::query("a", none, "b", kOne), target("query_none_dropped"));
  EXPECT_EQ(modhost::unique::detail::query("a", true, "b", false), target("query_bool"));
  EXPECT_EQ(modhost::unique::detail::query("a", std::span<const Text>(list)), target("query_list"));
  EXPECT_EQ(modhost::unique::detail::query("a", Text("Zürich + a&b=c/d"), "b", Text("")),
            target("query_unicode_plus_amp"));
  EXPECT_EQ(modhost::unique::detail::query("a", none), "");
}

TEST(Wire, IdsCanNotLeaveTheirPlaceInAPath) {
  EXPECT_EQ(sent(MADE(Message::retrieve(event, "../users?x=1&"))).target,
            "/messages/..%2Fusers%3Fx%3D1%26?chatId=chat_1");
  EXPECT_EQ(sent(MADE(Folder::remove(event, "a/b"))).target, "/folder/a%2Fb");
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

}  // namespace
