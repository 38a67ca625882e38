#include "support/fake_journal.hpp"

namespace modhost::test {

void FakeJournal::append(journal::NewEvent event, AppendDone done) {
  Result<journal::Appended> result = journal::Appended::kStored;
  {
    MutexLock lock(mutex_);
    if (failure_) {
      result = *failure_;
    } else if (const auto known = ids_.find(event.event.id); known != ids_.end()) {
      result = known->second == event.event.body ? journal::Appended::kDuplicate : journal::Appended::kConflict;
    } else {
      ids_[event.event.id] = event.event.body;
      if (!event.ended_as) ready_[event.module].push_back({++seq_, event.event, attempt_});
      appended_.push_back(std::move(event));
    }
    if (hold_) {
      held_.push_back([done = std::move(done), result] { done(result); });
      return;
    }
  }
  done(result);
  if (listener_) listener_();
}

std::vector<journal::Claim> FakeJournal::claim(const std::string& module, std::size_t max, journal::ClaimOrder order) {
  MutexLock lock(mutex_);
  claim_orders_.push_back(order);
  std::vector<journal::Claim> claims;
  auto& queue = ready_[module];
  while (!queue.empty() && claims.size() < max) {
    Entry entry = std::move(queue.front());
    queue.pop_front();
    journal::Claim claim;
    claim.seq = entry.seq;
    claim.token = static_cast<std::uint64_t>(entry.seq) * 100 + entry.attempt;
    claim.module = module;
    claim.attempt = entry.attempt;
    claim.turn_completed = turn_completed_;
    claim.superseded = is_superseded_;
    claim.first_received = claim.fresh_since = entry.event.received_at;
    claim.event = entry.event;
    running_[entry.seq] = std::move(entry);
    claims.push_back(std::move(claim));
  }
  return claims;
}

std::vector<std::string> FakeJournal::modules_ready() {
  MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, queue] : ready_)
    if (!queue.empty()) names.push_back(name);
  return names;
}

std::optional<UnixMillis> FakeJournal::oldest_ready(const std::string& module) {
  MutexLock lock(mutex_);
  const auto& queue = ready_[module];
  return queue.empty() ? std::nullopt : std::optional(queue.front().event.received_at);
}

void FakeJournal::settle(journal::Settlement settlement) {
  {
    MutexLock lock(mutex_);
    if (!settlement.ending.empty()) {
      journal::OutboxItem item;
      item.id = ++outbox_id_;
      item.seq = settlement.seq;
      item.event = running_[settlement.seq].event;
      item.event.body.clear();
      item.ending = settlement.ending;
      outbox_.push_back(std::move(item));
    }
    settled_.push_back(std::move(settlement));
  }
  changed_.notify_all();
}

bool FakeJournal::withdraw(journal::Settlement settlement) {
  settle(std::move(settlement));
  return true;
}

std::vector<journal::Claim> FakeJournal::waiting(std::size_t) {
  MutexLock lock(mutex_);
  return waiting_;
}

void FakeJournal::wait_from_before(journal::Claim claim) {
  MutexLock lock(mutex_);
  waiting_.push_back(std::move(claim));
}

void FakeJournal::checkpoint(journal::EventSeq seq, std::string blob, std::function<void(Result<void>)> done) {
  Result<void> result;
  {
    MutexLock lock(mutex_);
    if (failure_)
      result = *failure_;
    else
      checkpoints_[seq] = std::move(blob);
  }
  done(std::move(result));
}

std::map<journal::EventSeq, std::string> FakeJournal::checkpoints() {
  MutexLock lock(mutex_);
  return checkpoints_;
}

std::vector<journal::OutboxItem> FakeJournal::outbox_due(std::size_t max) {
  MutexLock lock(mutex_);
  return {outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(std::min(max, outbox_.size()))};
}

void FakeJournal::outbox_done(std::int64_t id) {
  {
    MutexLock lock(mutex_);
    std::erase_if(outbox_, [id](const journal::OutboxItem& item) { return item.id == id; });
    outbox_done_.push_back(id);
  }
  changed_.notify_all();
}

void FakeJournal::outbox_later(std::int64_t id, UnixMillis not_before) {
  {
    MutexLock lock(mutex_);
    std::erase_if(outbox_, [id](const journal::OutboxItem& item) { return item.id == id; });
    outbox_later_[id] = not_before;
  }
  changed_.notify_all();
}

Result<std::vector<journal::Row>> FakeJournal::query(const journal::Filter& filter) {
  MutexLock lock(mutex_);
  filters_.push_back(filter);
  return rows_;
}

void FakeJournal::claim_as_attempt(unsigned attempt) {
  MutexLock lock(mutex_);
  attempt_ = attempt;
}

std::vector<journal::EventSeq> FakeJournal::take_superseded(const std::string&) {
  MutexLock lock(mutex_);
  return std::exchange(superseded_, {});
}

void FakeJournal::claim_as_superseded() {
  MutexLock lock(mutex_);
  is_superseded_ = true;
}

void FakeJournal::supersede(journal::EventSeq seq) {
  MutexLock lock(mutex_);
  superseded_.push_back(seq);
}

std::vector<journal::ClaimOrder> FakeJournal::claim_orders() {
  MutexLock lock(mutex_);
  return claim_orders_;
}

void FakeJournal::claim_with_turn_completed() {
  MutexLock lock(mutex_);
  turn_completed_ = true;
}

void FakeJournal::fail_with(Error error) {
  MutexLock lock(mutex_);
  failure_ = std::move(error);
}

void FakeJournal::hold() {
  MutexLock lock(mutex_);
  hold_ = true;
}

void FakeJournal::release() {
  std::vector<std::function<void()>> held;
  {
    MutexLock lock(mutex_);
    hold_ = false;
    held.swap(held_);
  }
  for (auto& done : held) done();
}

std::vector<journal::NewEvent> FakeJournal::appended() {
  MutexLock lock(mutex_);
  return appended_;
}

std::vector<journal::Settlement> FakeJournal::wait_settled(std::size_t count) {
  MutexLock lock(mutex_);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (settled_.size() < count && lock.wait_until(changed_, until) != std::cv_status::timeout) {
  }
  return settled_;
}

bool FakeJournal::wait_outbox() {
  MutexLock lock(mutex_);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (outbox_done_.empty() && outbox_later_.empty() && lock.wait_until(changed_, until) != std::cv_status::timeout) {
  }
  return !outbox_done_.empty();
}

std::map<std::int64_t, UnixMillis> FakeJournal::postponed() {
  MutexLock lock(mutex_);
  return outbox_later_;
}

void FakeJournal::answer_queries_with(std::vector<journal::Row> rows, std::vector<journal::Attempt> attempts) {
  MutexLock lock(mutex_);
  rows_ = std::move(rows);
  attempts_ = std::move(attempts);
}

std::vector<journal::Filter> FakeJournal::filters() {
  MutexLock lock(mutex_);
  return filters_;
}

}  // namespace modhost::test
