// Who may run in a chat, without a journal around it.
#include "journal/chat_order.hpp"

#include <gtest/gtest.h>

namespace modhost::journal {
namespace {

using namespace std::chrono_literals;
using Admitted = ChatOrder::Admitted;

class ChatOrderTest : public testing::Test {
 protected:
  Admitted admit(EventSeq seq, ChatOrder::Chat chat = 1, ClaimOrder order = ClaimOrder::kPerChat) {
    return order_.admit(seq, chat, module_, order, now_);
  }
  std::vector<EventSeq> turns() {
    std::vector<EventSeq> seqs;
    for (const ChatOrder::Turn& turn : order_.take_turns()) {
      EXPECT_EQ(*turn.module, "DemoApp");
      seqs.push_back(turn.seq);
    }
    return seqs;
  }
  using Seqs = std::vector<EventSeq>;

  const std::string module_ = "DemoApp";
  SteadyTime now_{1h};
  ChatOrder order_{30s};
};

TEST_F(ChatOrderTest, OneEventOfAChatRunsAtATime) {
  EXPECT_EQ(admit(1), Admitted::kRuns);
  EXPECT_EQ(admit(2), Admitted::kKeptBack);
  EXPECT_EQ(admit(3), Admitted::kKeptBack);
  EXPECT_EQ(admit(4, 2), Admitted::kRuns) << "another chat";
  EXPECT_EQ(admit(5, 0), Admitted::kRuns) << "no chat";
  EXPECT_EQ(admit(6, 0), Admitted::kRuns);
  EXPECT_EQ(order_.kept_back(module_), 2u);
  EXPECT_EQ(turns(), Seqs{});
  order_.ended(1);
  EXPECT_EQ(turns(), Seqs{2});
  EXPECT_EQ(admit(7), Admitted::kKeptBack) << "the place is the second one's";
  EXPECT_EQ(admit(2), Admitted::kRuns);
  order_.ended(2);
  EXPECT_EQ(turns(), Seqs{3});
  order_.ended(3);
  EXPECT_EQ(turns(), Seqs{7});
  order_.ended(7);
  EXPECT_EQ(turns(), Seqs{});
  EXPECT_EQ(order_.kept_back(module_), 0u);
  EXPECT_EQ(admit(8), Admitted::kRuns);
}

TEST_F(ChatOrderTest, SomeModulesHaveNone) {
  EXPECT_EQ(admit(1, 1, ClaimOrder::kAny), Admitted::kRuns);
  EXPECT_EQ(admit(2, 1, ClaimOrder::kAny), Admitted::kRuns);
  order_.ended(1);
  order_.ended(2);
  EXPECT_EQ(turns(), Seqs{});
}

TEST_F(ChatOrderTest, AnEventGivenBackKeepsItsPlace) {
  EXPECT_EQ(admit(1), Admitted::kRuns);
  EXPECT_EQ(admit(2), Admitted::kKeptBack);
  EXPECT_EQ(admit(1), Admitted::kRuns);
}

TEST_F(ChatOrderTest, ARetryHoldsItsChatUpForAWhile) {
  EXPECT_EQ(admit(1), Admitted::kRuns);
  EXPECT_EQ(admit(2), Admitted::kKeptBack);
  order_.waits(1, now_);
  EXPECT_EQ(order_.next_ring(), now_ + 30s);
  now_ += 29s;
  order_.ring(now_);
  EXPECT_EQ(turns(), Seqs{});
  EXPECT_EQ(admit(3), Admitted::kKeptBack);
  now_ += 1s;
  order_.ring(now_);
  EXPECT_EQ(turns(), Seqs{2});
  EXPECT_FALSE(order_.next_ring());
  EXPECT_EQ(admit(2), Admitted::kRuns);
  EXPECT_EQ(admit(1), Admitted::kKeptBack) << "its time has come, the chat is taken";
  order_.ended(2);
  EXPECT_EQ(turns(), Seqs{1}) << "the oldest goes first";
  order_.ended(1);
  EXPECT_EQ(turns(), Seqs{3});
}

TEST_F(ChatOrderTest, ARetryInTimeIsNotPassedOver) {
  EXPECT_EQ(admit(1), Admitted::kRuns);
  EXPECT_EQ(admit(2), Admitted::kKeptBack);
  order_.waits(1, now_);
  now_ += 5s;
  EXPECT_EQ(admit(1), Admitted::kRuns);
  now_ += 60s;
  order_.ring(now_);
  EXPECT_EQ(turns(), Seqs{}) << "it runs";
}

TEST_F(ChatOrderTest, AChatThatNobodyWaitedInGoesOnAtOnceAfterTheWait) {
  order_.waits(1, 1, module_, now_);
  order_.waits(5, 1, module_, now_);
  EXPECT_EQ(admit(2, 2), Admitted::kRuns);
  now_ += 30s;
  order_.ring(now_);
  EXPECT_EQ(admit(3), Admitted::kRuns);
  EXPECT_EQ(admit(1), Admitted::kKeptBack);
}

TEST_F(ChatOrderTest, OneThatEndsWithoutARunFreesNothingElse) {
  EXPECT_EQ(admit(1), Admitted::kRuns);
  EXPECT_EQ(admit(2), Admitted::kKeptBack);
  EXPECT_EQ(admit(3), Admitted::kKeptBack);
  order_.ended(2);
  EXPECT_EQ(turns(), Seqs{});
  order_.ended(1);
  EXPECT_EQ(turns(), Seqs{3});
}

TEST_F(ChatOrderTest, TheNewestSupersedesAllBeforeIt) {
  const auto newest = ClaimOrder::kNewest;
  EXPECT_EQ(admit(1, 1, newest), Admitted::kRuns);
  EXPECT_EQ(order_.take_superseded(module_), Seqs{});
  EXPECT_EQ(admit(2, 1, newest), Admitted::kKeptBack);
  EXPECT_EQ(order_.take_superseded(module_), Seqs{1});
  EXPECT_EQ(turns(), Seqs{});
  EXPECT_EQ(admit(3, 1, newest), Admitted::kKeptBack);
  EXPECT_EQ(order_.take_superseded(module_), Seqs{}) << "each is named once";
  EXPECT_EQ(turns(), Seqs{2}) << "to be ended";
  EXPECT_EQ(admit(2, 1, newest), Admitted::kSuperseded);
  order_.ended(2);
  EXPECT_EQ(turns(), Seqs{});
  EXPECT_EQ(order_.kept_back(module_), 1u);
  order_.ended(1);
  EXPECT_EQ(turns(), Seqs{3});
  EXPECT_EQ(admit(3, 1, newest), Admitted::kRuns);
  EXPECT_EQ(order_.take_superseded("Other"), Seqs{});
}

TEST_F(ChatOrderTest, ASupersededRetryEndsWhenItComesBack) {
  EXPECT_EQ(admit(1, 1, ClaimOrder::kNewest), Admitted::kRuns);
  order_.waits(1, now_);
  EXPECT_EQ(admit(2, 1, ClaimOrder::kNewest), Admitted::kKeptBack);
  EXPECT_EQ(order_.take_superseded(module_), Seqs{1});
  EXPECT_EQ(admit(1, 1, ClaimOrder::kNewest), Admitted::kSuperseded);
  order_.ended(1);
  EXPECT_EQ(turns(), Seqs{2});
}

TEST_F(ChatOrderTest, ARetryThatWasWaitedForTooLongIsSupersededByWhoTookItsPlace) {
  const auto newest = ClaimOrder::kNewest;
  EXPECT_EQ(admit(1, 1, newest), Admitted::kRuns);
  order_.waits(1, now_);
  now_ += 40s;
  EXPECT_EQ(admit(2, 1, newest), Admitted::kRuns);
  EXPECT_EQ(order_.take_superseded(module_), Seqs{1});
  EXPECT_EQ(admit(1, 1, newest), Admitted::kSuperseded) << "not the other way round";
  EXPECT_FALSE(order_.is_superseded(2));
}

TEST_F(ChatOrderTest, AnOldEventThatIsReplayedCancelsNoLiveTurn) {
  const auto newest = ClaimOrder::kNewest;
  EXPECT_EQ(admit(5, 1, newest), Admitted::kRuns);
  EXPECT_EQ(admit(2, 1, newest), Admitted::kKeptBack);
  EXPECT_EQ(order_.take_superseded(module_), Seqs{});
  order_.ended(5);
  EXPECT_EQ(turns(), Seqs{2});
}

TEST_F(ChatOrderTest, AChatIsOfAModuleAnAppAndACompany) {
  Event event;
  EXPECT_EQ(ChatOrder::chat_of("A", event), 0u);
  event.chat_id = "c";
  const auto chat = ChatOrder::chat_of("A", event);
  EXPECT_EQ(ChatOrder::chat_of("A", event), chat);
  EXPECT_NE(ChatOrder::chat_of("B", event), chat);
  event.company_id = "x";
  EXPECT_NE(ChatOrder::chat_of("A", event), chat);
}

}  // namespace
}  // namespace modhost::journal
