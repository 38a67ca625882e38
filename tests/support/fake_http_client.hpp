// An HttpClient whose answers the test gives by hand, from whatever thread it likes.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platform/http_client.hpp"

namespace modhost::test {

class FakeHttpClient final : public platform::HttpClient {
 public:
  struct Started {
    platform::CallId id = 0;
    platform::HttpRequest request;
    std::shared_ptr<platform::Sink> sink;
  };

  Result<platform::CallId> start(platform::HttpRequest request, std::shared_ptr<platform::Sink> sink) override {
    std::function<void(const Started&)> answer;
    Started started;
    {
      std::lock_guard lock(mutex_);
      if (refusal_) return *refusal_;
      started = {++last_, std::move(request), std::move(sink)};
      live_.emplace(started.id, started.sink);
      if (started.request.is_wanted_once_sent) wanted_.insert(started.id);
      requests_.push_back(started);
      answer = answer_;
    }
    if (answer) answer(started);
    return started.id;
  }

  void cancel(platform::CallId call) override {
    {
      std::lock_guard lock(mutex_);
      if (wanted_.contains(call)) return;  // as if an attempt were under way
      cancelled_.push_back(call);
    }
    done(call, Error{Code::kGone, "cancelled"});
  }

  void pause(platform::CallId, bool paused) override {
    std::lock_guard lock(mutex_);
    pauses_.push_back(paused);
  }

  // Runs inside start(), before it returns: the answer that comes at once.
  void answer_with(std::function<void(const Started&)> answer) {
    std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void refuse_with(std::optional<Error> refusal) {
    std::lock_guard lock(mutex_);
    refusal_ = std::move(refusal);
  }

  // Ends a call once; false when it had ended.
  bool done(platform::CallId call, Result<void> outcome) {
    std::shared_ptr<platform::Sink> sink;
    {
      std::lock_guard lock(mutex_);
      const auto found = live_.find(call);
      if (found == live_.end()) return false;
      sink = std::move(found->second);
      live_.erase(found);
    }
    sink->on_done(std::move(outcome));
    return true;
  }
  void respond(const Started& started, int status, std::string_view body) {
    if (started.sink->on_head(status, {{"Content-Type", "application/json"}})) started.sink->on_data(body);
    done(started.id, {});
  }

  [[nodiscard]] std::vector<Started> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::vector<platform::CallId> cancelled() const {
    std::lock_guard lock(mutex_);
    return cancelled_;
  }
  [[nodiscard]] std::vector<bool> pauses() const {
    std::lock_guard lock(mutex_);
    return pauses_;
  }
  [[nodiscard]] std::size_t live() const {
    std::lock_guard lock(mutex_);
    return live_.size();
  }

 private:
  mutable std::mutex mutex_;
  platform::CallId last_ = 0;
  std::map<platform::CallId, std::shared_ptr<platform::Sink>> live_;
  std::set<platform::CallId> wanted_;
  std::vector<Started> requests_;
  std::vector<platform::CallId> cancelled_;
  std::vector<bool> pauses_;
  std::function<void(const Started&)> answer_;
  std::optional<Error> refusal_;
};

}  // namespace modhost::test
