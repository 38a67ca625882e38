// A value that is never printed and wipes itself. There is no conversion and no stream operator: reading one is a
// deliberate call to reveal().
#pragma once

#include <string.h>

#include <string>
#include <string_view>
#include <utility>

namespace modhost {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      value_ = other.value_;
    }
    return *this;
  }
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      value_ = std::move(other.value_);
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  // The bytes, borrowed as long as this object lives. Never log, copy or store them elsewhere.
  [[nodiscard]] std::string_view reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  void wipe() noexcept {
    value_.resize(value_.capacity());  // no allocation: the size stays within the capacity, short strings included
    ::explicit_bzero(value_.data(), value_.size());
    value_.clear();
  }
  std::string value_;
};

}  // namespace modhost
