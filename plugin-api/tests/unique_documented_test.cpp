// The calls of the platform's documentation that nobody recorded: method, target and body as it says.
#include <modhost/unique/agentic_metadata.hpp>
#include <modhost/unique/agentic_table.hpp>
#include <modhost/unique/analytics.hpp>
#include <modhost/unique/benchmarking.hpp>
#include <modhost/unique/chat.hpp>
#include <modhost/unique/content.hpp>
#include <modhost/unique/elicitation.hpp>
#include <modhost/unique/folder.hpp>
#include <modhost/unique/message_execution.hpp>
#include <modhost/unique/scheduled_task.hpp>
#include <modhost/unique/search.hpp>
#include <modhost/unique/space.hpp>
#include <modhost/unique/user.hpp>

#include "unique_support.hpp"

namespace {

using namespace modhost::unique;
using namespace unique_test;

#define MADE(...) [](const Event& event) -> Outcome { return (__VA_ARGS__).get(); }

struct Documented {
  Send send;
  const char* request;  // method and target
  const char* body;
};
const std::string_view kQuestion = "B";
const AgenticCell::New kCell{1, 2, "x"};
const AgenticCell::LogEntry kLog{.text = "t", .created_at = "2025-10-09T08:53:20.000Z"};

const Documented kDocumented[] = {
    {MADE(Message::modify_answer(event, {.completed_at = "now", .gpt_request = {"[1]"}})),
     "PATCH /messages/msg_assistant", R"({"chatId":"chat_1","completedAt":"now","gptRequest":[1]})"},
    {MADE(MessageExecution::create(event, {.is_queueable = false, .progress_title = "p"})), "POST /message-execution",
     R"({"messageId":"msg_assistant","type":"DEEP_RESEARCH","isQueueable":false,"progressTitle":"p"})"},
    {MADE(Content::search(event, {R"({"title":{"contains":"a"}})"}, "chat_1", true)), "POST /content/search",
     R"({"where":{"title":{"contains":"a"}},"chatId":"chat_1","includeFailedContent":true})"},
    {MADE(Content::download(event, "cont_1")), "GET /content/cont_1/file", ""},
    {MADE(ContentVersion::list(event, "cont_1", 5, 10)), "GET /content/cont_1/versions?skip=5&take=10", ""},
    {MADE(Folder::path_of(event, "scope_1")), "GET /folder/scope_1/path", ""},
    {MADE(Folder::update(event, "scope_1", {.name = "n"})), "PATCH /folder/scope_1",
     R"({"scopeId":"scope_1","name":"n"})"},
    {MADE(Folder::create(event,
                         {.parent_scope_id = "scope_1", .relative_paths = {&kQuestion, 1}, .inherit_access = false})),
     "POST /folder", R"({"parentScopeId":"scope_1","relativePaths":["B"],"inheritAccess":false})"},
    {MADE(Space::remove(event, "assistant_1")), "DELETE /space/assistant_1", ""},
    {MADE(Space::update(event, "assistant_1", {.module_changes = {R"([{"moduleId":"m"}])"}, .chat_upload = "ENABLED"})),
     "PATCH /space/assistant_1", R"({"modules":[{"moduleId":"m"}],"chatUpload":"ENABLED"})"},
    {MADE(Chat::remove(event, "chat_1")), "DELETE /space/chat/chat_1", ""},
    {MADE(ScheduledTask::create(
         event, {.cron_expression = "0 8 * * 1", .assistant_id = "assistant_1", .prompt = "p", .is_enabled = true})),
     "POST /scheduled-tasks",
     R"({"cronExpression":"0 8 * * 1","assistantId":"assistant_1","prompt":"p","enabled":true})"},
    {MADE(Elicitation::retrieve(event, "elicit_1")), "GET /elicitation/elicit_1", ""},
    {MADE(Group::create(event, "g", {}, "group_0")), "POST /groups", R"({"name":"g","parentId":"group_0"})"},
    {MADE(Company::acronyms(event)), "GET /company/acronyms", ""},
    {MADE(AnalyticsOrder::download(event, "o_1")), "GET /analytics/orders/o_1/download", ""},
    {MADE(Benchmarking::download(event)), "GET /benchmarking/action/download", ""},
    {MADE(Benchmarking::download_template(event)), "GET /benchmarking/action/template-download", ""},
    {MADE(AgenticCell::set_many(event, "sheet_1", {&kCell, 1})), "POST /magic-table/sheet_1/cells/bulk-upsert",
     R"({"cells":[{"rowOrder":1,"columnOrder":2,"data":"x"}]})"},
    {MADE(AgenticCell::set(event, "sheet_1", kCell, {&kLog, 1})), "POST /magic-table/sheet_1/cell",
     R"({"tableId":"sheet_1","rowOrder":1,"columnOrder":2,"text":"x","logEntries":[)"
     R"({"text":"t","createdAt":"2025-10-09T08:53:20.000Z","actorType":"ASSISTANT"}]})"},
    {MADE(AgenticCell::set_metadata(event, "sheet_1", 1, 2, {.is_selected = true, .agreement_status = "MATCH"})),
     "POST /magic-table/sheet_1/cell/metadata",
     R"({"tableId":"sheet_1","rowOrder":1,"columnOrder":2,"selected":true,"agreementStatus":"MATCH"})"},
    {MADE(AgenticMetadata::remove_from_sheet(event, "sheet_1", "meta_1")),
     "DELETE /magic-table/sheet_1/sheet/metadata/meta_1", ""},
    {MADE(Search::search(event, {.search_string = "q", .qdrant_params = {R"({"exact":true})"}})), "POST /search/search",
     R"({"searchString":"q","searchType":"COMBINED","qdrantParams":{"exact":true}})"},
};

TEST(Documented, CallsAreSentSo) {
  for (const Documented& documented : kDocumented) {
    FakeHost host;
    static_cast<void>(run(host, documented.send));
    ASSERT_EQ(host.calls().size(), 1u) << documented.request;
    const auto call = host.calls()[0];
    EXPECT_EQ(call.method + " " + call.target, documented.request);
    EXPECT_EQ(call.body, documented.body) << documented.request;
    EXPECT_EQ(call.flags, MODHOST_HTTP_PLATFORM);
  }
}

TEST(Documented, AnswersWithNamesOfTheirOwnAreRead) {
  FakeHost host;
  host.answer("DELETE", "/space/chat/", Answer{.body = R"({"chat_id":"chat_1"})"});
  host.answer("DELETE", "/modules/", Answer{.body = R"({"id":"module_1","object":"deleted-module","deleted":true})"});
  host.answer("DELETE", "/folder/", Answer{.body = R"({"successFolders":[{"id":"1","path":"/A"}],"failedFolders":[
      {"id":"2","name":"B","failReason":"locked"}]})"});
  host.answer("GET", "/modules", Answer{.body = R"({"data":[{"id":"module_1","weight":3}]})"});
  host.answer("GET", "/magic-table/s", Answer{.body = R"({"sheetId":"s","state":"IDLE","magicTableRowCount":7,
      "magicTableCells":[{"rowOrder":1,"columnOrder":2,"text":"x","rowLocked":true,"metaData":{"selected":true}}]})"});
  const Outcome ended = run(host, [](const Event& event) -> Outcome {
    if (Chat::remove(event, "chat_1").get().value().id != "chat_1") return failed("chat");
    if (!Module::remove(event, "module_1").get().value().is_success) return failed("module");
    const auto removal = Folder::remove(event, "1", true).get().value();
    if (removal.succeeded.at(0).path != "/A" || removal.failed.at(0).fail_reason != "locked") return failed("folder");
    if (Module::list(event).get().value().at(0).weight != 3) return failed("modules");
    const auto sheet = AgenticTable::get_sheet(event, "s", {.cells = true}).get().value();
    const AgenticCell& cell = sheet.cells.at(0);
    if (sheet.row_count != 7 || !cell.is_row_locked || !cell.metadata["selected"].is_true()) return failed("sheet");
    return AgenticTable::get_state(event, "s").get().value() == "IDLE" ? Outcome() : failed("state");
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
}

}  // namespace
