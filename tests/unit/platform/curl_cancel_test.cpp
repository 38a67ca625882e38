// Cancel, pause and destruction at every stage of a call, from every thread.
#include <atomic>
#include <future>
#include <thread>

#include "client_fixture.hpp"

namespace modhost::platform::test {
namespace {

class CurlCancelTest : public CurlClientTest {
 protected:
  // Returns when the client thread has done all that was asked of it before.
  void barrier() { ASSERT_TRUE(call(request("GET", idle_.url("/barrier"))).first); }
  void expect_gone(const std::shared_ptr<Recorder>& recorder) {
    EXPECT_EQ(code_of(recorder->wait()), Code::kGone);
    barrier();
    EXPECT_EQ(recorder->done(), 1);
  }
  ScriptedServer server_;
  ScriptedServer idle_;
};

TEST_F(CurlCancelTest, BeforeTheClientThreadSawTheCall) {
  for (int i = 0; i < 100; ++i) {
    server_.enqueue({.way = Way::kNever});
    const auto [id, recorder] = start(request("GET", server_.url("/x")));
    client_->cancel(id);
    EXPECT_EQ(code_of(recorder->wait()), Code::kGone);
  }
}

TEST_F(CurlCancelTest, BeforeTheHead) {
  server_.enqueue({.way = Way::kNever});
  const auto [id, recorder] = start(request("POST", server_.url("/x"), "{}"));
  ASSERT_TRUE(server_.wait_for_requests(1));
  client_->cancel(id);
  expect_gone(recorder);
  EXPECT_TRUE(server_.wait_for_open_connections(0));  // the platform learns that nobody listens
}

TEST_F(CurlCancelTest, InTheBody) {
  server_.enqueue({.body = "0123456789", .way = Way::kStall});
  const auto [id, recorder] = start(request("POST", server_.url("/x"), "{}"));
  ASSERT_TRUE(recorder->wait_for_body(5));
  client_->cancel(id);
  expect_gone(recorder);
  EXPECT_EQ(recorder->heads(), 1);
}

TEST_F(CurlCancelTest, AnAnswerThatIsWantedOnceSentStillComes) {
  std::promise<void> cancelled;
  ScriptedServer slow([&](const ScriptedRequest&) {
    cancelled.get_future().wait();
    return ScriptedAnswer{.body = "late"};
  });
  auto wanted = request("POST", slow.url("/x"), "{}");
  wanted.is_wanted_once_sent = true;
  const auto [id, recorder] = start(std::move(wanted));
  ASSERT_TRUE(slow.wait_for_requests(1));
  client_->cancel(id);
  barrier();
  EXPECT_EQ(recorder->done(), 0);
  cancelled.set_value();
  EXPECT_TRUE(recorder->wait());
  EXPECT_EQ(recorder->response().body, "late");
}

TEST_F(CurlCancelTest, WhileItWaitsForAConnection) {
  open({.http = {.connections = 1}});
  server_.enqueue({.way = Way::kNever});
  const auto busy = start(request("GET", server_.url("/x")));
  ASSERT_TRUE(server_.wait_for_requests(1));
  auto unsent = request("GET", server_.url("/y"));
  unsent.is_wanted_once_sent = true;  // makes no difference: nothing is sent
  const auto [id, waiting] = start(std::move(unsent));
  barrier();
  client_->cancel(id);
  expect_gone(waiting);
  client_->cancel(busy.first);
  expect_gone(busy.second);
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(CurlCancelTest, BetweenAttempts) {
  CurlClientOptions options;
  options.pauses.first = 15s;
  auto client = CurlClient::open(clock_, options);
  ASSERT_TRUE(client);
  client_ = *std::move(client);
  server_.enqueue({.status = 500, .close_after = true});
  auto unsent = request("GET", server_.url("/x"));
  unsent.is_wanted_once_sent = true;  // makes no difference: no further attempt is begun
  const auto [id, recorder] = start(std::move(unsent));
  ASSERT_TRUE(server_.wait_for_requests(1));
  ASSERT_TRUE(server_.wait_for_open_connections(0));
  barrier();
  client_->cancel(id);
  expect_gone(recorder);
  EXPECT_EQ(recorder->heads(), 0);
}

TEST_F(CurlCancelTest, AfterTheEndNothingHappens) {
  const auto [id, recorder] = start(request("GET", server_.url("/x")));
  ASSERT_TRUE(recorder->wait());
  client_->cancel(id);
  client_->pause(id, true);
  client_->cancel(id + 1000);
  barrier();
  EXPECT_EQ(recorder->done(), 1);
}

// Does things from inside its callbacks, that is on the client thread.
class ActingSink final : public Sink {
 public:
  ActingSink(HttpClient& client, std::shared_ptr<Recorder> inner) : client_(client), inner_(std::move(inner)) {}
  bool on_head(int status, const HeaderList& headers) override {
    if (pause_in_head) client_.pause(id, true);
    if (cancel_in_head) client_.cancel(id);
    return inner_->on_head(status, headers);
  }
  bool on_data(std::string_view chunk) override {
    if (cancel_in_data) client_.cancel(id);
    return inner_->on_data(chunk);
  }
  void on_done(Result<void> outcome) override {
    if (start_in_done)
      EXPECT_TRUE(client_.start(*std::exchange(start_in_done, std::nullopt), inner_));
    else
      inner_->on_done(std::move(outcome));
  }
  std::atomic<CallId> id = 0;
  bool pause_in_head = false, cancel_in_head = false, cancel_in_data = false;
  std::optional<HttpRequest> start_in_done;

 private:
  HttpClient& client_;
  std::shared_ptr<Recorder> inner_;
};

class CurlSinkTest : public CurlCancelTest {
 protected:
  // The server answers only once the sink knows its call's id.
  void start_acting(HttpRequest what) {
    gate_.lock();
    const auto id = client_->start(std::move(what), sink_);
    ASSERT_TRUE(id);
    sink_->id = *id;
    gate_.unlock();
  }
  ScriptedAnswer answer_;
  std::mutex gate_;
  ScriptedServer gated_{[this](const ScriptedRequest&) {
    const std::lock_guard lock(gate_);
    return answer_;
  }};
  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
  std::shared_ptr<ActingSink> sink_;
  void SetUp() override {
    CurlCancelTest::SetUp();
    sink_ = std::make_shared<ActingSink>(*client_, recorder_);
  }
};

TEST_F(CurlSinkTest, PausedInItsHeadGetsNoDataUntilResumed) {
  sink_->pause_in_head = true;
  answer_.body = std::string(2'000'000, 'p');
  for (const std::string method : {"GET", "POST"})  // held back, streamed
    for (const std::size_t size : {std::size_t{10}, answer_.body.size()}) {
      answer_.body.resize(size, 'p');
      recorder_ = std::make_shared<Recorder>();
      sink_ = std::make_shared<ActingSink>(*client_, recorder_);
      sink_->pause_in_head = true;
      start_acting(request(method, gated_.url("/x")));
      ASSERT_TRUE(recorder_->wait_for_head());
      barrier();
      EXPECT_EQ(recorder_->chunks(), 0);
      EXPECT_EQ(recorder_->done(), 0);
      client_->pause(sink_->id, false);
      EXPECT_TRUE(recorder_->wait());
      EXPECT_EQ(recorder_->response().body, answer_.body);
      EXPECT_EQ(recorder_->done(), 1);
    }
}

TEST_F(CurlSinkTest, PausedAndResumedManyTimesLosesNothing) {
  answer_.body.resize(3'000'000);
  for (std::size_t i = 0; i < answer_.body.size(); ++i) answer_.body[i] = static_cast<char>('a' + i % 23);
  start_acting(request("POST", gated_.url("/x")));
  for (bool paused = true; recorder_->done() == 0; paused = !paused) client_->pause(sink_->id, paused);
  EXPECT_TRUE(recorder_->wait());
  EXPECT_EQ(recorder_->response().body, answer_.body);
}

TEST_F(CurlSinkTest, PausedCallsCanBeCancelled) {
  for (const std::size_t size : {10, 1'000'000})
    for (const std::string method : {"GET", "POST"}) {
      answer_.body.assign(size, 'p');
      recorder_ = std::make_shared<Recorder>();
      sink_ = std::make_shared<ActingSink>(*client_, recorder_);
      sink_->pause_in_head = true;
      start_acting(request(method, gated_.url("/x")));
      ASSERT_TRUE(recorder_->wait_for_head());
      client_->cancel(sink_->id);
      expect_gone(recorder_);
      EXPECT_EQ(recorder_->chunks(), 0);
    }
}

TEST_F(CurlSinkTest, PausedCallsEndAtTheirDeadline) {
  for (const std::string method : {"GET", "POST"}) {
    recorder_ = std::make_shared<Recorder>();
    sink_ = std::make_shared<ActingSink>(*client_, recorder_);
    sink_->pause_in_head = true;
    HttpRequest late = request(method, gated_.url("/x"));
    late.deadline = Deadline::after(clock_, 60ms);
    start_acting(late);
    EXPECT_EQ(code_of(recorder_->wait()), Code::kTimeout);
    EXPECT_EQ(recorder_->chunks(), 0);
  }
}

TEST_F(CurlSinkTest, CancelledInItsHeadGetsNoData) {
  for (const std::string method : {"GET", "POST"}) {
    recorder_ = std::make_shared<Recorder>();
    sink_ = std::make_shared<ActingSink>(*client_, recorder_);
    sink_->cancel_in_head = true;
    start_acting(request(method, gated_.url("/x")));
    expect_gone(recorder_);
    EXPECT_EQ(recorder_->chunks(), 0);
  }
}

TEST_F(CurlSinkTest, CancelledInItsDataGetsNoMore) {
  answer_.body.assign(2'000'000, 'c');
  sink_->cancel_in_data = true;
  start_acting(request("POST", gated_.url("/x")));
  expect_gone(recorder_);
  EXPECT_EQ(recorder_->chunks(), 1);
}

TEST_F(CurlSinkTest, StartsAnotherCallAtItsEnd) {
  sink_->start_in_done = request("GET", server_.url("/second"));
  start_acting(request("GET", gated_.url("/first")));
  EXPECT_TRUE(recorder_->wait());
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(CurlCancelTest, DestructionEndsEveryCallOnce) {
  open({.http = {.connections = 10}});  // one group gets 8 of them
  ScriptedServer stuck([n = std::make_shared<std::atomic<int>>(0)](const ScriptedRequest&) {
    constexpr Way kWays[] = {Way::kNever, Way::kStall, Way::kDrip, Way::kNever};
    return ScriptedAnswer{.body = "0123456789", .way = kWays[static_cast<std::size_t>((*n)++) % 4]};
  });
  std::vector<std::shared_ptr<Recorder>> recorders;
  for (int i = 0; i < 40; ++i) recorders.push_back(start(request("POST", stuck.url("/x"), "{}")).second);
  ASSERT_TRUE(stuck.wait_for_requests(8));
  for (int i = 0; i < 40; ++i) recorders.push_back(start(request("POST", stuck.url("/x"), "{}")).second);
  client_.reset();
  for (const auto& recorder : recorders) {
    EXPECT_EQ(recorder->done(), 1);
    EXPECT_EQ(code_of(recorder->wait()), Code::kGone);
  }
}

TEST_F(CurlCancelTest, NothingStartsDuringDestruction) {
  server_.enqueue({.way = Way::kNever});
  std::optional<Error> refusal;
  const auto start_another = [&, client = client_.get()](Result<HttpResponse>) {
    const auto second = client->start(request("GET", server_.url("/y")), std::make_shared<Recorder>());
    if (!second) refusal = second.error();
  };
  ASSERT_TRUE(client_->start(request("GET", server_.url("/x")), collect(start_another)));
  ASSERT_TRUE(server_.wait_for_requests(1));
  client_.reset();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, Code::kGone);
}

TEST_F(CurlCancelTest, TenThousandStartsWithCancelFromTwoThreads) {
  constexpr int kCalls = 5'000;
  std::atomic<int> done = 0, answered = 0;
  std::mutex mutex;
  std::condition_variable all_done;
  const auto storm = [&](unsigned seed) {
    for (int i = 0; i < kCalls; ++i) {
      const auto id = client_->start(request("GET", server_.url("/x")), collect([&](Result<HttpResponse> response) {
                                       answered += response ? 1 : 0;
                                       const std::lock_guard lock(mutex);
                                       if (++done == 2 * kCalls) all_done.notify_all();
                                     }));
      ASSERT_TRUE(id);
      if ((seed = seed * 1103515245 + 12345) % 4 != 0) client_->cancel(*id);
      if (seed % 7 == 0) client_->pause(*id, true), client_->pause(*id, false);
    }
  };
  std::thread other(storm, 1u);
  storm(2u);
  other.join();
  std::unique_lock lock(mutex);
  ASSERT_TRUE(all_done.wait_for(lock, 60s, [&] { return done == 2 * kCalls; })) << done;
  EXPECT_GT(answered, 0);
  EXPECT_EQ(client_->stats().in_flight, 0u);
}

}  // namespace
}  // namespace modhost::platform::test
