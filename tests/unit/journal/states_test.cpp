// Every transition of an event, seen through claim, settle and query.
#include "journal_test_support.hpp"

namespace modhost::journal::test {
namespace {

using States = JournalTest;

TEST_F(States, NamesGoBothWays) {
  for (const State state : {State::kReady, State::kRunning, State::kWaiting, State::kCompleted, State::kCancelled,
                            State::kExpired, State::kDead})
    EXPECT_EQ(state_named(to_string(state)), state);
  EXPECT_FALSE(state_named("paused"));
}

TEST_F(States, AnAcceptedEventComesBackWhole) {
  open();
  NewEvent added = event("evt_1");
  added.event.created_at_s.reset();
  const Event sent = added.event;
  ASSERT_EQ(append(*journal_, std::move(added)).value(), Appended::kStored);
  EXPECT_EQ(journal_->modules_ready(), std::vector<std::string>{"DemoApp"});
  const Claim claim = claim_one(*journal_);
  EXPECT_EQ(claim.event.app, sent.app);
  EXPECT_EQ(claim.event.id, sent.id);
  EXPECT_EQ(claim.event.body, sent.body);
  EXPECT_EQ(claim.attempt, 1u);
  EXPECT_FALSE(claim.prior_run);
  EXPECT_EQ(claim.first_received, clock_.unix_now());
  EXPECT_TRUE(journal_->modules_ready().empty());
  journal_->flush();
  EXPECT_EQ(rows().at(0).state, State::kRunning);
  expect_balanced();

  journal_->settle(end(claim, State::kCompleted));
  journal_->flush();
  EXPECT_EQ(rows().at(0).state, State::kCompleted);
  EXPECT_EQ(rows().at(0).reason, "ok");
  EXPECT_EQ(rows().at(0).attempts, 1u);
  const auto attempts = journal_->attempts(claim.seq);
  ASSERT_TRUE(attempts);
  ASSERT_EQ(attempts->size(), 1u);
  EXPECT_EQ(attempts->at(0).outcome, "ok");
  expect_balanced();
  EXPECT_EQ(journal_->stats().ended, 1u);
}

TEST_F(States, AnEventReadFromTheDiskIsTheSame) {
  open();
  NewEvent added = event("evt_1", "DemoApp", std::string("\0body\xff", 6));
  const Event sent = added.event;
  ASSERT_TRUE(append(*journal_, std::move(added)));
  open();
  const Claim claim = claim_one(*journal_);
  EXPECT_EQ(claim.module, "DemoApp");
  EXPECT_EQ(claim.event.app, sent.app);
  EXPECT_EQ(claim.event.id, sent.id);
  EXPECT_EQ(claim.event.name, sent.name);
  EXPECT_EQ(claim.event.reference, sent.reference);
  EXPECT_EQ(claim.event.user_id, sent.user_id);
  EXPECT_EQ(claim.event.company_id, sent.company_id);
  EXPECT_EQ(claim.event.chat_id, sent.chat_id);
  EXPECT_EQ(claim.event.assistant_id, sent.assistant_id);
  EXPECT_EQ(claim.event.assistant_message_id, sent.assistant_message_id);
  EXPECT_EQ(claim.event.user_message_id, sent.user_message_id);
  EXPECT_EQ(claim.event.created_at_s, sent.created_at_s);
  EXPECT_EQ(claim.event.key_id, sent.key_id);
  EXPECT_EQ(claim.event.traceparent, sent.traceparent);
  EXPECT_EQ(claim.event.body, sent.body);
  EXPECT_FALSE(claim.prior_run);  // the stop was clean and nothing ran
}

TEST_F(States, WaitingComesBackAtItsTime) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  Claim claim = claim_one(*journal_);
  Settlement retry = end(claim, State::kWaiting, "retry");
  retry.not_before = clock_.unix_now() + std::chrono::seconds(10);
  journal_->settle(std::move(retry));
  journal_->flush();
  EXPECT_EQ(rows().at(0).state, State::kWaiting);
  clock_.advance(std::chrono::milliseconds(9'999));
  journal_->flush();
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty());
  clock_.advance(std::chrono::milliseconds(1));
  journal_->flush();
  EXPECT_EQ(rows().at(0).state, State::kReady);
  claim = claim_one(*journal_);
  EXPECT_EQ(claim.attempt, 2u);
  EXPECT_TRUE(claim.prior_run);
  expect_balanced();
}

TEST_F(States, ASnoozeUsesNoAttempt) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  Settlement snooze = end(claim_one(*journal_), State::kWaiting, "snooze");
  snooze.not_before = clock_.unix_now();
  snooze.consumes_attempt = false;
  journal_->settle(std::move(snooze));
  const Claim again = claim_one(*journal_);
  EXPECT_EQ(again.attempt, 1u);
  EXPECT_TRUE(again.prior_run);
  EXPECT_EQ(journal_->attempts(again.seq)->size(), 1u);
}

TEST_F(States, AnEventGivenBackUnusedLeavesNoTrace) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  Settlement back = end(claim_one(*journal_), State::kReady, "stopping");
  back.consumes_attempt = false;
  journal_->settle(std::move(back));
  const Claim again = claim_one(*journal_);
  EXPECT_EQ(again.attempt, 1u);
  EXPECT_FALSE(again.prior_run);
  EXPECT_TRUE(journal_->attempts(again.seq)->empty());
}

