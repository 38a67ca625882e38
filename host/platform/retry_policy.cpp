#include "platform/retry_policy.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "modhost/unique/error.hpp"
#include "platform/http_text.hpp"

namespace modhost::platform {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer waits are beyond every deadline; the bound keeps the arithmetic far from overflow.
constexpr milliseconds kRetryAfterMax = std::chrono::hours(24);

bool is_repeatable(const HttpRequest& request) { return request.method != "POST" || request.safe_to_repeat; }

// The server itself says that it did not do it and when to come again.
bool is_turned_away(int status, std::string_view retry_after) {
  return (status == 429 || status == 503) && !retry_after.empty();
}

}  // namespace

RetryPolicy::RetryPolicy(const Clock& clock, std::function<double()> random, RetryPauses pauses)
    : clock_(clock), random_(std::move(random)), pauses_(pauses) {}

bool RetryPolicy::may_repeat(const HttpRequest& request, int status, std::string_view retry_after) const {
  if (status < 300) return false;
  return is_repeatable(request) || is_turned_away(status, retry_after);
}

std::optional<milliseconds> RetryPolicy::pause_before_next(const HttpRequest& request, const AttemptEnd& end,
                                                           int attempts) const {
  if (attempts >= std::min(request.attempts_max, limits::kCallAttemptsMax) || end.hopeless) return std::nullopt;
  const auto asked = parse_retry_after(end.retry_after);
  bool again = false;
  if (end.status == 0)
    again = is_repeatable(request) || !end.request_sent;
  else if (end.status >= 300 && is_turned_away(end.status, end.retry_after) && asked)
    again = true;
  else if (end.status >= 300 && is_repeatable(request)) {
    const auto error = unique::read_error(end.status, end.body);
    again = error && unique::may_pass(*error);
  }
  if (!again) return std::nullopt;

  milliseconds pause = attempts <= 1 ? pauses_.first : pauses_.second;
  if (asked && end.status != 0) pause = std::max(pause, *asked);
  pause += std::chrono::floor<milliseconds>(pause * (pauses_.jitter * random_()));
  if (pause >= request.deadline.remaining(clock_)) return std::nullopt;
  return pause;
}

std::optional<milliseconds> RetryPolicy::parse_retry_after(std::string_view value) const {
  value = trim(value);
  if (value.empty()) return std::nullopt;
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error != std::errc{} || count > kRetryAfterMax / seconds(1)) return kRetryAfterMax;
    return seconds(count);
  }
  const std::time_t at = curl_getdate(std::string(value).c_str(), nullptr);
  if (at < 0) return std::nullopt;
  const auto wait = UnixMillis(seconds(at)) - clock_.unix_now();
  return std::clamp<milliseconds>(wait, milliseconds(0), kRetryAfterMax);
}

}  // namespace modhost::platform
