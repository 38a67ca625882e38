#include "platform/transfer.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "platform/curl_error.hpp"
#include "platform/http_text.hpp"

namespace modhost::platform {
namespace {

using std::chrono::milliseconds;

// Enough for every error body of the platform; longer ones are delivered or repeated without a look at their words.
constexpr std::size_t kHeldBytesMax = 64 * 1024;
constexpr std::size_t kHeadBytesMax = 64 * 1024;

// A kept connection idle for longer is not used again. Servers close idle ones, and a request that meets the closing
// half-way is lost: a POST must not be repeated then, so it takes only connections younger than the 5 s of Node.js.
constexpr long kIdleSecondsMax = 60;
constexpr long kIdleSecondsMaxForPost = 4;

// libcurl's 16 KiB for each call that waits would be most of its memory; answers are small.
constexpr long kReceiveBytes = 4096;

constexpr std::size_t kAbort = 0;  // any count but the chunk's own size makes libcurl end the transfer

// The runner's and the loader's children must not inherit connections.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode first_failure(std::initializer_list<CURLcode> codes) {  // braces: evaluated in the order they are written
  for (const CURLcode code : codes)
    if (code != CURLE_OK) return code;
  return CURLE_OK;
}

}  // namespace

std::unique_ptr<Transfer> Transfer::make(const CurlClientOptions& options, const RetryPolicy& policy, CURLSH* share) {
  CURL* handle = curl_easy_init();
  if (handle == nullptr) return nullptr;
  auto transfer = std::make_unique<Transfer>(policy, handle);
  return transfer->set_constant_options(options, share) == CURLE_OK ? std::move(transfer) : nullptr;
}

Transfer* Transfer::of(CURL* handle) {
  char* self = nullptr;
  curl_easy_getinfo(handle, CURLINFO_PRIVATE, &self);
  return reinterpret_cast<Transfer*>(self);
}

CURLcode Transfer::set_constant_options(const CurlClientOptions& options, CURLSH* share) {
  CURL* h = easy_.get();
  const auto& http = options.http;
  CURLcode code = first_failure(
      {curl_easy_setopt(h, CURLOPT_PRIVATE, reinterpret_cast<char*>(this)),
       curl_easy_setopt(h, CURLOPT_ERRORBUFFER, error_text_.data()), curl_easy_setopt(h, CURLOPT_SHARE, share),
       curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L), curl_easy_setopt(h, CURLOPT_BUFFERSIZE, kReceiveBytes),
       curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L),  // a cancelled call does not wait for its DNS look-up
       curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https"), curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L),
       curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L), curl_easy_setopt(h, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1),
       curl_easy_setopt(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L),
       curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count())),
       curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L), curl_easy_setopt(h, CURLOPT_TCP_KEEPIDLE, 30L),
       curl_easy_setopt(h, CURLOPT_TCP_KEEPINTVL, 15L), curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header_line),
       curl_easy_setopt(h, CURLOPT_HEADERDATA, this), curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body),
       curl_easy_setopt(h, CURLOPT_WRITEDATA, this), curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, on_request),
       curl_easy_setopt(h, CURLOPT_PREREQDATA, this), curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket),
       // An empty proxy keeps libcurl from reading http_proxy and its like. This machine is never behind the proxy.
       curl_easy_setopt(h, CURLOPT_PROXY, http.proxy.c_str()),
       curl_easy_setopt(h, CURLOPT_NOPROXY, "localhost,127.0.0.0/8,::1"),
       curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L), curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L),
       curl_easy_setopt(h, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)),
       // Without a folder libcurl keeps the parsed bundle for all connections; a CA file replaces the system's.
       curl_easy_setopt(h, CURLOPT_CAPATH, nullptr)});
  if (code == CURLE_OK && !http.ca_file.empty())
    code = first_failure({curl_easy_setopt(h, CURLOPT_CAINFO, http.ca_file.c_str()),
                          curl_easy_setopt(h, CURLOPT_PROXY_CAINFO, http.ca_file.c_str())});
  if (code == CURLE_OK && !http.client_cert.empty())
    code = first_failure({curl_easy_setopt(h, CURLOPT_SSLCERT, http.client_cert.c_str()),
                          curl_easy_setopt(h, CURLOPT_SSLKEY, http.client_cert.c_str())});
  return code;
}

