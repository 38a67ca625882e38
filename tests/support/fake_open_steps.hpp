// Log steps in memory: what was recorded, in words. Answers at once on the caller's thread, or when the test says so.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "journal/open_steps.hpp"

namespace modhost::test {

class FakeOpenSteps final : public journal::OpenSteps {
 public:
  void opening(journal::EventSeq seq, Recorded done) override {
    {
      MutexLock lock(mutex_);
      if (!failure_) {
        lines_.push_back("opening " + std::to_string(seq));
        waiting_.emplace_back(++last_, std::move(done));
        done = nullptr;
      }
    }
    if (done) return done(*failure_);
    if (!is_held_) commit();
  }
  void opened(StepRecord record, std::string ending) override {
    note("opened " + std::to_string(record) + " " + ending);
  }
  void not_opened(StepRecord record) override { note("not opened " + std::to_string(record)); }
  void closed(journal::EventSeq seq, std::string ending) override {
    note("closed " + std::to_string(seq) + " " + ending);
  }

  void turn_completed(journal::EventSeq seq) override { note("turn completed " + std::to_string(seq)); }

  // From now on opening() waits for commit().
  void hold() { is_held_ = true; }
  void commit() {
    std::deque<std::pair<StepRecord, Recorded>> waiting;
    {
      MutexLock lock(mutex_);
      waiting.swap(waiting_);
    }
    for (auto& [record, done] : waiting) done(record);
  }
  void fail_with(Error error) { failure_ = std::move(error); }
  [[nodiscard]] std::vector<std::string> lines() {
    MutexLock lock(mutex_);
    return lines_;
  }

 private:
  void note(std::string line) {
    MutexLock lock(mutex_);
    lines_.push_back(std::move(line));
  }

  Mutex mutex_;
  bool is_held_ = false;
  std::optional<Error> failure_;
  StepRecord last_ GUARDED_BY(mutex_) = 0;
  std::deque<std::pair<StepRecord, Recorded>> waiting_ GUARDED_BY(mutex_);
  std::vector<std::string> lines_ GUARDED_BY(mutex_);
};

}  // namespace modhost::test
