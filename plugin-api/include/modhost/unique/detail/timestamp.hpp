// Times as the platform writes them.
#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

namespace modhost::unique::detail {

// ISO 8601 in UTC with milliseconds: "2025-10-09T08:53:20.000Z".
inline std::string timestamp(std::chrono::system_clock::time_point time = std::chrono::system_clock::now()) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> day{}, whole{};
  std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(whole.data(), whole.size(), "%s.%03dZ", day.data(), static_cast<int>(ms % 1000));
  return whole.data();
}

}  // namespace modhost::unique::detail
