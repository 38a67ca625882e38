// The steps below an answer, one open at a time. They are decoration: one that cannot be written stops no answer.
#pragma once

#include <modhost/unique/message_log.hpp>
#include <string>

class Steps {
 public:
  explicit Steps(modhost::Event event) : event_(std::move(event)) {}

  modhost::Async<> begin(std::string text) {
    const auto step = co_await modhost::unique::MessageLog::create(event_, {.text = text, .order = ++order_});
    open_ = step ? step->id : "";
  }
  modhost::Async<> complete(std::string text) { return close("COMPLETED", std::move(text)); }
  modhost::Async<> fail() { return close("FAILED", {}); }

 private:
  modhost::Async<> close(std::string_view status, std::string text) {
    const std::string id = std::exchange(open_, {});
    if (id.empty()) co_return;
    modhost::unique::MessageLog::Change change;
    change.status = status;
    if (!text.empty()) change.text = text;
    static_cast<void>(co_await modhost::unique::MessageLog::update(event_, id, change));
  }

  const modhost::Event event_;
  std::string open_;
  std::int64_t order_ = 0;
};
