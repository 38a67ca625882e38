#include "journal/ready_set.hpp"

#include <gtest/gtest.h>

namespace modhost::journal {
namespace {

Claim claim(EventSeq seq, std::size_t body_bytes = 10, const std::string& module = "a") {
  Claim made;
  made.seq = seq;
  made.module = module;
  made.event.body = std::string(body_bytes, 'x');
  return made;
}

std::vector<EventSeq> seqs(const std::vector<Claim>& claims) {
  std::vector<EventSeq> result;
  for (const Claim& one : claims) result.push_back(one.seq);
  return result;
}

TEST(ReadySet, HandsOutTheOldestFirst) {
  ReadySet ready;
  for (EventSeq seq = 1; seq <= 5; ++seq) ready.stored(claim(seq));
  ready.stored(claim(6, 10, "b"));
  EXPECT_EQ(ready.modules(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(seqs(ready.take("a", 3).claims), (std::vector<EventSeq>{1, 2, 3}));
  EXPECT_EQ(seqs(ready.take("a", 3).claims), (std::vector<EventSeq>{4, 5}));
  EXPECT_FALSE(ready.has("a"));
  EXPECT_TRUE(ready.has("b"));
  EXPECT_TRUE(ready.take("unknown", 3).claims.empty());
}

TEST(ReadySet, AReturnedEventGoesBeforeYoungerOnes) {
  ReadySet ready;
  for (EventSeq seq = 5; seq <= 6; ++seq) ready.stored(claim(seq));
  ready.returned("a", 3);
  ready.returned("a", 2);
  const auto taken = ready.take("a", 3);
  EXPECT_EQ(taken.on_disk, (std::vector<EventSeq>{2, 3}));
  EXPECT_EQ(seqs(taken.claims), (std::vector<EventSeq>{5}));
  EXPECT_FALSE(taken.page);
}

// What comes back while older ones are still on the disk is found there by a page, or known by its number, never both.
TEST(ReadySet, WhatAPageFindsIsNotHandedOutTwice) {
  ReadySet ready;
  ready.found("a", 2, 9);  // 3 and 7
  ready.returned("a", 5);
  auto taken = ready.take("a", 10);
  EXPECT_TRUE(taken.on_disk.empty());
  ASSERT_TRUE(taken.page);
  ready.returned("a", 4);  // the page is being read: it finds this one
  ready.returned("a", 8);  // and not this one
  EXPECT_EQ(seqs(ready.page_read("a", {claim(3), claim(4), claim(5)}, 10, ReadySet::Read::kDone)),
            (std::vector<EventSeq>{3, 4, 5}));
  taken = ready.take("a", 10);
  EXPECT_TRUE(taken.on_disk.empty());
  ASSERT_TRUE(taken.page);
  EXPECT_EQ(taken.page->after, 5);
  EXPECT_EQ(seqs(ready.page_read("a", {claim(7), claim(8)}, 10, ReadySet::Read::kDone)), (std::vector<EventSeq>{7, 8}));
  EXPECT_FALSE(ready.has("a"));
  ready.returned("a", 7);
  EXPECT_EQ(ready.take("a", 10).on_disk, (std::vector<EventSeq>{7}));
}

TEST(ReadySet, WhatCameBackDuringTheLastPageIsNotFoundByALaterOne) {
  ReadySet ready;
  ready.found("a", 1, 9);
  ASSERT_TRUE(ready.take("a", 1).page);
  ready.returned("a", 8);
  EXPECT_EQ(seqs(ready.page_read("a", {claim(3)}, 1, ReadySet::Read::kDone)), (std::vector<EventSeq>{3}));
  ready.stored(claim(10, ReadySet::kBytesMax + 1));  // stays on the disk
  const auto taken = ready.take("a", 10);
  EXPECT_EQ(taken.on_disk, (std::vector<EventSeq>{8}));
  ASSERT_TRUE(taken.page);
  EXPECT_EQ(taken.page->after, 9);
}

TEST(ReadySet, MemoryStaysBoundedAndOrderHolds) {
  ReadySet ready;
  constexpr EventSeq kAll = 500'000;
  for (EventSeq seq = 1; seq <= kAll; ++seq) ready.stored(claim(seq, 200));
  EXPECT_EQ(ready.bytes_in_memory(), limits::kReadyInMemoryMax * 200);
  EventSeq next = 1;
  for (int round = 0; round < 20; ++round) {
    auto taken = ready.take("a", 100);
    std::vector<Claim> claims = std::move(taken.claims);
    if (taken.page) {
      EXPECT_EQ(taken.page->upto, kAll + round);
      std::vector<Claim> rows;
      for (EventSeq seq = taken.page->after + 1; rows.size() < taken.page->limit; ++seq) rows.push_back(claim(seq));
      for (Claim& more : ready.page_read("a", std::move(rows), 100 - claims.size(), ReadySet::Read::kDone))
        claims.push_back(std::move(more));
    }
    ASSERT_EQ(claims.size(), 100u);
    for (const Claim& one : claims) ASSERT_EQ(one.seq, next++);
    ready.stored(claim(kAll + 1 + round));  // goes behind those on the disk
  }
}

TEST(ReadySet, LargeBodiesStayOnTheDisk) {
  ReadySet ready;
  for (EventSeq seq = 1; seq <= 100; ++seq) ready.stored(claim(seq, 1024 * 1024));
  EXPECT_LE(ready.bytes_in_memory(), ReadySet::kBytesMax);
  EXPECT_EQ(ready.take("a", 100).claims.size(), ReadySet::kBytesMax / (1024 * 1024));
}

TEST(ReadySet, OnlyOnePageIsReadAtATime) {
  ReadySet ready;
  ready.found("a", 10, 10);
  const auto first = ready.take("a", 5);
  ASSERT_TRUE(first.page);
  EXPECT_FALSE(ready.take("a", 5).page);
  EXPECT_TRUE(ready.page_read("a", {}, 5, ReadySet::Read::kFailed).empty());
  const auto second = ready.take("a", 5);
  ASSERT_TRUE(second.page) << "a failed read is made again";
  EXPECT_EQ(second.page->after, first.page->after);
  EXPECT_TRUE(ready.page_read("a", {}, 5, ReadySet::Read::kDone).empty());
  EXPECT_FALSE(ready.has("a")) << "an empty page means there is nothing";
}

TEST(ReadySet, NotMoreThanSoManyRunWithoutADurableMark) {
  ReadySet ready;
  for (EventSeq seq = 1; seq <= 256; ++seq) ready.stored(claim(seq));
  ASSERT_EQ(ready.take("a", ReadySet::kUnmarkedMax).claims.size(), ReadySet::kUnmarkedMax);
  for (std::size_t i = 0; i < ReadySet::kUnmarkedMax; ++i) ready.handed_out_unmarked("a");
  ready.stored(claim(1000));
  EXPECT_FALSE(ready.has("a"));
  EXPECT_TRUE(ready.modules().empty());
  EXPECT_TRUE(ready.take("a", 5).claims.empty());
  EXPECT_TRUE(ready.became_marked("a")) << "held before, free now";
  EXPECT_FALSE(ready.became_marked("a"));
  EXPECT_EQ(ready.take("a", 5).claims.size(), 1u);
  ready.handed_out_unmarked("a");
  ready.became_marked("a");
  ready.found("a", 9, 1009);
  EXPECT_EQ(ready.take("a", 5).max, 2u) << "a page is bounded by the same rule";
}

}  // namespace
}  // namespace modhost::journal
