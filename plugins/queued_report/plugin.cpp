// Writes a report section by section, as a job of the platform: the first event of a turn asks for the job and leaves
// the turn open, the second one, which the platform sends when the job's turn has come, does the work under a progress
// bar.
#include <array>
#include <modhost/sdk/attempt.hpp>
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/chat_completion.hpp>
#include <modhost/unique/events.hpp>
#include <modhost/unique/message.hpp>
#include <modhost/unique/message_execution.hpp>

namespace {

using modhost::Async;
using modhost::Event;
using modhost::Outcome;
using modhost::Result;
using modhost::unique::ChatCompletion;
using modhost::unique::ChatEvent;
using modhost::unique::MessageExecution;

class QueuedReport {
 public:
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit QueuedReport(const modhost::Host& host) : model_(host.config().text("/model", "AZURE_GPT_4o_2024_0513")) {
    const modhost::JsonDocument given = host.config().json("/sections");
    for (std::size_t i = 0; i < given.root().size(); ++i) sections_.push_back(given[i].text());
    if (sections_.empty()) sections_ = {"Background", "Findings", "Recommendation"};
  }

  Async<Outcome> on_event(Event event) {
    const auto chat = ChatEvent::of(event);
    if (!chat) co_return {};
    if (chat->message_execution_id.empty()) co_return co_await queue(event);
    const Outcome written = co_await modhost::attempt(write(event, *chat));
    const bool is_over = written || written.failure().status != MODHOST_E_RETRY || event.is_last_attempt();
    if (is_over) co_await say(event, {.status = written ? "COMPLETED" : "FAILED"});
    co_return written;
  }

 private:
  // Of the message, not of the event: an attempt before this one may have asked for it.
  Async<Outcome> queue(Event event) {
    if (event.has_prior_run())
      if (const auto queued = co_await MessageExecution::get(event); queued && !queued->id.empty()) {
        event.leave_turn_open();
        co_return Outcome();
      }
    const auto made = co_await MessageExecution::create(event, {.is_queueable = true, .progress_title = "Report"});
    if (!made) co_return made.failure();
    event.leave_turn_open();  // the input stays locked until the second event has ended
    co_return Outcome();
  }

  // What is written already is in the checkpoint, so that another attempt goes on from there.
  Async<Outcome> write(Event event, const ChatEvent& chat) {
    modhost::JsonDocument before;
    if (!event.checkpoint().empty()) before = modhost::JsonDocument::parse(event.checkpoint()).value();
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < before.root().size() && i < sections_.size(); ++i) parts.push_back(before[i].text());
    for (std::size_t i = parts.size(); i < sections_.size(); ++i) {
      const auto percent = static_cast<std::int64_t>(100 * i / sections_.size());
      co_await say(event, {.percentage_completed = percent, .progress_title = sections_[i]});
      const std::string order = "Write the section \"" + sections_[i] + "\" of a report.";
      const std::array<ChatCompletion::Turn, 2> turns = {{{"system", order}, {"user", chat.user_text}}};
      const auto section = co_await ChatCompletion::create(event, {.model = model_, .messages = turns});
      if (!section) co_return section.failure();
      parts.push_back("## " + sections_[i] + "\n\n" + section->text);
      const std::vector<modhost::JsonText> kept(parts.begin(), parts.end());
      if (const auto saved = event.save_checkpoint(modhost::array(kept).text()); !saved)
        event.log().warn("the report would begin anew", {{"why", saved.failure().detail}});  // more than 64 KiB of it
    }
    std::string report;
    for (const std::string& part : parts) report += part + "\n\n";
    co_return co_await modhost::unique::Message::modify_answer(event, {.text = report});
  }
  // A progress bar that stands still is no reason to give up.
  static Async<void> say(Event event, MessageExecution::Change change) {
    const auto said = co_await MessageExecution::update(event, change);
    if (!said) event.log().warn("the progress is not shown", {{"why", said.failure().detail}});
  }

  const std::string model_;
  std::vector<std::string> sections_;
};

}  // namespace

MODHOST_PLUGIN(QueuedReport, "org.modhost.queued-report", "1.0.0", "Writes a report as a job with a progress bar.", R"({
  "type": "object",
  "properties": {
    "model": {"type": "string", "minLength": 1},
    "sections": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "maxItems": 50}
  },
  "additionalProperties": false
})");
