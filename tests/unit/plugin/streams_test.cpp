// Answers that the SDK takes piece by piece, on the threads and calls of a real instance.
#include "runtime_fixture.hpp"

namespace modhost::plugin {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;
using test::eventually;

class Streams : public RuntimeTest {
 protected:
  test::FakeHttpClient::Started begin(unsigned threads = 1, std::chrono::milliseconds deadline = 24h) {
    module_.threads = threads;
    module_.attempt_deadline = deadline;
    started(fault("stream"));
    submit(1);
    EXPECT_TRUE(eventually([&] { return client_.live() == 1; }));
    auto call = client_.requests().at(0);
    EXPECT_TRUE(call.sink->on_head(200, {{"Content-Type", "text/plain"}}));
    return call;
  }
  std::string kept(const char* key) {
    const auto found = key_values_.get(module_.name, key);
    return found ? found->value : "nothing";
  }
};

TEST_F(Streams, ASlowReaderHoldsTheClientBackAndLosesNothing) {
  const auto call = begin();
  const std::string piece(16 * 1024, 'x');
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(call.sink->on_data(piece));
  EXPECT_TRUE(eventually([&] { return client_.pauses() == std::vector<bool>{true}; })) << "a mebibyte is waiting";
  EXPECT_TRUE(eventually([&] {
    advance(1s);
    std::this_thread::sleep_for(1ms);  // the watchdog's turn
    return client_.pauses() == std::vector<bool>{true, false};
  }));
  client_.done(call.id, {});
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kOk);
  EXPECT_EQ(kept("bytes"), "1048576");
  EXPECT_TRUE(stop());
  EXPECT_EQ(kept("left behind"), "0");
}

TEST_F(Streams, DroppedTheCallIsCancelled) {
  const auto call = begin(2);
  EXPECT_TRUE(call.sink->on_data("enough!"));
  EXPECT_EQ(run_out(1).first.kind, Kind::kOk);
  EXPECT_TRUE(eventually([&] { return client_.cancelled() == std::vector<platform::CallId>{call.id}; }));
  EXPECT_TRUE(stop());
  EXPECT_EQ(kept("left behind"), "0");
}

TEST_F(Streams, UnwindAtTheirDeadline) {
  const auto call = begin(1, 60s);
  EXPECT_TRUE(call.sink->on_data("half"));
  EXPECT_EQ(run_out(1).first.kind, Kind::kDeadline);
  EXPECT_TRUE(eventually([&] { return runtime_->status().in_flight == 0; }));
  EXPECT_TRUE(stop());
  EXPECT_EQ(kept("left behind"), "0");
  EXPECT_EQ(kept("bytes"), "nothing");
}

TEST_F(Streams, AStopEndsThem) {
  const auto call = begin(2);
  EXPECT_TRUE(call.sink->on_data("half"));
  EXPECT_TRUE(stop());
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kCancelled);
  EXPECT_EQ(kept("left behind"), "0");
}

}  // namespace
}  // namespace modhost::plugin
