// Takes an answer piece by piece, ten seconds after its head; an exclamation mark in it is enough. At its end it says
// how many bytes it had and how many of its coroutines were left behind.
#include "../left_behind.hpp"

namespace {

struct Reader : LeftBehind {
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  using LeftBehind::LeftBehind;

  modhost::Async<modhost::Outcome> on_event(modhost::Event event) {
    const Guard guard;
    modhost::HttpRequest request;
    request.target = "/messages";
    modhost::HttpStream stream = event.http().stream(std::move(request));
    const auto head = co_await stream.head();
    if (!head) co_return head.failure();
    co_await event.sleep(std::chrono::seconds(10));
    std::size_t bytes = 0;
    while (const auto piece = co_await stream.next()) {
      bytes += piece->size();
      if (piece->ends_with('!')) break;
    }
    static_cast<void>(host.kv().put("bytes", std::to_string(bytes)));
    co_return modhost::Outcome();
  }
};

}  // namespace

MODHOST_PLUGIN(Reader, "org.modhost.test.stream", "1.0.0");
