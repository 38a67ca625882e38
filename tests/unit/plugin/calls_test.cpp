// HTTP calls of a plugin on the threads of its instance.
#include "runtime_fixture.hpp"

namespace modhost::plugin {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;
using test::eventually;

class CallsTest : public RuntimeTest {
 protected:
  static modhost_http_request request_for(modhost_event_id event) {
    modhost_http_request request{};
    request.struct_size = sizeof request;
    request.flags = MODHOST_HTTP_PLATFORM;
    request.method = {"GET", 3};
    request.target = {"/messages", 9};
    request.event = event;
    return request;
  }
  modhost_status perform(modhost_event_id event) {
    const modhost_http_request request = request_for(event);
    modhost_http_response response{};
    response.struct_size = sizeof response;
    const modhost_status status = script_.http->perform(script_.host, &request, &response, nullptr);
    if (response.headers.release != nullptr) response.headers.release(&response.headers);
    if (response.body.release != nullptr) response.body.release(&response.body);
    return status;
  }
};

TEST_F(CallsTest, ABlockingCallNeedsNoSecondThread) {
  script_.on_event = [&](modhost_event_id id, const auto&) { return perform(id); };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return client_.live() == 1; }));
  client_.respond(client_.requests().at(0), 200, "{}");
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kOk);
  EXPECT_TRUE(stop());
}

TEST_F(CallsTest, ABlockingCallLetsGoAtStop) {
  script_.on_event = [&](modhost_event_id id, const auto&) { return perform(id); };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return client_.live() == 1; }));
  EXPECT_TRUE(stop());
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kCancelled);
}

// One sink for all calls of the test: how many were told of their end, and whether two were told at once.
struct Sinks {
  std::atomic<int> done{0}, at_once{0}, most{0};
  std::atomic<modhost_status> result{1};
  std::function<void(modhost_call_id)> on_done;
  std::thread::id thread;

  [[nodiscard]] modhost_http_sink sink() {
    modhost_http_sink sink{};
    sink.struct_size = sizeof sink;
    sink.user = this;
    sink.done = [](void* user, modhost_call_id call, modhost_status status, modhost_str) noexcept {
      auto& it = *static_cast<Sinks*>(user);
      it.most = std::max<int>(it.most, ++it.at_once);
      it.thread = std::this_thread::get_id();
      it.result = status;
      if (it.on_done) it.on_done(call);
      --it.at_once;
      ++it.done;
    };
    return sink;
  }
};

TEST_F(CallsTest, CallbacksRunOnTheInstancesThreadsOnly) {
  Sinks sinks;
  std::thread::id worker;
  script_.on_event = [&](modhost_event_id id, const auto&) -> modhost_status {
    worker = std::this_thread::get_id();
    sinks.on_done = [&, id](modhost_call_id) { script_.complete(id, MODHOST_OK); };
    const modhost_http_request request = request_for(id);
    const modhost_http_sink sink = sinks.sink();
    modhost_call_id call = 0;
    return script_.http->start(script_.host, &request, &sink, &call) == MODHOST_OK ? MODHOST_PENDING
                                                                                   : MODHOST_E_INTERNAL;
  };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return client_.live() == 1; }));
  client_.respond(client_.requests().at(0), 200, "{}");
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kOk);
  EXPECT_TRUE(stop());
  EXPECT_EQ(sinks.done, 1);
  EXPECT_EQ(sinks.thread, worker) << "the one thread of the module";
}

TEST_F(CallsTest, NeverMoreAtOnceThanThreads) {
  constexpr int kCalls = 40;
  Sinks sinks;
  std::atomic<modhost_event_id> event{0};
  script_.on_event = [&](modhost_event_id id, const auto&) {
    event = id;
    return MODHOST_PENDING;
  };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return event != 0; }));
  const modhost_http_sink sink = sinks.sink();
  for (int i = 0; i < kCalls; ++i) {
    const modhost_http_request request = request_for(event);
    modhost_call_id call = 0;
    ASSERT_EQ(script_.http->start(script_.host, &request, &sink, &call), MODHOST_OK);
  }
  std::vector<std::thread> peers;
  for (int t = 0; t < 2; ++t)
    peers.emplace_back([&, t] {
      for (int i = t; i < kCalls; i += 2)
        client_.respond(client_.requests().at(static_cast<std::size_t>(i)), 200, "{}");
    });
  for (auto& peer : peers) peer.join();
  EXPECT_TRUE(eventually([&] { return sinks.done == kCalls; }));
  EXPECT_EQ(sinks.most, 1);
  script_.complete(event, MODHOST_OK);
  EXPECT_TRUE(stop());
}

TEST_F(CallsTest, EveryStartedCallHearsItsEndAtStop) {
  Sinks sinks;
  std::atomic<modhost_event_id> event{0};
  script_.on_event = [&](modhost_event_id id, const auto&) {
    event = id;
    return MODHOST_PENDING;
  };
  std::atomic<int> done_at_destroy{-1};
  script_.destroy = [&] { done_at_destroy = sinks.done.load(); };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return event != 0; }));
  const modhost_http_sink sink = sinks.sink();
  for (int i = 0; i < 5; ++i) {
    const modhost_http_request request = request_for(event);
    modhost_call_id call = 0;
    ASSERT_EQ(script_.http->start(script_.host, &request, &sink, &call), MODHOST_OK);
  }
  EXPECT_TRUE(stop(1s));
  EXPECT_EQ(done_at_destroy, 5) << "before destroy";
  EXPECT_TRUE(sinks.result == MODHOST_E_CANCELLED || sinks.result == MODHOST_E_CLOSED) << sinks.result;
}

TEST_F(CallsTest, ASinkThatThrowsCostsNothingElse) {
  Sinks sinks;
  modhost_http_sink sink = sinks.sink();
  // The promise of the C header broken on purpose.
  sink.data = reinterpret_cast<decltype(sink.data)>(
      +[](void*, modhost_call_id, modhost_bytes) -> modhost_status { throw std::runtime_error("from data"); });
  std::atomic<modhost_event_id> event{0};
  script_.on_event = [&](modhost_event_id id, const auto&) {
    event = id;
    return MODHOST_PENDING;
  };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return event != 0; }));
  const modhost_http_request request = request_for(event);
  modhost_call_id call = 0;
  ASSERT_EQ(script_.http->start(script_.host, &request, &sink, &call), MODHOST_OK);
  client_.respond(client_.requests().at(0), 200, "{}");
  EXPECT_TRUE(eventually([&] { return sinks.done == 1; }));
  EXPECT_EQ(sinks.result, MODHOST_E_CANCELLED) << "aborted";
  EXPECT_EQ(script_.complete(event, MODHOST_OK), MODHOST_OK);
  EXPECT_TRUE(stop());
}

}  // namespace
}  // namespace modhost::plugin