Result<void> Transfer::begin(std::shared_ptr<Call> call, milliseconds time_left) {
  call_ = std::move(call);
  const HttpRequest& request = call_->request;
  bool fits = add_header("Expect:");  // no pause before a large body
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || iequals(name, "Content-Type");
    // libcurl's spelling of a header without a value ends in a semicolon.
    fits = fits && add_header(value.empty() ? (name + ";").c_str() : (name + ": " + value).c_str());
  }
  if (!has_type) fits = fits && add_header("Content-Type:");
  const long timeout = static_cast<long>(std::max<std::int64_t>(1, time_left.count()));
  CURL* h = easy_.get();
  const CURLcode code = first_failure(
      {fits ? CURLE_OK : CURLE_OUT_OF_MEMORY, curl_easy_setopt(h, CURLOPT_URL, request.url.c_str()), set_method(),
       curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers_.get()), curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, timeout),
       curl_easy_setopt(h, CURLOPT_MAXAGE_CONN, is_repeatable() ? kIdleSecondsMax : kIdleSecondsMaxForPost)});
  if (code == CURLE_OK) return {};
  return internal_error(describe(request) + ": " + curl_easy_strerror(code));
}

bool Transfer::add_header(const char* line) {
  curl_slist* list = curl_slist_append(headers_.get(), line);
  if (list == nullptr) return false;
  if (headers_ == nullptr) headers_.reset(list);  // later appends keep the head
  return true;
}

CURLcode Transfer::set_method() {
  const HttpRequest& request = call_->request;
  CURL* h = easy_.get();
  const bool is_post = request.method == "POST";
  const bool has_body = is_post || request.method == "PUT" || request.method == "PATCH" || !request.body.empty();
  const bool is_plain = request.method == "GET" || request.method == "HEAD" || is_post;
  const char* custom = is_plain && (has_body == is_post) ? nullptr : request.method.c_str();
  const CURLcode code = curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, custom);
  if (code != CURLE_OK) return code;
  if (has_body)
    return first_failure(
        {curl_easy_setopt(h, CURLOPT_POST, 1L),
         curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size())),
         curl_easy_setopt(h, CURLOPT_POSTFIELDS, request.body.c_str())});
  if (request.method == "HEAD") return curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
  return curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
}

AttemptResult Transfer::end(CURLcode code) {
  AttemptResult result;
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &result.connections);
  const bool is_complete = code == CURLE_OK && stop_ == Stop::kNone && is_head_complete_;
  if (!is_complete) result.outcome = failure(code);
  if (call_->head_delivered) return result;
  AttemptEnd attempt = attempt_end(is_complete);
  attempt.hopeless = stop_ != Stop::kNone || (!is_complete && is_hopeless(code));
  result.pause = stop_ == Stop::kRepeat ? pause_ : policy_.pause_before_next(call_->request, attempt, call_->attempts);
  if (is_complete) result.held = std::move(answer_);
  return result;
}

void Transfer::reset() {
  call_.reset();
  headers_.reset();
  error_text_[0] = '\0';
  answer_ = HttpResponse{};
  head_bytes_ = body_bytes_ = 0;
  retry_after_.clear();
  pause_.reset();
  stop_ = Stop::kNone;
  is_head_complete_ = is_holding_ = is_paused_ = is_asked_ = false;
  bytes_before_ = 0;
}

CURLcode Transfer::resume() {
  if (!is_paused_ || call_->paused) return CURLE_OK;
  is_paused_ = false;
  const CURLcode code = curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
  return code == CURLE_OK && stop_ != Stop::kNone ? CURLE_WRITE_ERROR : code;
}

// libcurl is about to send the request. A second time means that a kept connection ended without an answer and it goes
// to a fresh one by itself: fine as long as no byte was sent or the request may be repeated, and then it is an attempt.
int Transfer::on_request(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!transfer.is_asked_) {
    transfer.is_asked_ = true;
    curl_easy_getinfo(transfer.easy_.get(), CURLINFO_REQUEST_SIZE, &transfer.bytes_before_);
    return CURL_PREREQFUNC_OK;
  }
  if (!transfer.is_request_sent()) return CURL_PREREQFUNC_OK;
  Call& call = *transfer.call_;
  if (!transfer.is_repeatable() || !transfer.is_attempt_left()) return CURL_PREREQFUNC_ABORT;
  ++call.attempts;
  return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::on_header_line(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Transfer*>(self)->take_header_line({data, size * count}) ? size * count : kAbort;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Transfer*>(self)->take_body({data, size * count});
}

bool Transfer::take_header_line(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > kHeadBytesMax) return stop(Stop::kHeadTooLarge);
  if (is_head_complete_) return true;  // a trailer, which nobody asked for
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return take_head();
  const auto colon = line.find(':');
  if (line.starts_with(' ') || line.starts_with('\t')) {  // obsolete folding
    if (!answer_.headers.empty()) answer_.headers.back().second.append(" ").append(trim(line));
  } else if (line.starts_with("HTTP/") && (colon == std::string_view::npos || line.find(' ') < colon)) {
    answer_.headers.clear();
  } else if (colon != std::string_view::npos) {
    answer_.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return true;
}

