// Asks the user before it answers: a form in the chat, and what was chosen there goes to the model with the question.
#include <array>
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/chat_completion.hpp>
#include <modhost/unique/elicitation.hpp>
#include <modhost/unique/events.hpp>
#include <modhost/unique/message.hpp>
#include <modhost/unique/step.hpp>

namespace {

using modhost::Async;
using modhost::Event;
using modhost::Outcome;
using modhost::unique::ChatCompletion;
using modhost::unique::Elicitation;
using modhost::unique::Step;

constexpr const char* kSchema = R"({"type": "object", "required": ["audience"], "properties": {
  "audience": {"type": "string", "title": "For whom?", "enum": ["a customer", "a colleague", "the board"]},
  "length": {"type": "string", "title": "How long?", "enum": ["one sentence", "a paragraph", "a page"]}}})";

class AskUser {
 public:
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit AskUser(const modhost::Host& host)
      : model_(host.config().text("/model", "AZURE_GPT_4o_2024_0513")),
        question_(host.config().text("/question", "Before I write: for whom is it, and how long may it be?")),
        schema_(schema_of(host)),
        seconds_(host.config().integer("/seconds", 60)) {}

  Async<Outcome> on_event(Event event) {
    const auto chat = modhost::unique::ChatEvent::of(event);
    if (!chat) co_return {};
    // The chat shows a form in the step that it names.
    auto begun = co_await Step::begin(event, {.text = "**Waiting for your choice**"});
    if (!begun) co_return begun.failure();
    Step step = std::move(begun).value();
    const std::string metadata = modhost::object("messageLogId", step.id()).text();
    const auto asked = co_await Elicitation::create(event, {.message = question_,
                                                            .tool_name = "ask_user",
                                                            .schema = {schema_},
                                                            .expires_in_seconds = seconds_,
                                                            .metadata = {metadata}});
    if (!asked) co_return asked.failure();
    const auto answered = co_await Elicitation::await_answer(event, asked->id);
    if (!answered) co_return answered.failure();

    if (!answered->is_accepted()) {
      const auto closed = co_await step.complete("**No choice was made**: " + answered->status);
      if (!closed) co_return closed.failure();
      co_return co_await modhost::unique::Message::modify_answer(
          event, {.text = "All right, I write nothing. Ask again when you like."});
    }
    const auto closed = co_await step.complete("**You have chosen**");
    if (!closed) co_return closed.failure();
    const std::string wish = "The reader chose: " + answered->response_content.dump();
    const std::array<ChatCompletion::Turn, 2> turns = {{{"system", wish}, {"user", chat->user_text}}};
    const auto said = co_await ChatCompletion::create(event, {.model = model_, .messages = turns});
    if (!said) co_return said.failure();
    co_return co_await modhost::unique::Message::modify_answer(event, {.text = said->text});
  }

 private:
  static std::string schema_of(const modhost::Host& host) {
    const modhost::JsonDocument given = host.config().json("/schema");
    return given.root() ? given.root().dump() : kSchema;
  }

  const std::string model_, question_, schema_;
  const std::int64_t seconds_;
};

}  // namespace

MODHOST_PLUGIN(AskUser, "org.modhost.ask-user", "1.0.0", "Asks the user before it answers.", R"({
  "type": "object",
  "properties": {
    "model": {"type": "string", "minLength": 1},
    "question": {"type": "string", "minLength": 1},
    "schema": {"type": "object"},
    "seconds": {"type": "integer", "minimum": 1, "maximum": 300}
  },
  "additionalProperties": false
})");
