// Server-sent events: the parser of the WHATWG event stream format
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation), for bytes cut anywhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modhost/sdk/result.hpp"

namespace modhost {

struct SseEvent {
  std::string type = "message";
  std::string data;  // the data lines, joined by LF; bytes as they came, UTF-8 unless the peer is wrong
  std::string id;    // the last id that the stream gave, in this event or before
};

// For one thread at a time. Holds at most the event that is being read.
class SseParser {
 public:
  // What a line, and the data of an event, may have at most.
  explicit SseParser(std::size_t bytes_max = 1024 * 1024) : bytes_max_(bytes_max) {}

  // The events that these bytes complete; what is not complete waits for more. An event that the end of the stream cuts
  // off never was one. A failure when a line or an event is too long: nothing can be read after it.
  [[nodiscard]] Result<std::vector<SseEvent>> feed(std::string_view bytes) {
    std::vector<SseEvent> events;
    bytes = without_mark(bytes);
    while (!bytes.empty()) {
      if (std::exchange(is_after_cr_, false) && bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
      const std::size_t end = bytes.find_first_of("\r\n");
      line_ += bytes.substr(0, end);
      if (line_.size() > bytes_max_) return failed("an event stream with a line of more than " + limit());
      if (end == std::string_view::npos) break;
      is_after_cr_ = bytes[end] == '\r';
      bytes.remove_prefix(end + 1);
      read_line(events);
      line_.clear();
      if (data_.size() > bytes_max_ + 1) return failed("an event stream with an event of more than " + limit());
    }
    return events;
  }
  // The stream's wish for the time before it is opened again.
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const { return retry_; }
  [[nodiscard]] const std::string& last_id() const { return last_id_; }

 private:
  // A byte order mark at the very beginning is none of the text; it may come byte by byte.
  std::string_view without_mark(std::string_view bytes) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    while (mark_seen_ < kMark.size() && !bytes.empty()) {
      if (bytes.front() != kMark[mark_seen_]) {
        line_.assign(kMark.substr(0, mark_seen_));  // it was not one
        mark_seen_ = kMark.size();
        break;
      }
      bytes.remove_prefix(1);
      ++mark_seen_;
    }
    return bytes;
  }
  void read_line(std::vector<SseEvent>& events) {
    if (line_.empty()) return dispatch(events);
    const std::string_view line = line_;
    const std::size_t colon = line.find(':');
    if (colon == 0) return;  // a comment
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data")
      data_.append(value) += '\n';
    else if (name == "event")
      type_ = value;
    else if (name == "id" && value.find('\0') == std::string_view::npos)
      last_id_ = value;
    else if (name == "retry")
      read_retry(value);
  }
  void read_retry(std::string_view value) {
    constexpr std::size_t kDigitsMax = 9;  // 11 days
    if (value.empty() || value.size() > kDigitsMax) return;
    std::int64_t ms = 0;
    for (const char c : value) {
      if (c < '0' || c > '9') return;
      ms = 10 * ms + (c - '0');
    }
    retry_ = std::chrono::milliseconds(ms);
  }
  void dispatch(std::vector<SseEvent>& events) {
    std::string type = std::exchange(type_, {});
    if (data_.empty()) return;
    data_.pop_back();
    events.push_back({type.empty() ? "message" : std::move(type), std::exchange(data_, {}), last_id_});
  }
  [[nodiscard]] std::string limit() const { return std::to_string(bytes_max_) + " bytes"; }

  const std::size_t bytes_max_;
  std::size_t mark_seen_ = 0;
  bool is_after_cr_ = false;
  std::string line_, type_, data_, last_id_;
  std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace modhost
