// Sleeps ten seconds, then calls and sleeps at once. At its end it says how many of its coroutines were left behind.
#include <modhost/sdk/plugin.hpp>
#include <modhost/sdk/when_all.hpp>

namespace {

std::atomic<int> alive{0};
struct Guard {
  Guard() { ++alive; }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { --alive; }
};

struct Patient {
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit Patient(modhost::Host given) : host(given) {}
  ~Patient() { static_cast<void>(host.kv().put("left behind", std::to_string(alive.load()))); }

  modhost::Async<modhost::Outcome> on_event(modhost::Event event) {
    const Guard guard;
    co_await event.sleep(std::chrono::seconds(10));
    const auto [answer, nothing] =
        co_await modhost::when_all(event.api().get("/messages"), event.sleep(std::chrono::seconds(1)));
    static_cast<void>(nothing);
    co_return answer ? modhost::Outcome() : answer.failure();
  }
  modhost::Host host;
};

}  // namespace

MODHOST_PLUGIN(Patient, "org.modhost.test.coroutine", "1.0.0");
