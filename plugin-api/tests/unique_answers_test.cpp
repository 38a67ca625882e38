// What the platform answers, read by type; and the calls that are more than one request.
#include <map>
#include <modhost/unique/agentic_table.hpp>
#include <modhost/unique/analytics.hpp>
#include <modhost/unique/benchmarking.hpp>
#include <modhost/unique/chat.hpp>
#include <modhost/unique/elicitation.hpp>
#include <modhost/unique/folder.hpp>
#include <modhost/unique/integrated.hpp>
#include <modhost/unique/mcp.hpp>
#include <modhost/unique/message_execution.hpp>
#include <modhost/unique/message_log.hpp>
#include <modhost/unique/message_tool.hpp>
#include <modhost/unique/short_term_memory.hpp>
#include <modhost/unique/upload.hpp>
#include <modhost/unique/user.hpp>

#include "unique_support.hpp"

namespace {

using namespace modhost::unique;
using namespace unique_test;

const ChatCompletion::Turn kTurn{"user", "x"};
const std::string_view kText = "a";

// Makes the call and says what is wrong with what it answers.
#define READS(call, ...)                                              \
  [](const Event& event) -> Outcome {                                 \
    const auto got = (call).get().value();                            \
    return (__VA_ARGS__) ? Outcome() : Outcome(failed(#__VA_ARGS__)); \
  }

const std::map<std::string, Send> kReads = {
    {"GET /messages", READS(Message::list(event), got.size() == 2 && got[0].role == "USER" && got[0].debug_info &&
                                                      got[1].text.empty() && got[1].completed_at.empty())},
    {"GET /messages/{id}",
     READS(Message::retrieve(event, "msg_1"), got.references.size() == 1 && got.references[0].sequence_number == 1 &&
                                                  got.references[0].original_index == std::vector<std::int64_t>{0} &&
                                                  !got.stopped_streaming_at.empty())},
    {"GET /messages/{id} (user pressed stop)",
     READS(Message::retrieve(event, "msg_1"), !got.user_aborted_at.empty() && got.text.empty())},
    {"PATCH /messages/{id}", READS(Message::modify(event, "msg_1", {.text = "x"}), !got.text.empty())},
    {"POST /messages/{id}/event",
     READS(Message::create_event(event, "msg_1", {.text = "x"}), got.text == "The notice period")},
    {"POST /message-log", READS(MessageLog::create(event, {.text = "x"}),
                                got.status == "RUNNING" && got.order == 1 && got.details["data"].size() == 0)},
    {"POST /message-execution",
     READS(MessageExecution::create(event, {.is_queueable = true}),
           got.is_queueable && !got.seconds_remaining && got.position_in_queue == 1 && got.status == "PENDING")},
    {"POST /message-assessment", READS(MessageAssessment::create(event, {}),
                                       got.label == "GREEN" && got.is_visible && got.type == "HALLUCINATION")},
    {"POST /short-term-memory",
     READS(ShortTermMemory::create(event, "m", "{}"), got.name == "lease_state" && got.data == R"({"step":2})")},
    {"POST /search/search",
     READS(Search::search(event, {.search_string = "q"}),
           got.size() == 1 && got[0].score == 0.83 && got[0].start_page == 4 && !got[0].internally_stored_at.empty() &&
               got[0].metadata["country"].text() == "CH")},
    {"POST /search/search-string",
     READS(Search::search_string(event, "p"), got == "notice period office lease Zurich")},
    {"POST /openai/chat/completions",
     READS(ChatCompletion::create(event, {.model = "M", .messages = {&kTurn, 1}}),
           got.text == "Six months." && got.finish_reason == "stop" && got.usage.total_tokens == 421)},
    {"POST /openai/chat/completions (tool call)",
     READS(ChatCompletion::create(event, {.model = "M", .messages = {&kTurn, 1}}),
           got.text.empty() && got.tool_calls.size() == 1 && got.tool_calls[0].name == "search_lease" &&
               got.tool_calls[0].arguments == R"({"query":"notice"})")},
    {"POST /openai/embeddings", READS(ChatCompletion::embeddings(event, {&kText, 1}),
                                      got == std::vector<std::vector<double>>{{0.01, -0.02, 0.03}})},
    {"GET /openai/models", READS(ChatCompletion::models(event), got.size() == 2 && got[1] == "AZURE_o3_2025_0416")},
    {"POST /integrated/chat/stream-completions",
     READS(Integrated::stream_completions(event, {.model = "M", .messages = {&kTurn, 1}}),
           got.message.references.size() == 1 && got.tool_calls.empty() && got.usage.total_tokens > 0)},
    {"POST /integrated/chat/stream-completions (tool call)",
     READS(Integrated::stream_completions(event, {.model = "M", .messages = {&kTurn, 1}}),
           got.message.text.empty() && got.tool_calls.size() == 1 && got.tool_calls[0].id == "call_1" &&
               got.tool_calls[0].name == "search_lease" && !got.tool_calls[0].arguments.empty())},
    {"POST /content/upsert",
     READS(Content::upsert(event, {.key = "note.txt", .mime_type = "text/plain"}),
           got.write_url.ends_with("sig=x") && got.read_url.ends_with("sig=y") && got.ingestion_state == "QUEUED" &&
               got.applied_ingestion_config["uniqueIngestionMode"].text() == "SKIP_INGESTION")},
    {"POST /content/infos", READS(ContentInfo::list(event, {}), got.items.size() == 1 && got.total == 1 &&
                                                                    got.is_last() && got.items[0].byte_size == 48213)},
    {"POST /elicitation", READS(Elicitation::create(event, {.message = "Which office?", .tool_name = "ask_user"}),
                                !got.is_over() && got.schema["required"][0].text() == "office" &&
                                    got.metadata["messageLogId"] && !got.expires_at.empty())},
    {"GET /elicitation/pending", READS(Elicitation::pending(event), got.empty())},
    {"POST /elicitation/respond", READS(Elicitation::respond(event, "elicit_1", "DECLINE"), got.is_success)},
    {"POST /mcp/call-tool",
     READS(Mcp::call_tool(event, "ticketing_search", {}),
           got.content.size() == 1 && got.content[0].text == R"({"issues":[]})" && !got.is_error)},
    {"POST /space/message", READS(Chat::say(event, {.assistant_id = "assistant_1", .text = "hi"}), got.role == "USER")},
    {"GET /space/{chatId}/messages/latest",
     READS(Chat::latest_message(event, "chat_1"), got.role == "ASSISTANT" && !got.id.empty())},
};

TEST(Answers, EveryRecordedOneIsRead) {
  const JsonDocument recorded = fixture("rest-responses.json");
  std::size_t errors = 0;
  for (const auto& member : recorded["responses"].raw()->GetObject()) {
    const std::string name = member.name.GetString();
    FakeHost host;
    if (name.starts_with("error: ")) {
      ++errors;
      const bool is_framework = name.ends_with("framework");
      host.answer("GET", "/", Answer{.status = is_framework ? 400 : 404, .body = Json(&member.value).dump()});
      const Outcome ended = run(host, [](const Event& event) -> Outcome { return Message::list(event).get(); });
      EXPECT_EQ(ended.failure().detail,
                is_framework ? "GET /messages: APIError 400: Bad Request (chatId must be a string)"
                             : "GET /messages: InvalidRequestError 404 [MESSAGE_NOT_FOUND]: Message not found");
      continue;
    }
    const auto found = kReads.find(name);
    ASSERT_NE(found, kReads.end()) << name << " is read by none of ours";
    host.answer(name.substr(0, name.find(' ')), "/", Answer{.body = Json(&member.value).dump()});
    const Outcome ended = run(host, found->second);
    EXPECT_TRUE(ended) << name << ": " << ended.failure().detail;
  }
  EXPECT_EQ(recorded["responses"].size(), kReads.size() + errors);
}

TEST(Answers, KeepWhatHasNoField) {
  FakeHost host;
  host.answer("GET", "/messages?", Answer{.body = R"({"object":"list","data":[{"id":"msg_1","later":7,"assessment":[
                  {"id":"assessment_1","label":"RED","isVisible":true,"createdBy":"somebody"}]}]})"});
  host.answer("POST", "/short-term-memory/find-latest", Answer{.body = "{}"});
  const Outcome ended = run(host, [](const Event& event) -> Outcome {
    const auto chat = Message::list(event).get().value();
    if (chat.size() != 1 || chat[0].json["later"].integer() != 7) return failed("message");
    const MessageAssessment& assessment = chat[0].assessments.at(0);
    if (assessment.label != "RED" || assessment.json["createdBy"].text() != "somebody") return failed("assessment");
    return ShortTermMemory::find_latest(event, "m").get().value() ? failed("memory") : Outcome();
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
}

TEST(Answers, OfAnotherShapeAreEmptyNotACrash) {
  FakeHost host;
  for (const char* method : {"GET", "POST", "PATCH", "DELETE"})
    host.answer(method, "/", Answer{.body = R"([{"id": 7}, null, "x", [[1]]])"});
  const Outcome ended = run(host, [](const Event& event) -> Outcome {
    if (Message::list(event).get().value().size() != 4) return failed("a bare list is taken");
    if (!Message::retrieve(event, "m").get().value().id.empty()) return failed("message");
    if (!ChatCompletion::create(event, {.model = "M"}).get().value().text.empty()) return failed("completion");
    if (!Mcp::call_tool(event, "t", {}).get().value().content.empty()) return failed("mcp");
    return AgenticTable::get_sheet(event, "s", {}).get().value().cells.empty() ? Outcome() : failed("table");
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
}

TEST(Pages, FollowEachOtherUntilOneIsEmpty) {
  FakeHost host;
  host.answer("GET", "/users?", Answer{.body = R"({"users":[{"id":"1"},{"id":"2"}]})"});
  host.answer("GET", "/users?", Answer{.body = R"({"users":[{"id":"3"}]})"});
  host.answer("GET", "/users?", Answer{.body = R"({"users":[]})"});
  std::string seen;
  const Outcome ended = run_async(host, [&](Event event) -> Async<Outcome> {
    auto page = co_await User::list(event, {.take = 2, .email = "a&skip=9"});
    for (; page && !page->items.empty(); page = co_await page->next()) {
      for (const User& user : page->items) seen += user.id + " ";
      if (page->is_last()) co_return failed("nobody said how many there are");
    }
    co_return page ? Outcome() : Outcome(page.failure());
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
  EXPECT_EQ(seen, "1 2 3 ");
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].target, "/users?take=2&email=a%26skip%3D9");
  EXPECT_EQ(calls[1].target, "/users?take=2&email=a%26skip%3D9&skip=2");
  EXPECT_EQ(calls[2].target, "/users?take=2&email=a%26skip%3D9&skip=3");
}

TEST(Pages, AreAskedForByQueryAndByBody) {
  FakeHost host;
  host.answer("GET", "/folder/infos", Answer{.body = R"({"folderInfos":[{"id":"1"},{"id":"2"}],"totalCount":3})"});
  host.answer("POST", "/content/infos", Answer{.body = R"({"contentInfos":[{"id":"1"}],"totalCount":9})"});
  const Outcome ended = run(host, [](const Event& event) -> Outcome {
    auto folders = Folder::list(event, {.take = 2, .skip = 0}).get();
    if (folders->is_last()) return failed("a third is left");
    folders = folders->next().get();
    if (!folders->is_last() || folders->skip != 2) return failed("the second page");
    auto named = Group::list(event, {.name = "a&skip=1"}).get();
    static_cast<void>(named->next().get());
    auto files = ContentInfo::list(event, {.parent_id = "scope_1", .skip = 5, .take = 1}).get();
    files = files->next().get();
    return files->next().get();
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 7u);
  EXPECT_EQ(calls[0].target, "/folder/infos?take=2&skip=0");
  EXPECT_EQ(calls[1].target, "/folder/infos?take=2&skip=2");
  EXPECT_EQ(calls[3].target, "/groups?name=a%26skip%3D1&skip=0");
  EXPECT_EQ(calls[4].json()["skip"].integer(), 5);
  EXPECT_EQ(calls[5].json()["skip"].integer(), 6);
  EXPECT_EQ(calls[6].json()["skip"].integer(), 7);
  EXPECT_EQ(calls[6].json()["parentId"].text(), "scope_1");
}

TEST(Files, AreDownloadedWithTheirNames) {
  FakeHost host;
  const std::string bytes("\0\xff{", 3);
  host.answer("GET", "/content/cont_1/file",
              Answer{.body = bytes,
                     .headers = "content-type: application/pdf\ncontent-disposition: attachment; filename=\"a.pdf\"; "
                                "filename*=UTF-8''B%C3%A4r%20%25.pdf\n"});
  host.answer("GET", "/analytics", Answer{.status = 404, .body = R"({"error":{"message":"gone"}})"});
  const Outcome ended = run(host, [&](const Event& event) -> Outcome {
    const File file = Content::download(event, "cont_1", "chat_1").get().value();
    if (file.bytes != bytes || file.name != "Bär %.pdf" || file.mime_type != "application/pdf")
      return failed(file.name);
    return AnalyticsOrder::download(event, "o_1").get();
  });
  EXPECT_EQ(ended.failure().detail, "GET /analytics/orders/o_1/download: InvalidRequestError 404: gone");
  EXPECT_EQ(host.calls()[0].target, "/content/cont_1/file?chatId=chat_1");
  using modhost::unique::detail::file_name;
  EXPECT_EQ(file_name(R"(inline; filename="a \"b\".txt"; x=1)"), R"(a "b".txt)");
  EXPECT_EQ(file_name("attachment; filename=plain.csv; x=1"), "plain.csv");
  EXPECT_EQ(file_name("attachment; filename*=UTF-8''broken%2"), "broken%2");
  EXPECT_EQ(file_name("attachment"), "");
}

TEST(Files, AreUploadedInThreeSteps) {
  FakeHost host;
  host.answer(
      "POST", "/content/upsert",
      Answer{.body = R"({"id":"cont_1","writeUrl":"https://blob.example/w?sig=1","readUrl":"https://r?sig=2"})"});
  const Outcome ended = run_async(host, [](Event event) -> Async<Outcome> {
    const auto made = co_await upload(event, {.key = "a.txt", .mime_type = "text/plain"}, "abc");
    if (!made) co_return made.failure();
    co_return made->id == "cont_1" ? Outcome() : failed("id");
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_FALSE(calls[0].json()["fileUrl"]);
  EXPECT_FALSE(calls[0].json()["input"]["byteSize"]);
  EXPECT_EQ(calls[0].json()["chatId"].text(), "chat_1");
  EXPECT_EQ(calls[1].method + " " + calls[1].target, "PUT https://blob.example/w?sig=1");
  EXPECT_EQ(calls[1].flags, 0u);
  EXPECT_EQ(calls[1].body, "abc");
  EXPECT_EQ(calls[1].headers, (std::vector<std::pair<std::string, std::string>>{
                                  {"X-Ms-Blob-Content-Type", "text/plain"}, {"X-Ms-Blob-Type", "BlockBlob"}}));
  EXPECT_EQ(calls[2].json()["fileUrl"].text(), "https://r?sig=2");
  EXPECT_EQ(calls[2].json()["input"]["byteSize"].integer(), 3);
}

TEST(Files, AFailedStepEndsTheUploadAndTellsNoSecret) {
  FakeHost host;
  host.answer("POST", "/content/upsert", Answer{.body = R"({"writeUrl":"https://blob.example/w?sig=1"})"});
  host.answer("PUT", "https://blob.example", Answer{.status = 403});
  const Send send = [](const Event& event) -> Outcome {
    const auto known = Content::upsert(event, {.key = "a.txt", .mime_type = "text/plain"}).get().value();
    return put_bytes(event, known.write_url, "text/plain", "abc").get();
  };
  EXPECT_EQ(run(host, send).failure().detail, "PUT https://blob.example/w: 403");
  const Outcome ended = run_async(host, [](Event event) -> Async<Outcome> {
    co_return co_await upload(event, {.key = "a.txt", .mime_type = "text/plain"}, "abc");
  });
  EXPECT_EQ(ended.failure().detail, "PUT https://blob.example/w: 403");
}

TEST(Files, ABenchmarkIsSentAsAForm) {
  FakeHost host;
  host.answer("POST", "/benchmarking", Answer{.body = R"({"benchmarkStatus":{"done":1,"error":0,"total":5}})"});
  const Outcome ended = run(host, [](const Event& event) -> Outcome {
    const auto status = Benchmarking::start(event, "q\".xlsx", "PK--modhost-benchmarking", true).get().value();
    return status.total == 5 && status.done == 1 ? Outcome() : failed("status");
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
  const auto call = host.calls()[0];
  EXPECT_EQ(call.target, "/benchmarking?force=true");
  EXPECT_EQ(call.headers[0].second, "multipart/form-data; boundary=modhost-benchmarking-x");
  EXPECT_EQ(call.body.find("--modhost-benchmarking-x\r\nContent-Disposition: form-data; name=\"file\"; "
                           "filename=\"q.xlsx\"\r\n"),
            0u);
  EXPECT_TRUE(call.body.ends_with("\r\n\r\nPK--modhost-benchmarking\r\n--modhost-benchmarking-x--\r\n"));
}

TEST(Polls, GoOnUntilTheUserHasAnswered) {
  FakeHost host;
  host.answer("GET", "/elicitation/e_1", Answer{.body = R"({"status":"PENDING"})"});
  host.answer("GET", "/elicitation/e_1", Answer{.status = 503});
  host.answer("GET", "/elicitation/e_1", Answer{.body = R"({"status":"ACCEPTED","responseContent":{"office":"ZH"}})"});
  host.answer("GET", "/space/chat_1/messages/latest", Answer{.body = R"({"role":"USER","completedAt":"now"})"});
  host.answer("GET", "/space/chat_1/messages/latest", Answer{.body = R"({"role":"ASSISTANT","text":"par"})"});
  host.answer("GET", "/space/chat_1/messages/latest",
              Answer{.body = R"({"role":"ASSISTANT","text":"whole","stoppedStreamingAt":"now"})"});
  host.answer("GET", "/elicitation/gone", Answer{.status = 404});
  const Outcome ended = run_async(host, [](Event event) -> Async<Outcome> {
    const auto answer = co_await Elicitation::await_answer(event, "e_1");
    if (!answer || !answer->is_accepted() || answer->response_content["office"].text() != "ZH")
      co_return failed("elicitation");
    const auto said = co_await Chat::await_answer(event, "chat_1");
    if (!said || said->text != "whole") co_return failed("chat");
    const auto gone = co_await Elicitation::await_answer(event, "gone");
    co_return gone || gone.failure().http_status != 404 ? failed("gone") : Outcome();
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
  EXPECT_EQ(host.calls().size(), 7u);
}

TEST(Spelling, IsWhatThePlatformTakes) {
  FakeHost host;
  const std::string_view ids[] = {"msg_1", "msg_2"};
  const Outcome ended = run(host, [&](const Event& event) -> Outcome {
    const Message::Correlation from{"msg_9", "chat_9", "assistant_9"};
    static_cast<void>(Message::create(event, {.text = "x", .correlation = from, .segment_index = 2}).get());
    static_cast<void>(
        Search::search(event, {.search_string = "q", .limit = 3, .scope_ids = ids, .score_threshold = 0.5}).get());
    static_cast<void>(Content::uploaded(event).get());
    static_cast<void>(ShortTermMemory::create(event, "m", "d", "msg_1").get());
    static_cast<void>(Folder::path_of(event, "scope_1").get());
    static_cast<void>(Company::acronyms(event).get());
    return {};
  });
  EXPECT_TRUE(ended);
  const auto calls = host.calls();
  EXPECT_EQ(calls[0].json()["correlation"].dump(),
            R"({"parentMessageId":"msg_9","parentChatId":"chat_9","parentAssistantId":"assistant_9"})");
  EXPECT_EQ(
      calls[1].body,
      R"({"searchString":"q","searchType":"COMBINED","scopeIds":["msg_1","msg_2"],"limit":3,"scoreThreshold":0.5})");
  EXPECT_EQ(calls[2].body, R"({"where":{"ownerId":{"equals":"chat_1"}},"chatId":"chat_1"})");
  EXPECT_EQ(calls[3].body, R"({"memoryName":"m","messageId":"msg_1","data":"d"})");
  EXPECT_EQ(calls[4].target, "/folder/scope_1/path");
  EXPECT_EQ(calls[5].target, "/company/acronyms");
}

}  // namespace
