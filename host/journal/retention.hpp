// Forgets what is over, in small steps while nobody waits: bodies of completed events, then whole ended events. Never
// touches a live one, nor one whose ending has not reached the platform.
#pragma once

#include <chrono>

#include "base/clock.hpp"
#include "journal/bodies.hpp"
#include "journal/journal.hpp"
#include "store/connection.hpp"

namespace modhost::journal {

struct Retained {
  std::chrono::milliseconds bodies, events;
};

class Retention {
 public:
  static constexpr int kStep = 200;                         // rows looked at in one transaction
  static constexpr auto kPause = std::chrono::minutes(10);  // between two passes over the tables
  static constexpr auto kPauseLow = std::chrono::seconds(10);

  Retention(Retained retained, Bodies& bodies) : retained_(retained), bodies_(bodies) {}

  Result<void> attach(store::Connection& connection);
  void detach();
  // One step inside a transaction; false when this pass is over. Events past `keyed_upto` are left for later.
  // is_disk_low: bodies of completed events go whatever their age, and the next pass comes soon.
  Result<bool> step(UnixMillis now, SteadyTime steady_now, EventSeq keyed_upto, bool is_disk_low);

 private:
  Result<bool> drop_bodies(UnixMillis before);
  Result<bool> drop_events(UnixMillis now, EventSeq keyed_upto);
  Result<void> drop_event(EventSeq seq, std::int64_t hash);

  Retained retained_;
  Bodies& bodies_;
  EventSeq bodies_from_ = 0, events_from_ = 0;
  SteadyTime last_pass_ = SteadyTime::min();
  bool is_passing_ = false;
  store::Statement old_bodies_, old_events_, delete_body_, delete_event_, delete_key_, delete_attempts_;
};

}  // namespace modhost::journal
