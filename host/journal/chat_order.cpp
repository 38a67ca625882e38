#include "journal/chat_order.hpp"

#include <functional>

namespace modhost::journal {

ChatOrder::Chat ChatOrder::chat_of(const std::string& module, const Event& event) {
  if (event.chat_id.empty()) return 0;
  std::string name;
  for (const std::string* part : {&module, &event.app, &event.company_id, &event.chat_id})
    name.append(*part).push_back('\0');
  const Chat chat = std::hash<std::string>{}(name);
  return chat == 0 ? 1 : chat;
}

ChatOrder::Admitted ChatOrder::admit(EventSeq seq, Chat chat, const std::string& module, ClaimOrder order,
                                     SteadyTime now) {
  if (superseded_.contains(seq)) return Admitted::kSuperseded;
  if (chat == 0 || order == ClaimOrder::kAny) return Admitted::kRuns;
  const auto [found, is_new] = lines_.try_emplace(chat);
  Line& line = found->second;
  if (is_new) {
    line.module = &module;
    line.head = seq;
    chats_[seq] = chat;
  }
  const bool has_waited_long = line.waits_until && *line.waits_until <= now;
  if (line.head != seq && has_waited_long && line.followers.empty()) {
    if (order == ClaimOrder::kNewest) supersede_head(line);
    chats_.erase(line.head);
    line.head = seq;
    chats_[seq] = chat;
  }
  if (line.head != seq) {
    keep_back(seq, chat, line, order);
    return Admitted::kKeptBack;
  }
  line.waits_until.reset();
  return Admitted::kRuns;
}

void ChatOrder::supersede_head(const Line& line) {
  if (superseded_.insert(line.head).second) superseded_heads_[*line.module].push_back(line.head);
}

void ChatOrder::keep_back(EventSeq seq, Chat chat, Line& line, ClaimOrder order) {
  line.followers.insert(seq);
  chats_[seq] = chat;
  ++kept_back_[*line.module];
  // An older one, which an operator has replayed, waits as it would anywhere.
  if (order != ClaimOrder::kNewest || seq < line.head) return;
  supersede_head(line);
  while (line.followers.size() > 1) {
    const EventSeq overtaken = *line.followers.begin();
    line.followers.erase(line.followers.begin());
    chats_.erase(overtaken);
    --kept_back_[*line.module];
    superseded_.insert(overtaken);
    turns_.push_back({overtaken, line.module});
  }
}

void ChatOrder::waits(EventSeq seq, SteadyTime now) {
  const auto chat = chats_.find(seq);
  if (chat == chats_.end()) return;
  lines_.at(chat->second).waits_until = now + wait_max_;
  timers_.push({now + wait_max_, seq});
}

void ChatOrder::waits(EventSeq seq, Chat chat, const std::string& module, SteadyTime now) {
  if (chat == 0 || lines_.contains(chat)) return;
  lines_[chat] = Line{seq, {}, &module, std::nullopt};
  chats_[seq] = chat;
  waits(seq, now);
}

void ChatOrder::advance(Line& line) {
  line.head = *line.followers.begin();
  line.followers.erase(line.followers.begin());
  line.waits_until.reset();
  --kept_back_[*line.module];
  turns_.push_back({line.head, line.module});
}

void ChatOrder::ended(EventSeq seq) {
  superseded_.erase(seq);
  const auto chat = chats_.find(seq);
  if (chat == chats_.end()) return;
  const auto found = lines_.find(chat->second);
  chats_.erase(chat);
  Line& line = found->second;
  if (line.head != seq) {
    if (line.followers.erase(seq) > 0) --kept_back_[*line.module];
  } else if (!line.followers.empty()) {
    advance(line);
  } else {
    lines_.erase(found);
  }
}

// The event that is passed over takes its turn again, behind the others, when its time comes.
void ChatOrder::ring(SteadyTime now) {
  for (; !timers_.empty() && timers_.top().at <= now; timers_.pop()) {
    const auto chat = chats_.find(timers_.top().seq);
    if (chat == chats_.end()) continue;
    Line& line = lines_.at(chat->second);
    const bool is_due = line.head == chat->first && line.waits_until && *line.waits_until <= now;
    if (!is_due || line.followers.empty()) continue;
    chats_.erase(chat);
    advance(line);
  }
}

std::optional<SteadyTime> ChatOrder::next_ring() const {
  return timers_.empty() ? std::nullopt : std::optional(timers_.top().at);
}

std::vector<EventSeq> ChatOrder::take_superseded(const std::string& module) {
  const auto found = superseded_heads_.find(module);
  return found == superseded_heads_.end() ? std::vector<EventSeq>() : std::exchange(found->second, {});
}

std::size_t ChatOrder::kept_back(const std::string& module) const {
  const auto found = kept_back_.find(module);
  return found == kept_back_.end() ? 0 : found->second;
}

}  // namespace modhost::journal