TEST_F(States, EveryTerminalStateEnds) {
  open();
  for (const State state : {State::kCompleted, State::kCancelled, State::kExpired, State::kDead}) {
    ASSERT_TRUE(append(*journal_, event("evt_" + std::string(to_string(state)))));
    journal_->settle(end(claim_one(*journal_), state, "reason"));
    journal_->flush();
    Filter filter;
    filter.state = state;
    EXPECT_EQ(rows(filter).size(), 1u) << to_string(state);
  }
  EXPECT_EQ(journal_->stats().ended, 4u);
  expect_balanced();
  EXPECT_TRUE(journal_->claim("DemoApp", 10).empty());
}

class Chats : public JournalTest {
 protected:
  // In chat_1, as the others.
  void append_all(int count) {
    for (int i = 1; i <= count; ++i) ASSERT_TRUE(append(*journal_, event("evt_" + std::to_string(i))));
  }
  std::vector<Claim> claim(std::size_t max = 10) {
    journal_->flush();
    return journal_->claim("DemoApp", max, order_);
  }
  Claim claim_next() {
    auto claims = claim();
    for (int i = 0; i < 100 && claims.empty(); ++i) claims = claim();
    EXPECT_EQ(claims.size(), 1u);
    return claims.empty() ? Claim() : std::move(claims.front());
  }
  ClaimOrder order_ = ClaimOrder::kPerChat;
};

TEST_F(Chats, RunOneEventAfterTheOther) {
  open();
  append_all(3);
  NewEvent other = event("evt_other");
  other.event.chat_id = "chat_2";
  ASSERT_TRUE(append(*journal_, std::move(other)));
  const auto first = claim();
  ASSERT_EQ(first.size(), 2u) << "one of each chat";
  EXPECT_EQ(first[1].event.id, "evt_other");
  EXPECT_TRUE(claim().empty());
  journal_->settle(end(first[0], State::kCompleted));
  const Claim second = claim_next();
  EXPECT_EQ(second.event.id, "evt_2");
  EXPECT_EQ(second.event.body, "{\"id\":\"evt_2\"}");
  journal_->settle(end(second, State::kDead));
  EXPECT_EQ(claim_next().event.id, "evt_3");
  expect_balanced();
}

TEST_F(Chats, AWaitingEventKeepsTheOthersBackAlsoAfterARestart) {
  open();
  append_all(2);
  Settlement retry = end(claim_next(), State::kWaiting, "retry");
  retry.not_before = clock_.unix_now() + std::chrono::minutes(5);
  journal_->settle(std::move(retry));
  EXPECT_TRUE(claim().empty());
  open();
  EXPECT_TRUE(claim().empty());
  clock_.advance(limits::kOrderWaitMax);
  EXPECT_EQ(claim_next().event.id, "evt_2") << "it has waited long enough";
}

