// What an operator may do through the admin listener: replay, cancel, purge, pause, back up, reload. Every action is in
// the journal's audit with its actor. Calls block on the disk. [one admin thread; backup() on another]
#pragma once

#include <rapidjson/document.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "event/event.hpp"
#include "http/message.hpp"
#include "journal/journal.hpp"
#include "journal/operations.hpp"
#include "plugin/runtime.hpp"

namespace modhost::admin {

// What the rest of the host does for it; one that is null is answered 501. [any thread]
struct Actions {
  // The outbox record that ends the event's chat when it is cancelled, or "".
  std::function<std::string(const Event& event, const std::string& module, bool turn_completed)> cancelled_ending;
  // Asks the attempt that runs to end.
  std::function<void(const std::string& module, journal::EventSeq seq)> cancel_running;
  // It was ended by hand.
  std::function<void(journal::EventSeq seq)> forget;
  // Already in the journal.
  std::function<void(const std::string&module)> pause, resume;
  // Reads modules.yaml and the secrets again; what came of it, for the operator.
  std::function<Result<std::string>()> reload;
};

class Desk {
 public:
  using Modules = std::function<std::vector<plugin::RuntimeStatus>()>;

  // Borrows all of it for its life.
  Desk(journal::Journal& journal, journal::Operations& operations, Actions actions, const Modules& modules,
       const Clock& clock)
      : journal_(journal), operations_(operations), actions_(std::move(actions)), modules_(modules), clock_(clock) {}

  // Whether this is the path of an action, that is of a POST.
  static bool is_action(std::string_view path);
  static bool is_backup(std::string_view path) { return path == "/api/backup"; }
  http::Response act(const http::Request& request);
  // A backup under way ends soon.
  void stop() { is_stopping_ = true; }

 private:
  http::Response change(journal::Change change, const rapidjson::Value& body, const std::string& actor);
  http::Response cancel(std::string_view seq, const std::string& actor);
  http::Response cancel_idle(const journal::Details& event, const std::string& actor);
  http::Response module_action(std::string_view rest, const std::string& actor);
  http::Response backup(const rapidjson::Value& body, const std::string& actor);
  http::Response reload(const std::string& actor);
  http::Response export_page(const rapidjson::Value& body, const std::string& actor);
  Result<void> note(const std::string& actor, const char* action, std::string detail, std::uint64_t count);

  journal::Journal& journal_;
  journal::Operations& operations_;
  const Actions actions_;
  const Modules& modules_;
  const Clock& clock_;
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace modhost::admin
