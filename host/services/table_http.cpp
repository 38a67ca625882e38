#include <algorithm>
#include <utility>

#include "services/abi_values.hpp"
#include "services/host_record.hpp"
#include "services/tables.hpp"

namespace modhost::services {

namespace {

// True while this thread is in a sink callback, where perform() is refused: it would wait for the thread it blocks.
thread_local bool is_in_sink = false;

class InSink {
 public:
  InSink() : was_(std::exchange(is_in_sink, true)) {}
  ~InSink() { is_in_sink = was_; }
  InSink(const InSink&) = delete;
  InSink& operator=(const InSink&) = delete;

 private:
  const bool was_;
};

// The plugin's sink as a listener: the exception barrier of callbacks. The pointers are those of the C header without
// their noexcept, which the compiler would take as leave to drop the handlers.
class PluginSink final : public CallListener {
 public:
  explicit PluginSink(const modhost_http_sink& sink)
      : user_(sink.user), head_(sink.head), data_(sink.data), done_(sink.done) {}

  modhost_status on_head(Handle call, int status, const HeaderList& headers) override {
    if (head_ == nullptr) return MODHOST_OK;
    std::vector<modhost_kv> fields;
    fields.reserve(headers.size());
    for (const auto& [name, value] : headers) fields.push_back({to_str(name), to_str(value)});
    return guarded([&] { return head_(user_, call, status, fields.data(), fields.size()); });
  }

  modhost_status on_data(Handle call, std::string_view chunk) override {
    if (data_ == nullptr) return MODHOST_OK;
    return guarded([&] { return data_(user_, call, modhost_bytes{chunk.data(), chunk.size()}); });
  }

  void on_done(Handle call, modhost_status result, std::string_view detail) override {
    guarded([&] {
      done_(user_, call, result, to_str(detail));
      return MODHOST_OK;
    });
  }

 private:
  template <class Call>
  static modhost_status guarded(Call call) {
    const InSink in_sink;
    try {
      return static_cast<modhost_status>(call());
    } catch (...) {
      return MODHOST_E_INTERNAL;
    }
  }

  void* const user_;
  modhost_status (*const head_)(void*, modhost_call_id, std::int32_t, const modhost_kv*, size_t);
  modhost_status (*const data_)(void*, modhost_call_id, modhost_bytes);
  void (*const done_)(void*, modhost_call_id, modhost_status, modhost_str);
};

// Sizes are judged before anything is copied: a wild length costs nothing.
std::optional<HttpCall> read_call(const modhost_http_request* foreign) {
  const auto request = read_struct(foreign);
  if (!request || (request->flags & ~(MODHOST_HTTP_PLATFORM | MODHOST_HTTP_SAFE_TO_REPEAT)) != 0) return std::nullopt;
  const auto method = view(request->method);
  const auto target = view(request->target);
  const auto body = view(request->body);
  if (!method || !target || !body || request->timeout_ms < 0) return std::nullopt;
  if (body->size() > kCallBodyBytesMax || request->header_count > kCallHeadersMax) return std::nullopt;
  if (request->headers == nullptr && request->header_count > 0) return std::nullopt;

  std::size_t head_bytes = method->size() + target->size();
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  for (std::size_t i = 0; i < request->header_count; ++i) {
    const auto name = view(request->headers[i].key);
    const auto value = view(request->headers[i].value);
    if (!name || !value) return std::nullopt;
    head_bytes += name->size() + value->size();
    headers.emplace_back(*name, *value);
  }
  if (head_bytes > kCallHeadBytesMax) return std::nullopt;

  HttpCall call;
  call.is_platform = (request->flags & MODHOST_HTTP_PLATFORM) != 0;
  call.is_safe_to_repeat = (request->flags & MODHOST_HTTP_SAFE_TO_REPEAT) != 0;
  call.method = *method;
  call.target = *target;
  call.body = *body;
  call.headers.assign(headers.begin(), headers.end());
  constexpr std::int64_t kTimeoutMax = 365ll * 24 * 3600 * 1000;  // a huge one would overflow as a duration
  call.timeout = std::chrono::milliseconds(std::min(request->timeout_ms, kTimeoutMax));
  call.response_bytes_max = request->max_response_bytes;
  call.event = request->event;
  return call;
}

modhost_status start(const modhost_host* host, const modhost_http_request* request, const modhost_http_sink* sink,
                     modhost_call_id* call) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto known_sink = read_struct(sink);
  if (!known_sink || known_sink->done == nullptr) return MODHOST_E_INVALID;
  auto wanted = read_call(request);
  if (!wanted) return MODHOST_E_INVALID;
  Handle started = 0;
  const std::string name = RefusalLog::name_of(*wanted);
  const Handle event = wanted->event;
  const Refusal refusal = services->http.start(std::move(*wanted), std::make_shared<PluginSink>(*known_sink), started);
  if (refusal.ok() && call != nullptr) *call = started;
  if (!refusal.ok()) services->refusals.write(event, name, refusal);
  return refusal.status;
}

modhost_status pause(const modhost_host* host, modhost_call_id call, std::uint32_t paused) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  return services->http.pause(call, paused != 0);
}

modhost_status cancel(const modhost_host* host, modhost_call_id call) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  return services->http.cancel(call);
}

std::string header_lines(const HeaderList& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) lines.append(name).append(": ").append(value).append("\n");
  return lines;
}

modhost_status perform(const modhost_host* host, const modhost_http_request* request, modhost_http_response* response,
                       modhost_error* error) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto refuse = [error](std::string_view why) {
    write_error(error, why);
    return MODHOST_E_INVALID;
  };
  if (is_in_sink) return refuse("perform() must not be called from a sink callback: use start()");
  if (response == nullptr || response->struct_size < sizeof(modhost_http_response))
    return refuse("response is null or its struct_size is too small");
  auto wanted = read_call(request);
  if (!wanted)
    return refuse(
        "request is null, too small or too large, has an unknown flag, or a pointer that does not fit its length");
  platform::HttpResponse answer;
  const Refusal refusal = services->http.perform(std::move(*wanted), answer);
  if (!refusal.ok()) {
    write_error(error, refusal.detail);
    return refusal.status;
  }
  response->status = answer.status;
  response->headers = make_blob(header_lines(answer.headers));
  response->body = make_blob(std::move(answer.body));
  return MODHOST_OK;
}

}  // namespace

constinit const modhost_http_service kHttpTable = {sizeof(modhost_http_service), 0, start, pause, cancel, perform};

}  // namespace modhost::services
