// One event of a chat after the other, in order of arrival: which of them may run, and which wait their turn. Not
// thread-safe: guarded by its owner.
#pragma once

#include <chrono>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "event/event.hpp"
#include "journal/state.hpp"

namespace modhost::journal {

class ChatOrder {
 public:
  // An event that comes back for another attempt holds its chat up for so long, then the chat goes on without it.
  explicit ChatOrder(std::chrono::milliseconds wait_max) : wait_max_(wait_max) {}

  using Chat = std::uint64_t;  // two chats that share a number only wait for each other
  // 0: an event of no chat, which waits for none.
  static Chat chat_of(const std::string& module, const Event& event);

  struct Turn {
    EventSeq seq = 0;
    const std::string* module = nullptr;
  };
  enum class Admitted {
    kRuns,
    kKeptBack,   // until take_turns() names it
    kSuperseded  // a newer event of its chat has come: it ends without a run
  };
  // May this event run? `module` outlives this object.
  Admitted admit(EventSeq seq, Chat chat, const std::string& module, ClaimOrder order, SteadyTime now);
  // What was kept back, or is superseded, and is to be made ready again. After each call.
  std::vector<Turn> take_turns() { return std::exchange(turns_, {}); }

  // Its attempt has ended and another one follows, here or as the last run left it.
  void waits(EventSeq seq, SteadyTime now);
  void waits(EventSeq seq, Chat chat, const std::string& module, SteadyTime now);
  // It has ended, or never ran.
  void ended(EventSeq seq);
  // Passes over events that their chats have waited for too long.
  void ring(SteadyTime now);
  [[nodiscard]] std::optional<SteadyTime> next_ring() const;

  // Events that run, or wait for another attempt, while a newer one of their chat has come (ClaimOrder::kNewest).
  std::vector<EventSeq> take_superseded(const std::string& module);
  [[nodiscard]] bool is_superseded(EventSeq seq) const { return superseded_.contains(seq); }
  [[nodiscard]] std::size_t kept_back(const std::string& module) const;

 private:
  struct Line {
    EventSeq head = 0;  // runs, waits for another attempt, or is about to run
    std::set<EventSeq> followers;
    const std::string* module = nullptr;
    std::optional<SteadyTime> waits_until;  // the head, for another attempt
  };
  struct Timer {
    SteadyTime at;
    EventSeq seq = 0;
    bool operator>(const Timer& other) const { return std::tie(at, seq) > std::tie(other.at, other.seq); }
  };
  void supersede_head(const Line& line);
  void keep_back(EventSeq seq, Chat chat, Line& line, ClaimOrder order);
  void advance(Line& line);

  const std::chrono::milliseconds wait_max_;
  std::unordered_map<Chat, Line> lines_;
  std::unordered_map<EventSeq, Chat> chats_;  // of heads and followers
  std::unordered_set<EventSeq> superseded_;
  std::vector<Turn> turns_;
  std::unordered_map<std::string, std::vector<EventSeq>> superseded_heads_;
  std::unordered_map<std::string, std::size_t> kept_back_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
};

}  // namespace modhost::journal
