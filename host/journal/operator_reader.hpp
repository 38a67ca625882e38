// What operators look at: pages of events by filter, one event as a whole, the audit. Rows without an index are looked
// through in short reads, so that no question pins the log. Thread-safe; every call blocks on the disk.
#pragma once

#include <optional>
#include <vector>

#include "base/mutex.hpp"
#include "journal/operations.hpp"
#include "store/store.hpp"

namespace modhost::journal {

class OperatorReader {
 public:
  explicit OperatorReader(const store::Store& store) : store_(store) {}

  Result<Page> page(const Filter& filter);
  Result<Details> details(EventSeq seq);
  Result<std::vector<Attempt>> attempts(EventSeq seq);
  Result<std::string> body(EventSeq seq);
  Result<Plan> plan(Change change, const ChangeRequest& request);

  // The next events of a change by number, oldest first, and whether they are live.
  struct Picked {
    struct One {
      EventSeq seq = 0;
      State state = State::kDead;
      std::uint64_t body_bytes = 0;
    };
    std::vector<One> events;
    EventSeq next = 0;  // as in Page
  };
  Result<Picked> pick(Change change, const ChangeRequest& request, std::size_t max);

  Result<std::vector<PausedModule>> paused();
  Result<std::vector<AuditEntry>> audited(std::int64_t before, std::size_t limit);

 private:
  template <class Value, class Make, class... Values>
  Result<std::vector<Value>> rows(std::string_view sql, Make make, const Values&... values);

  const store::Store& store_;
  Mutex mutex_;
  std::optional<store::Connection> connection_ GUARDED_BY(mutex_);  // opened at the first read, and after a failed one
};

}  // namespace modhost::journal
