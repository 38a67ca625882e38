// Who may use the connections to one origin (scheme, host and port): in the order of arrival, but no group of calls
// keeps the others waiting. Not thread-safe: the client thread's own.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "platform/call_table.hpp"

namespace modhost::platform {

class Origin {
 public:
  using CallPtr = std::shared_ptr<Call>;

  explicit Origin(long connections_max)
      : connections_max_(connections_max), share_(connections_max - connections_max / 4) {}

  [[nodiscard]] bool has_room(const std::string& group) const {
    const auto found = groups_.find(group);
    return active_ < connections_max_ && (found == groups_.end() || found->second.active < share_);
  }
  void began(const Call& call) {
    ++active_;
    ++groups_[call.request.group].active;
  }
  void ended(const Call& call) {
    --active_;
    --groups_[call.request.group].active;
    tidy(call.request.group);
  }

  void wait(const CallPtr& call) { groups_[call->request.group].waiting.emplace(call->id, call); }
  void forget(const Call& call) {
    groups_[call.request.group].waiting.erase(call.id);
    tidy(call.request.group);
  }
  // Takes the waiting call that may begin: the oldest of the group that uses the fewest connections. Null when none
  // may.
  CallPtr next() {
    if (active_ >= connections_max_) return nullptr;
    auto best = groups_.end();
    for (auto it = groups_.begin(); it != groups_.end(); ++it)
      if (!it->second.waiting.empty() && it->second.active < share_ &&
          (best == groups_.end() || it->second.active < best->second.active))
        best = it;
    if (best == groups_.end()) return nullptr;
    auto& waiting = best->second.waiting;
    return waiting.extract(waiting.begin()).mapped();
  }

  [[nodiscard]] bool is_unused() const { return groups_.empty(); }

 private:
  struct Group {
    long active = 0;
    std::map<CallId, CallPtr> waiting;
  };
  void tidy(const std::string& name) {
    const auto found = groups_.find(name);
    if (found->second.active == 0 && found->second.waiting.empty()) groups_.erase(found);
  }

  const long connections_max_, share_;
  long active_ = 0;
  std::map<std::string, Group> groups_;
};

}  // namespace modhost::platform