TEST_F(Chats, AFloodInOneChatHoldsUpNoOther) {
  open();
  const int flood = static_cast<int>(limits::kReadyInMemoryMax) + 50;
  for (int i = 1; i <= flood; ++i) journal_->append(event("evt_" + std::to_string(i)), [](Result<Appended>) {});
  NewEvent other = event("evt_other");
  other.event.chat_id = "chat_2";
  ASSERT_TRUE(append(*journal_, std::move(other)));
  std::vector<Claim> claims = claim(2);
  ASSERT_EQ(claims.size(), 2u);
  EXPECT_EQ(claims[1].event.id, "evt_other");
  EventSeq last = 0;
  for (int i = 1; i <= flood; ++i) {
    const Claim next = i == 1 ? claims[0] : claim_next();
    EXPECT_EQ(next.seq, ++last);
    journal_->settle(end(next, State::kCompleted));
  }
  EXPECT_TRUE(claim().empty());
  expect_balanced();
}

TEST_F(Chats, TheNewestEndsThoseBeforeIt) {
  order_ = ClaimOrder::kNewest;
  open();
  append_all(1);
  const Claim first = claim_next();
  for (const char* id : {"evt_2", "evt_3"}) ASSERT_TRUE(append(*journal_, event(id)));
  const Claim overtaken = claim_next();
  EXPECT_EQ(overtaken.event.id, "evt_2");
  EXPECT_TRUE(overtaken.superseded);
  EXPECT_EQ(journal_->take_superseded("DemoApp"), std::vector<EventSeq>{first.seq});
  journal_->settle(end(overtaken, State::kCancelled));
  EXPECT_TRUE(claim().empty());
  journal_->settle(end(first, State::kCancelled));
  const Claim newest = claim_next();
  EXPECT_EQ(newest.event.id, "evt_3");
  EXPECT_FALSE(newest.superseded);
}

TEST_F(Chats, ANewerOneInTheSameClaimSupersedesTheFirst) {
  order_ = ClaimOrder::kNewest;
  open();
  append_all(2);
  const auto claims = claim();
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].event.id, "evt_1");
  EXPECT_TRUE(claims[0].superseded) << "before it is submitted nobody could cancel it";
}

TEST_F(Chats, WhatAModuleThatTakesNothingWasNotHandedIsGivenBack) {
  Options once = options();
  once.once_modules = {"DemoApp"};
  open(once);
  append_all(1);
  EXPECT_TRUE(journal_->claim("DemoApp", 1, order_).empty()) << "its mark comes first";
  journal_->flush();
  EXPECT_EQ(rows().at(0).state, State::kRunning);
  journal_->release_unstarted("DemoApp");
  journal_->flush();
  EXPECT_EQ(rows().at(0).state, State::kReady);
  EXPECT_EQ(rows().at(0).attempts, 0u);
  EXPECT_EQ(claim_next().event.id, "evt_1");
}

TEST_F(Chats, AnEventThatIsWithdrawnLetsTheNextOneRun) {
  open();
  append_all(3);
  Settlement retry = end(claim_next(), State::kWaiting, "retry");
  retry.not_before = clock_.unix_now() + std::chrono::minutes(5);
  const EventSeq first = retry.seq;
  journal_->settle(std::move(retry));
  EXPECT_TRUE(claim().empty());
  for (const EventSeq seq : {first + 1, first}) {
    Settlement stop;
    stop.seq = seq;
    stop.state = State::kCancelled;
    ASSERT_TRUE(journal_->withdraw(std::move(stop)));
  }
  EXPECT_EQ(claim_next().event.id, "evt_3");
}

class Withdrawn : public JournalTest {
 protected:
  Settlement stop(EventSeq seq) {
    Settlement end;
    end.seq = seq;
    end.state = State::kCancelled;
    end.reason = "stopped_by_user";
    return end;
  }
  void expect_ended(const std::string& id) {
    Filter filter;
    filter.id = id;
    EXPECT_EQ(rows(filter).at(0).state, State::kCancelled);
    EXPECT_EQ(rows(filter).at(0).reason, "stopped_by_user");
    expect_balanced();
  }
};

