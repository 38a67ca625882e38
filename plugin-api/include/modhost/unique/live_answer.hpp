// LiveAnswer: an answer that the user sees while it is written.
//
//   modhost::unique::LiveAnswer answer(event, {.sources = chunks});
//   while (const auto delta = co_await model.next()) answer.write(delta->text);
//   co_return co_await answer.finish();
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "modhost/unique/detail/bubble.hpp"
#include "modhost/unique/message.hpp"

namespace modhost::unique {

// Fills the event's assistant message; for one coroutine, or one thread, at a time. Its first text marks the message as
// streaming (PATCH with startedStreamingAt), then the whole text so far is shown, not stored (POST
// /messages/{id}/event): at once, then at most every `interval`, never two calls at a time. What fails of this is only
// counted. finish() stores.
//
// Marks of citations such as [source0] become <sup>1</sup> and references, see CitationStream. Dropped without
// finish(), nothing is stored here: the host ends the turn as it does for every event, and stores what was shown when
// the user pressed stop.
class LiveAnswer {
 public:
  struct Ask {                            // views, for the constructor
    std::span<const Chunk> sources = {};  // what [source0], [source1], ... are
    std::string_view message_id = {};     // the event's assistant message when empty
    std::chrono::milliseconds interval{250};
    bool is_last = true;  // the answer ends the turn: the chat's input unlocks
  };
  static_assert(std::is_trivially_destructible_v<Ask>);

  explicit LiveAnswer(const Event& event) : LiveAnswer(event, Ask()) {}
  LiveAnswer(const Event& event, const Ask& ask)
      : event_(event),
        message_id_(detail::otherwise(ask.message_id, event.assistant_message_id())),
        is_last_(ask.is_last),
        bubble_(std::make_shared<detail::Bubble>(event, message_id_, ask.sources, ask.interval)) {}
  LiveAnswer(const LiveAnswer&) = delete;
  LiveAnswer& operator=(const LiveAnswer&) = delete;
  ~LiveAnswer() { bubble_->close(); }

  // Takes no time: what it changes is shown soon. In a module that blocks it is shown before this returns, or not if
  // `interval` is not over.
  void write(std::string_view piece) { bubble_->write(piece); }

  // PATCH with text, originalText, references and stoppedStreamingAt, and completedAt when it is the last; waits for a
  // snapshot on its way, which would undo it. Without any text only completedAt. This object must outlive it.
  Async<Result<Message>> finish() {
    bubble_->close();
    co_await bubble_->arrival();
    const std::string now = detail::timestamp();
    auto call = bubble_->with_citations([&](CitationStream& citations) {
      citations.finish();
      const std::vector<Reference> references = citations.references();
      Message::Change change;
      if (is_last_) change.completed_at = now;
      if (!citations.text().empty()) {
        change.text = citations.text();
        change.original_text = citations.original_text();
        change.stopped_streaming_at = now;
        change.references = references;
      }
      return Message::modify(event_, message_id_, change);
    });
    co_return co_await std::move(call);
  }

  // What is shown so far, and as the model wrote it.
  [[nodiscard]] std::string text() const {
    return bubble_->with_citations([](const CitationStream& citations) { return citations.text(); });
  }
  [[nodiscard]] std::string original_text() const {
    return bubble_->with_citations([](const CitationStream& citations) { return citations.original_text(); });
  }
  // Snapshots that did not arrive.
  [[nodiscard]] std::size_t failures() const { return bubble_->failures(); }

 private:
  const Event event_;
  const std::string message_id_;
  const bool is_last_;
  const std::shared_ptr<detail::Bubble> bubble_;
};

}  // namespace modhost::unique
