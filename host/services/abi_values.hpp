// Reading and writing the values of plugin.h with suspicion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "modhost/plugin.h"

namespace modhost::services {

// Longer than anything a plugin means to hand over; a wild length is refused before it is believed.
inline constexpr std::size_t kLengthMax = std::size_t{1} << 40;

inline std::optional<std::string_view> view(const modhost_str& text) {
  if (text.len == 0) return std::string_view{};
  if (text.ptr == nullptr || text.len > kLengthMax) return std::nullopt;
  return std::string_view(text.ptr, text.len);
}

inline std::optional<std::string_view> view(const modhost_bytes& bytes) {
  return view(modhost_str{static_cast<const char*>(bytes.ptr), bytes.len});
}

inline modhost_str to_str(std::string_view text) { return {text.data(), text.size()}; }

// 0 for never.
inline std::int64_t mono_ns(Deadline deadline) {
  return deadline.is_never() ? 0 : std::chrono::nanoseconds(deadline.at().time_since_epoch()).count();
}

// The part of an extensible struct that we know. Nothing for null and for one smaller than in 1.0.
template <class T>
std::optional<T> read_struct(const T* foreign) {
  if (foreign == nullptr || foreign->struct_size < sizeof(T)) return std::nullopt;
  T own;
  std::memcpy(&own, foreign, sizeof own);
  return own;
}

// A blob that owns `value` (std::string or Secret) until it is released; releasing it again does nothing.
modhost_blob make_blob(std::string value);
modhost_blob make_blob(Secret value);

void write_error(modhost_error* error, std::string_view message);

}  // namespace modhost::services