bool Transfer::take_head() {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) return true;  // 100 Continue and 103 Early Hints come before the answer
  is_head_complete_ = true;
  answer_.status = static_cast<int>(status);
  curl_off_t length = -1;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  for (const auto& [name, value] : answer_.headers)
    if (iequals(name, "Retry-After")) retry_after_ = value;
  const HttpRequest& request = call_->request;
  if (length > 0 && static_cast<std::uint64_t>(length) > request.response_bytes_max && request.method != "HEAD")
    return stop(Stop::kTooLarge);
  // Held back until it is known whether another attempt follows; a short answer to a request that may be repeated as
  // well, so that a connection lost in the middle of it is mended by another attempt.
  const bool is_short = length >= 0 && static_cast<std::uint64_t>(length) <= kHeldBytesMax;
  is_holding_ =
      is_attempt_left() && (policy_.may_repeat(request, answer_.status, retry_after_) || (is_repeatable() && is_short));
  if (is_holding_) return true;
  call_->head_delivered = true;
  return call_->sink->on_head(answer_.status, answer_.headers) || stop(Stop::kRefused);
}

std::size_t Transfer::take_body(std::string_view chunk) {
  if (call_->is_ended_by_caller()) {
    stop(Stop::kCancelled);
    return kAbort;
  }
  if (chunk.size() > call_->request.response_bytes_max - body_bytes_) {
    stop(Stop::kTooLarge);
    return kAbort;
  }
  if (!is_holding_) return deliver(chunk);
  if (answer_.body.size() + chunk.size() <= kHeldBytesMax) {
    body_bytes_ += chunk.size();
    answer_.body += chunk;
    return chunk.size();
  }
  pause_ = policy_.pause_before_next(call_->request, attempt_end(true), call_->attempts);
  if (pause_) {
    stop(Stop::kRepeat);
    return kAbort;
  }
  is_holding_ = false;
  call_->head_delivered = true;
  if (!call_->sink->on_head(answer_.status, answer_.headers)) {
    stop(Stop::kRefused);
    return kAbort;
  }
  return deliver(chunk);
}

// What was held goes first. While paused nothing is taken, libcurl keeps the chunk and offers it again.
std::size_t Transfer::deliver(std::string_view chunk) {
  for (const bool is_held : {true, false}) {
    const std::string_view piece = is_held ? std::string_view(answer_.body) : chunk;
    if (piece.empty()) continue;
    if (call_->paused) {
      is_paused_ = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    if (!call_->sink->on_data(piece)) {
      stop(Stop::kRefused);
      return kAbort;
    }
    if (is_held) answer_.body.clear();
  }
  body_bytes_ += chunk.size();
  return chunk.size();
}

bool Transfer::stop(Stop reason) {
  stop_ = reason;
  return false;
}

AttemptEnd Transfer::attempt_end(bool is_complete) const {
  AttemptEnd end;
  end.request_sent = is_request_sent();
  if (!is_complete) return end;
  end.status = answer_.status;
  end.body = answer_.body;
  end.retry_after = retry_after_;
  return end;
}

bool Transfer::is_repeatable() const { return call_->request.method != "POST" || call_->request.safe_to_repeat; }

bool Transfer::is_attempt_left() const {
  return call_->attempts < std::min(call_->request.attempts_max, limits::kCallAttemptsMax);
}

bool Transfer::is_request_sent() const {
  long bytes = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &bytes);
  return is_asked_ && bytes > bytes_before_;
}

Error Transfer::failure(CURLcode code) const {
  const HttpRequest& request = call_->request;
  const std::string what = describe(request) + ": ";
  switch (stop_) {
    case Stop::kCancelled:
      return Error{Code::kGone, what + "cancelled"};
    case Stop::kRefused:
      return Error{Code::kGone, what + "ended by the receiver of its answer"};
    case Stop::kTooLarge:
      return Error{Code::kFull, what + "the answer is larger than " + std::to_string(request.response_bytes_max) +
                                    " bytes: ask for less or raise the limit"};
    case Stop::kHeadTooLarge:
      return Error{Code::kFull, what + "the head of the answer is larger than " + std::to_string(kHeadBytesMax) +
                                    " bytes: look at what answers there"};
    case Stop::kRepeat:
      return unavailable(what + "answered " + std::to_string(answer_.status));
    case Stop::kNone:
      break;
  }
  return to_error(code, error_text_.data(), request, is_request_sent());
}

}  // namespace modhost::platform
