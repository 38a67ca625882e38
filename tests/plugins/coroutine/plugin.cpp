// Sleeps ten seconds, then calls and sleeps at once. At its end it says how many of its coroutines were left behind.
#include <modhost/sdk/when_all.hpp>

#include "../left_behind.hpp"

namespace {

struct Patient : LeftBehind {
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  using LeftBehind::LeftBehind;

  modhost::Async<modhost::Outcome> on_event(modhost::Event event) {
    const Guard guard;
    co_await event.sleep(std::chrono::seconds(10));
    const auto [answer, nothing] =
        co_await modhost::when_all(event.api().get("/messages"), event.sleep(std::chrono::seconds(1)));
    static_cast<void>(nothing);
    co_return answer ? modhost::Outcome() : answer.failure();
  }
};

}  // namespace

MODHOST_PLUGIN(Patient, "org.modhost.test.coroutine", "1.0.0");
