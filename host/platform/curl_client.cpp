#include "platform/curl_client.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>
#include <utility>

#include "platform/call_table.hpp"
#include "platform/curl_loop.hpp"
#include "platform/http_text.hpp"

namespace modhost::platform {
namespace {

constexpr std::size_t kUrlBytesMax = 64 * 1024;

Result<void> check_file(const std::filesystem::path& file, std::string_view option) {
  if (file.empty()) return {};
  std::ifstream stream(file);
  if (stream.peek() != std::ifstream::traits_type::eof()) return {};
  return invalid("http_client." + std::string(option) + ": " + file.string() +
                 " can not be read or is empty: name a readable PEM file");
}

Result<void> check_proxy(const std::string& proxy) {
  if (proxy.empty()) return {};
  const UrlHandle url(curl_url());
  constexpr unsigned kFlags = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME;
  if (is_header_value(proxy) && curl_url_set(url.get(), CURLUPART_URL, proxy.c_str(), kFlags) == CURLUE_OK) return {};
  return invalid("http_client.proxy is not a URL: write e.g. http://proxy.example:3128");
}

// What a caller may not decide because it decides where a request ends.
bool is_framing(std::string_view name) {
  for (const std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection", "Expect", "Upgrade", "TE"})
    if (iequals(name, own)) return true;
  return false;
}

Result<void> check_request(const HttpRequest& request) {
  if (!is_token(request.method)) return invalid("HTTP call: '" + printable(request.method, 20) + "' is no method");
  const std::string& url = request.url;
  if (url.size() > kUrlBytesMax) return invalid("HTTP call: the URL is longer than 64 KiB");
  const bool has_scheme = url.starts_with("http://") || url.starts_with("https://");
  if (!has_scheme || !std::all_of(url.begin(), url.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; }))
    return invalid("HTTP call: the URL has to start with http:// or https:// and to be percent-encoded");
  if (url.find('@') < url.find_first_of("/?#", url.find("://") + 3))
    return invalid("HTTP call: the URL holds credentials; send them in a header");
  for (const auto& [name, value] : request.headers)
    if (!is_token(name) || !is_header_value(value) || is_framing(name))
      return invalid("HTTP call: header '" + printable(name, 40) +
                     "' can not be sent: it is malformed or the client's own");
  return {};
}

// Signals are for other threads; libcurl's resolver threads inherit this.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

struct CurlClient::Impl {
  Impl(const Clock& the_clock, CurlClientOptions the_options) : clock(the_clock), options(std::move(the_options)) {}

  const Clock& clock;
  const CurlClientOptions options;
  std::unique_ptr<CallTable> table;
  std::unique_ptr<CurlLoop> loop;
  std::thread thread;
};

Result<std::unique_ptr<CurlClient>> CurlClient::open(const Clock& clock, CurlClientOptions options) {
  if (auto ok = check_proxy(options.http.proxy); !ok) return std::move(ok).error();
  if (auto ok = check_file(options.http.ca_file, "ca_file"); !ok) return std::move(ok).error();
  if (auto ok = check_file(options.http.client_cert, "client_cert"); !ok) return std::move(ok).error();
  auto impl = std::make_unique<Impl>(clock, std::move(options));
  auto table = CallTable::open(impl->options.calls_max);
  if (!table) return std::move(table).error();
  impl->table = *std::move(table);
  auto loop = CurlLoop::open(clock, impl->options, *impl->table);
  if (!loop) return std::move(loop).error();
  impl->loop = *std::move(loop);
  try {
    impl->thread = std::thread([raw = impl.get()] {
      block_signals();
      pthread_setname_np(pthread_self(), "http-client");
      raw->loop->run();
    });
  } catch (const std::system_error& error) {
    return unavailable(std::string("HTTP client: no thread (") + error.what() + "): raise the limit of processes");
  }
  return std::make_unique<CurlClient>(std::move(impl));
}

CurlClient::CurlClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

CurlClient::~CurlClient() {
  impl_->table->close();
  impl_->thread.join();
}

Result<CallId> CurlClient::start(HttpRequest request, std::shared_ptr<Sink> sink) {
  if (auto ok = check_request(request); !ok) return std::move(ok).error();
  request.deadline = std::min(request.deadline, Deadline::after(impl_->clock, limits::kCallTimeoutMax));
  return impl_->table->add(std::move(request), std::move(sink));
}

void CurlClient::cancel(CallId call) { impl_->table->cancel(call); }

void CurlClient::pause(CallId call, bool paused) { impl_->table->pause(call, paused); }

CurlClientStats CurlClient::stats() const {
  CurlClientStats stats;
  stats.calls = impl_->table->started();
  stats.attempts = impl_->loop->counters().attempts;
  stats.connections = impl_->loop->counters().connections;
  stats.in_flight = impl_->table->size();
  return stats;
}

}  // namespace modhost::platform
