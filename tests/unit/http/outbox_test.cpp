// The order and the end of answers, without a server: one socket pair, one clock.
#include "http/outbox.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "support/fake_clock.hpp"

namespace modhost::http {
namespace {

using modhost::test::FakeClock;
using namespace std::chrono_literals;

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()), 0);
    ours_ = UniqueFd(pair[0]);
    theirs_ = UniqueFd(pair[1]);
    outbox_ = std::make_unique<Outbox>(ours_.get(), clock_);
  }

  std::string received(std::size_t bytes_max = 1 << 20) {
    std::string bytes(bytes_max, '\0');
    const ssize_t count = ::recv(theirs_.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  std::uint64_t reserve() { return outbox_->reserve(clock_.steady_now()); }
  Outbox::Effect deliver(std::uint64_t place, std::string_view text, bool is_last = true, bool closes = false) {
    return outbox_->deliver(place, {text, {}, is_last, closes});
  }

  FakeClock clock_;
  UniqueFd ours_;
  UniqueFd theirs_;
  std::unique_ptr<Outbox> outbox_;
};

TEST_F(OutboxTest, HoldsAnswersUntilTheirTurn) {
  const auto first = reserve();
  const auto second = reserve();
  EXPECT_TRUE(deliver(second, "second").is_taken);
  EXPECT_EQ(received(), "");
  EXPECT_EQ(outbox_->status().in_flight, 2U);
  deliver(first, "first, ");
  EXPECT_EQ(received(), "first, second");
  EXPECT_EQ(outbox_->status().in_flight, 0U);
  EXPECT_FALSE(deliver(first, "again").is_taken);
}

TEST_F(OutboxTest, TakesNothingAfterTheClosingAnswer) {
  const auto first = reserve();
  const auto second = reserve();
  deliver(second, "second");
  deliver(first, "first", true, true);
  EXPECT_EQ(received(), "first");
  EXPECT_TRUE(outbox_->status().shut_since.has_value());
  EXPECT_FALSE(deliver(second, "second").is_taken);
}

TEST_F(OutboxTest, NeverTouchesTheDescriptorOnceClosed) {
  const auto place = reserve();
  outbox_->close(false);
  EXPECT_FALSE(deliver(place, "x").is_taken);
  outbox_->flush();
  outbox_->end();
  EXPECT_FALSE(outbox_->send_continue());
  EXPECT_FALSE(outbox_->is_stalled(clock_.steady_now() + 1h, 1s));
  EXPECT_EQ(received(), "");
  EXPECT_EQ(::send(ours_.get(), "open", 4, 0), 4);  // not shut down either
}

TEST_F(OutboxTest, KeepsWhatTheKernelDoesNotTake) {
  const std::string large(2 * limits::kUnsentBytesMax, 'x');
  const auto place = reserve();
  EXPECT_TRUE(deliver(place, large).needs_attention);
  EXPECT_GT(outbox_->status().unsent_bytes, 0U);
  std::size_t total = 0;
  while (total < large.size()) {
    const std::size_t piece = received().size();
    ASSERT_GT(piece, 0U);
    total += piece;
    outbox_->flush();
  }
  EXPECT_EQ(outbox_->status().unsent_bytes, 0U);
}

TEST_F(OutboxTest, KnowsAStalledReaderFromASlowOne) {
  deliver(reserve(), std::string(2 * limits::kUnsentBytesMax, 'x'));
  SteadyTime now = clock_.steady_now();
  EXPECT_FALSE(outbox_->is_stalled(now, 20s));
  EXPECT_FALSE(outbox_->is_stalled(now + 19s, 20s));
  ASSERT_FALSE(received(64 * 1024).empty());  // not enough for the kernel to take more, yet progress
  EXPECT_FALSE(outbox_->is_stalled(now + 21s, 20s));
  EXPECT_FALSE(outbox_->is_stalled(now + 40s, 20s));
  EXPECT_TRUE(outbox_->is_stalled(now + 42s, 20s));
}

TEST_F(OutboxTest, BoundsWhatIsUnsentAndWhatIsHeld) {
  const auto first = reserve();
  const auto second = reserve();
  const std::string piece(limits::kUnsentBytesMax / 4, 'x');
  int taken = 0;
  while (deliver(second, piece, false).is_taken && taken < 100) ++taken;
  EXPECT_LT(taken, 8);
  EXPECT_TRUE(outbox_->status().is_broken);
  EXPECT_FALSE(deliver(first, "x").is_taken);
}

TEST_F(OutboxTest, ASlowStreamDoesNotGrow) {
  const auto place = reserve();
  deliver(place, std::string(limits::kUnsentBytesMax / 2, 'x'), false);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(deliver(place, std::string(64 * 1024, 'x'), false).is_taken) << i;
    std::size_t got = 0;
    while (got < 64 * 1024) {
      const std::size_t piece = received(64 * 1024 - got).size();
      ASSERT_GT(piece, 0U);
      got += piece;
    }
    outbox_->flush();
  }
  EXPECT_LT(outbox_->status().unsent_bytes, limits::kUnsentBytesMax);
}

TEST_F(OutboxTest, CallsForAttentionWhenTheHalfClosedPeerHasEverything) {
  const auto place = reserve();
  outbox_->set_peer_eof();
  EXPECT_TRUE(deliver(place, "x").needs_attention);
  EXPECT_FALSE(outbox_->status().is_broken);
}

TEST_F(OutboxTest, CallsForAttentionWhenHalfOfTheRequestsAreAnswered) {
  for (int i = 0; i < 4; ++i) reserve();
  EXPECT_TRUE(outbox_->try_pause(4, 100));
  EXPECT_FALSE(deliver(0, "x").needs_attention);
  EXPECT_TRUE(deliver(1, "x").needs_attention);
  EXPECT_FALSE(outbox_->try_pause(4, 100));
}

TEST_F(OutboxTest, IsBrokenWhenThePeerHasGone) {
  const auto place = reserve();
  theirs_.reset();
  const auto effect = deliver(place, "x");
  EXPECT_FALSE(effect.is_taken);
  EXPECT_TRUE(effect.needs_attention);
  EXPECT_TRUE(outbox_->status().is_broken);
}

}  // namespace
}  // namespace modhost::http