TEST_F(Withdrawn, AWaitingEventHasNoNextAttempt) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  const Claim claim = claim_one(*journal_);
  EXPECT_FALSE(journal_->withdraw(stop(claim.seq))) << "it runs";
  Settlement retry = end(claim, State::kWaiting, "retry");
  retry.not_before = clock_.unix_now() + std::chrono::seconds(10);
  journal_->settle(std::move(retry));
  EXPECT_TRUE(journal_->withdraw(stop(claim.seq)));
  EXPECT_TRUE(journal_->withdraw(stop(claim.seq))) << "once is enough";
  journal_->flush();
  expect_ended("evt_1");
  EXPECT_TRUE(journal_->stats().live.empty());
  clock_.advance(std::chrono::seconds(10));
  journal_->flush();
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty());
  EXPECT_TRUE(journal_->withdraw(stop(claim.seq))) << "nothing happens to one that has ended";
  journal_->flush();
  EXPECT_EQ(journal_->stats().ended, 1u);
  expect_ended("evt_1");
}

TEST_F(Withdrawn, AReadyEventIsNeverClaimed) {
  open();
  for (const char* id : {"evt_1", "evt_2", "evt_3"}) ASSERT_TRUE(append(*journal_, event(id)));
  ASSERT_TRUE(journal_->withdraw(stop(2)));
  EXPECT_EQ(journal_->claim("DemoApp", 2).size(), 1u) << "not even before it is written";
  journal_->flush();
  expect_ended("evt_2");
  EXPECT_EQ(claim_one(*journal_).event.id, "evt_3");
  EXPECT_TRUE(journal_->claim("DemoApp", 10).empty());
  EXPECT_TRUE(journal_->modules_ready().empty());
}

TEST_F(Withdrawn, AReadyEventOnTheDiskIsNeverClaimed) {
  open();
  const std::size_t all = limits::kReadyInMemoryMax + 5;
  for (std::size_t i = 1; i <= all; ++i) journal_->append(event("evt_" + std::to_string(i)), [](Result<Appended>) {});
  journal_->flush();
  for (const EventSeq seq : {EventSeq{3}, static_cast<EventSeq>(all - 1)}) ASSERT_TRUE(journal_->withdraw(stop(seq)));
  journal_->flush();
  expect_ended("evt_3");
  expect_ended("evt_" + std::to_string(all - 1));
  std::set<EventSeq> seen;
  for (int i = 0; i < 10000 && seen.size() < all - 2; ++i) {
    for (const Claim& claim : journal_->claim("DemoApp", 1000)) {
      EXPECT_TRUE(seen.insert(claim.seq).second);
      journal_->settle(end(claim, State::kCompleted));
    }
    journal_->flush();
  }
  EXPECT_EQ(seen.size(), all - 2);
  EXPECT_FALSE(seen.contains(3));
  EXPECT_TRUE(journal_->claim("DemoApp", 10).empty());
  EXPECT_TRUE(journal_->modules_ready().empty());
  EXPECT_TRUE(journal_->stats().live.empty());
  expect_balanced();
}

TEST_F(States, ALateResultIsDroppedAndCounted) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  const Claim claim = claim_one(*journal_);
  Settlement wrong = end(claim, State::kDead);
  ++wrong.token;
  journal_->settle(wrong);
  journal_->settle(end(claim, State::kCompleted));
  journal_->settle(end(claim, State::kDead));
  journal_->flush();
  EXPECT_EQ(rows().at(0).state, State::kCompleted);
  EXPECT_EQ(journal_->stats().stale_settlements, 2u);
}

TEST_F(States, ADeadLetterIsNeverClaimed) {
  open();
  NewEvent added = event("sha256:00", "");
  added.ended_as = State::kDead;
  added.reason = "malformed";
  ASSERT_EQ(append(*journal_, added).value(), Appended::kStored);
  EXPECT_EQ(append(*journal_, added).value(), Appended::kDuplicate);
  EXPECT_EQ(rows().at(0).state, State::kDead);
  EXPECT_EQ(rows().at(0).reason, "malformed");
  EXPECT_TRUE(journal_->modules_ready().empty());
  EXPECT_EQ(journal_->stats().accepted, 1u);
  expect_balanced();
}

