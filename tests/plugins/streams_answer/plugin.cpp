// A small assistant for the chat page's test: searches in a logged step, then writes its answer word by word with a
// citation, until it is done or the user presses stop. "ask me" asks the user something first, "ask oddly" does so in
// a step, with fields of awkward names and shapes; "step oddly" logs steps with details that nobody expects.
#include <array>
#include <string>
#include <string_view>

#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/message.hpp>
#include <modhost/unique/message_log.hpp>
#include <modhost/unique/search.hpp>

namespace {

using modhost::unique::Message;
using modhost::unique::MessageLog;
using modhost::unique::Search;

struct Assistant {
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  modhost::Async<modhost::Outcome> on_event(modhost::Event event) {
    if (event.name() != modhost::kExternalModuleChosen) co_return {};
    const std::string question = event.payload()["userMessage"]["text"].text();
    if (question == "ask me") co_return co_await ask(event, kOffice, "");
    if (question == "ask oddly") {
      const auto asking = co_await MessageLog::create(event, {.text = "asking", .status = "COMPLETED"});
      if (!asking) co_return asking.failure();
      co_return co_await ask(event, kOddFields, asking->id);
    }
    if (question == "step oddly") co_return co_await step_oddly(event);

    const std::string step_text = "**Searching**\n" + question;
    const auto step = co_await MessageLog::create(event, {.text = step_text});
    if (!step) co_return step.failure();
    co_await event.sleep(std::chrono::milliseconds(600));
    const auto hits = co_await Search::search(event, {.search_string = question, .limit = 1});
    if (!hits) co_return hits.failure();
    const auto closed = co_await MessageLog::update(event, step->id, {.status = "COMPLETED"});
    if (!closed) co_return closed.failure();

    if (hits->empty()) co_return co_await Message::modify_answer(event, {.text = "I found nothing."});
    const auto& hit = hits->front();
    const std::string source_id = hit.id + "_" + hit.chunk_id, url = "unique://content/" + hit.id;
    const modhost::unique::Reference source{
        .name = hit.key, .sequence_number = 1, .source_id = source_id, .url = url, .original_index = 0};
    const std::string whole = hit.text + "<sup>1</sup>";
    std::string said;
    while (said.size() < whole.size()) {
      said = whole.substr(0, whole.find(' ', said.size() + 1));
      const auto shown = co_await Message::modify_answer(event, {.text = said, .references = std::span(&source, 1)});
      if (!shown) co_return shown.failure();
      if (!shown->user_aborted_at.empty()) co_return {};
      co_await event.sleep(std::chrono::milliseconds(60));
    }
    co_return {};
  }

 private:
  static constexpr std::string_view kOffice = R"({"office":{"type":"string"}})";
  static constexpr std::string_view kOddFields =
      R"({"item":{"type":"string"},"length":{"type":"integer"},"namedItem":{"type":"boolean"},"elements":{"enum":["x","y"]},)"
      R"("a":null})";
  static constexpr std::array<std::string_view, 3> kOddDetails = {R"({"data":{}})", R"({"data":[{"text":5},null,7]})",
                                                                  R"({"data":[{"text":{"toString":1}}]})"};

  static modhost::Async<modhost::Outcome> step_oddly(modhost::Event event) {
    int order = 0;
    for (const std::string_view details : kOddDetails) {
      const auto made = co_await MessageLog::create(
          event, {.text = "an odd step", .order = ++order, .status = "COMPLETED", .details = {details}});
      if (!made) co_return made.failure();
    }
    co_return co_await Message::modify_answer(event, {.text = "logged"});
  }

  static modhost::Async<modhost::Outcome> ask(modhost::Event event, std::string_view properties, std::string step_id) {
    const modhost::JsonText schema =
        modhost::object({{"type", "object"}, {"properties", modhost::JsonText::raw(std::string(properties))}});
    const modhost::JsonText metadata =
        step_id.empty() ? modhost::JsonText(nullptr) : modhost::object({{"messageLogId", step_id}});
    const modhost::JsonText body = modhost::object({{"mode", "FORM"},
                                                    {"message", "Which office?"},
                                                    {"toolName", "ask_user"},
                                                    {"schema", schema},
                                                    {"chatId", event.chat_id()},
                                                    {"messageId", event.assistant_message_id()},
                                                    {"metadata", metadata}});
    const auto asked = co_await event.api().post("/elicitation", body);
    if (!asked) co_return asked.failure();
    const std::string path = "/elicitation/" + (*asked)["id"].text();
    for (;;) {
      co_await event.sleep(std::chrono::milliseconds(100));
      const auto now = co_await event.api().get(path);
      if (!now) co_return now.failure();
      const std::string status = (*now)["status"].text();
      if (status == "PENDING") continue;
      const modhost::Json said = (*now)["responseContent"];
      const std::string text = status + " " + (said["office"] ? said["office"].text() : said ? said.dump() : "");
      co_return co_await Message::modify_answer(event, {.text = text});
    }
  }
};

}  // namespace

MODHOST_PLUGIN(Assistant, "org.modhost.test.streams-answer", "1.0.0");
