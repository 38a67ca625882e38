// One line in the host's log, and one count, for each message that users write. Calls nobody.
#include <algorithm>
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/events.hpp>

namespace {

class ActivityLog {
 public:
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit ActivityLog(const modhost::Host& host)
      : shows_text_(host.config().flag("/show_text", false)),
        messages_(host.counter("user_messages_total", "Messages that users wrote")) {}

  modhost::Outcome on_event(const modhost::Event& event) {
    const auto message = modhost::unique::UserMessageEvent::of(event);
    if (!message) return {};
    const auto is_first_byte = [](char c) { return (c & 0xC0) != 0x80; };
    const auto characters = std::count_if(message->text.begin(), message->text.end(), is_first_byte);
    const std::string what = shows_text_ ? message->text : std::to_string(characters) + " characters";
    event.log().info("[LOG] User message in chat " + message->chat_id + ": " + what);
    messages_.add(1);
    return {};
  }

 private:
  const bool shows_text_;
  const modhost::Metric messages_;
};

}  // namespace

MODHOST_PLUGIN(ActivityLog, "org.modhost.activity-log", "1.0.0", "Logs and counts what users write.", R"({
  "type": "object",
  "properties": {"show_text": {"type": "boolean"}},
  "additionalProperties": false
})");