TEST_F(States, AnEventThatCameTooLateEndsAtOnceAndIsKnown) {
  open();
  NewEvent old = event("evt_1");
  old.ended_as = State::kExpired;
  old.reason = "too_old";
  ASSERT_EQ(append(*journal_, old).value(), Appended::kStored);
  EXPECT_EQ(append(*journal_, old).value(), Appended::kDuplicate);
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty());
  expect_balanced();
  open();
  EXPECT_EQ(rows().at(0).state, State::kExpired);
  EXPECT_EQ(rows().at(0).reason, "too_old");
  EXPECT_EQ(rows().at(0).module, "DemoApp");
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty());
  EXPECT_EQ(append(*journal_, event("evt_1")).value(), Appended::kDuplicate) << "a row of it outlives a restart";
  EXPECT_EQ(journal_->stats().ended, 1u);
  expect_balanced();
}

TEST_F(States, DuplicatesAndConflicts) {
  open();
  ASSERT_EQ(append(*journal_, event("evt_1")).value(), Appended::kStored);
  EXPECT_EQ(append(*journal_, event("evt_1")).value(), Appended::kDuplicate);
  EXPECT_EQ(append(*journal_, event("evt_1", "DemoApp", "another body")).value(), Appended::kConflict);
  NewEvent other_app = event("evt_1");
  other_app.event.app = "app_2";
  EXPECT_EQ(append(*journal_, std::move(other_app)).value(), Appended::kStored);
  const Stats stats = journal_->stats();
  EXPECT_EQ(stats.accepted, 2u);
  EXPECT_EQ(stats.duplicates, 1u);
  EXPECT_EQ(stats.conflicts, 1u);
  open();
  EXPECT_EQ(append(*journal_, event("evt_1")).value(), Appended::kDuplicate);
  EXPECT_EQ(journal_->stats().accepted, 2u);
}

TEST_F(States, ACheckpointIsThereForTheNextAttempt) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  const Claim claim = claim_one(*journal_);
  std::promise<bool> saved;
  journal_->checkpoint(claim.seq, "first", [](Result<void>) {});
  journal_->checkpoint(claim.seq, "part 3 sent", [&](Result<void> result) { saved.set_value(result.has_value()); });
  EXPECT_TRUE(saved.get_future().get());
  Settlement retry = end(claim, State::kWaiting, "retry");
  retry.not_before = clock_.unix_now();
  journal_->settle(std::move(retry));
  EXPECT_EQ(claim_one(*journal_).checkpoint, "part 3 sent");
}

TEST_F(States, ACheckpointOfAnEventThatDoesNotRunIsRefused) {
  open();
  Code code{};
  journal_->checkpoint(7, "x", [&](Result<void> result) { code = result.error().code; });
  EXPECT_EQ(code, Code::kGone);
  journal_->checkpoint(7, std::string(kCheckpointBytesMax + 1, 'x'),
                       [&](Result<void> result) { code = result.error().code; });
  EXPECT_EQ(code, Code::kInvalid);
}

TEST_F(States, AnEndingStaysUntilItIsDone) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  Settlement dead = end(claim_one(*journal_), State::kDead, "permanent");
  dead.ending = "{\"text\":\"sorry\"}";
  journal_->settle(std::move(dead));
  journal_->flush();
  auto due = journal_->outbox_due(10);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].ending, "{\"text\":\"sorry\"}");
  EXPECT_EQ(due[0].event.assistant_message_id, "msg_1");
  EXPECT_TRUE(due[0].event.body.empty());
  EXPECT_EQ(due[0].tries, 0u);
  EXPECT_TRUE(journal_->outbox_due(10).empty());  // handed out once

  journal_->outbox_later(due[0].id, clock_.unix_now() + std::chrono::seconds(5));
  journal_->flush();
  EXPECT_TRUE(journal_->outbox_due(10).empty());
  clock_.advance(std::chrono::seconds(5));
  due = journal_->outbox_due(10);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].tries, 1u);

  open();  // not done: there again after a restart
  due = journal_->outbox_due(10);
  ASSERT_EQ(due.size(), 1u);
  journal_->outbox_done(due[0].id);
  open();
  EXPECT_TRUE(journal_->outbox_due(10).empty());
}

}  // namespace
}  // namespace modhost::journal::test
