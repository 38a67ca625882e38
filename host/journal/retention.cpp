#include "journal/retention.hpp"

#include <vector>

#include "journal/known_ids.hpp"
#include "journal/rows.hpp"

namespace modhost::journal {

Result<void> Retention::attach(store::Connection& connection) {
  struct Prepared {
    store::Statement* statement;
    const char* sql;
  };
  const Prepared all[] = {
      {&old_bodies_,
       "SELECT e.seq, e.state, e.received_at FROM body b CROSS JOIN event e ON e.seq=b.seq WHERE b.seq>?1 ORDER BY "
       "b.seq LIMIT ?2"},
      {&old_events_,
       "SELECT e.seq, e.state, e.received_at, e.id, EXISTS (SELECT 1 FROM outbox o WHERE o.seq=e.seq) FROM event e "
       "WHERE e.seq>?1 AND e.seq<=?2 ORDER BY e.seq LIMIT ?3"},
      {&delete_body_, "DELETE FROM body WHERE seq=?1"},
      {&delete_event_, "DELETE FROM event WHERE seq=?1"},
      {&delete_key_, "DELETE FROM event_key WHERE hash=?1 AND seq=?2"},
      {&delete_attempts_, "DELETE FROM attempt WHERE seq=?1"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = connection.prepare(sql);
    if (!prepared) return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

void Retention::detach() {
  for (store::Statement* statement :
       {&old_bodies_, &old_events_, &delete_body_, &delete_event_, &delete_key_, &delete_attempts_})
    *statement = {};
}

Result<bool> Retention::step(UnixMillis now, SteadyTime steady_now, EventSeq keyed_upto, bool is_disk_low) {
  if (!is_passing_) {
    const auto pause = is_disk_low ? std::chrono::milliseconds(kPauseLow) : std::chrono::milliseconds(kPause);
    if (last_pass_ != SteadyTime::min() && steady_now < last_pass_ + pause) return false;
    is_passing_ = true;
    bodies_from_ = events_from_ = 0;
  }
  auto more = drop_bodies(is_disk_low ? now : now - retained_.bodies);
  if (more && !*more) more = drop_events(now, keyed_upto);
  if (more && !*more) {
    is_passing_ = false;
    last_pass_ = steady_now;
  }
  return more;
}

// Both walk from the oldest row on and stop at the first that is too young: rows are numbered in order of arrival.
Result<bool> Retention::drop_bodies(UnixMillis before) {
  std::vector<EventSeq> drop;
  int seen = 0;
  old_bodies_.with(bodies_from_, kStep);
  while (true) {
    auto row = old_bodies_.step();
    if (!row) return std::move(row.error());
    if (!*row) break;
    if (unix_millis(old_bodies_.integer(2)) >= before) {
      old_bodies_.reset();
      seen = 0;
      break;
    }
    ++seen;
    bodies_from_ = old_bodies_.integer(0);
    if (static_cast<State>(old_bodies_.integer(1)) == State::kCompleted) drop.push_back(bodies_from_);
  }
  for (const EventSeq seq : drop) {
    if (auto done = bodies_.drop(seq); !done) return std::move(done.error());
  }
  return seen == kStep;
}

Result<bool> Retention::drop_events(UnixMillis now, EventSeq keyed_upto) {
  struct Old {
    EventSeq seq;
    std::int64_t hash;
  };
  const UnixMillis before = now - retained_.events;
  std::vector<Old> drop;
  int seen = 0;
  old_events_.with(events_from_, keyed_upto, kStep);
  while (true) {
    auto row = old_events_.step();
    if (!row) return std::move(row.error());
    if (!*row) break;
    if (unix_millis(old_events_.integer(2)) >= before) {
      old_events_.reset();
      seen = 0;
      break;
    }
    ++seen;
    events_from_ = old_events_.integer(0);
    const bool has_ending = old_events_.integer(4) != 0;
    if (is_terminal(static_cast<State>(old_events_.integer(1))) && !has_ending)
      drop.push_back({events_from_, key_hash(old_events_.bytes(3))});
  }
  for (const Old& old : drop) {
    auto done = drop_event(old.seq, old.hash);
    if (!done) return std::move(done.error());
  }
  return seen == kStep;
}

Result<void> Retention::drop_event(EventSeq seq, std::int64_t hash) {
  auto done = delete_key_.with(hash, seq).run();
  if (done) done = delete_body_.with(seq).run();
  if (done) done = delete_attempts_.with(seq).run();
  if (done) done = delete_event_.with(seq).run();
  if (!done) return std::move(done.error());
  return {};
}

}  // namespace modhost::journal
