#include "cli/table.hpp"

#include <algorithm>
#include <cstdio>

namespace modhost::cli {

using namespace std::chrono_literals;

std::string shown(std::string_view text, std::size_t bytes_max) {
  std::string out(text);
  if (bytes_max > 0 && out.size() > bytes_max) {
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0u) == 0x80u) --end;
    out.resize(end);
    out += "...";
  }
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string relative(UnixMillis at, UnixMillis now) {
  const auto distance = std::chrono::abs(now - at);
  std::string text;
  if (distance < 1s) return "now";
  if (distance < 2min)
    text = std::to_string(std::chrono::floor<std::chrono::seconds>(distance).count()) + " s";
  else if (distance < 2h)
    text = std::to_string(std::chrono::floor<std::chrono::minutes>(distance).count()) + " min";
  else if (distance < 48h)
    text = std::to_string(std::chrono::floor<std::chrono::hours>(distance).count()) + " h";
  else
    text = std::to_string(std::chrono::floor<std::chrono::days>(distance).count()) + " days";
  return at > now ? "in " + text : text + " ago";
}

std::string span(std::chrono::milliseconds time) {
  if (time < 1s) return std::to_string(time.count()) + " ms";
  if (time >= 2min) return std::to_string(std::chrono::floor<std::chrono::minutes>(time).count()) + " min";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(time.count()) / 1000);
  return text;
}

void Table::print(std::ostream& out) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_last = i + 1 == row.size();
      out << row[i] << (is_last ? std::string() : std::string(widths[i] - row[i].size() + 2, ' '));
    }
    out << '\n';
  }
}

}  // namespace modhost::cli
