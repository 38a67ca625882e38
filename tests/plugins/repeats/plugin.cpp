// Asks the model what its user says and answers with what the model says: the bench's plugin for many chats at once.
#include <array>
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/chat_completion.hpp>
#include <modhost/unique/events.hpp>
#include <modhost/unique/message.hpp>

namespace {

using modhost::unique::ChatCompletion;

struct Repeats {
  explicit Repeats(const modhost::Host&) {}

  modhost::Async<modhost::Outcome> on_event(modhost::Event event) {
    const auto chat = modhost::unique::ChatEvent::of(event);
    if (!chat) co_return {};
    const std::array<ChatCompletion::Turn, 1> turns = {{{"user", chat->user_text}}};
    const auto said = co_await ChatCompletion::create(event, {.model = "AZURE_GPT_4o_2024_1120", .messages = turns});
    if (!said) co_return said.failure();
    co_return co_await modhost::unique::Message::modify_answer(event, {.text = said->text});
  }
};

}  // namespace

MODHOST_PLUGIN(Repeats, "org.modhost.bench.repeats", "1.0.0");
