// Blocks: waits for a coroutine of its own that makes a call, then for an hour. Beside it a task comes every ten
// seconds.
#include "../left_behind.hpp"

namespace {

struct Blocks : LeftBehind {
  explicit Blocks(modhost::Host given)
      : LeftBehind(given), ticks_(given.every(std::chrono::seconds(10), [this] { tick(); }).value()) {}

  modhost::Outcome on_event(const modhost::Event& event) {
    const Guard guard;
    const auto answer = ask(event).get();
    if (!answer) return answer.failure();
    host.kv().put("asked", answer->root()["said"].text()).value();
    return event.sleep(std::chrono::hours(1)).get();
  }

 private:
  static modhost::Async<modhost::Result<modhost::JsonDocument>> ask(modhost::Event event) {
    const Guard guard;
    auto answer = co_await event.api().get("/messages");
    co_return answer;
  }
  void tick() { host.kv().put("ticks", std::to_string(++count_)).value(); }

  int count_ = 0;
  const modhost::Task ticks_;
};

}  // namespace

MODHOST_PLUGIN(Blocks, "org.modhost.test.blocks", "1.0.0");
