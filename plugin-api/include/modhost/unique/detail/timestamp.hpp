// Times as the platform writes them.
#pragma once

#include <array>
#include <chrono>
#include <ctime>
#include <string>

namespace modhost::unique::detail {

// ISO 8601 in UTC with milliseconds: "2025-10-09T08:53:20.000Z".
inline std::string timestamp(std::chrono::system_clock::time_point time = std::chrono::system_clock::now()) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string rest = std::to_string(1000 + ms % 1000);  // 1000 to 1999: three digits behind the first
  return std::string(text.data(), size) + "." + rest.substr(1) + "Z";
}

}  // namespace modhost::unique::detail
