// The parser of event streams: the standard's own examples, and every way in which bytes can be cut.
#include <gtest/gtest.h>

#include <modhost/sdk/sse.hpp>

namespace {

using modhost::SseEvent;
using modhost::SseParser;
using namespace std::string_literals;

// "type|data|id" of each event.
std::vector<std::string> said(const std::vector<SseEvent>& events) {
  std::vector<std::string> all;
  for (const SseEvent& event : events) all.push_back(event.type + "|" + event.data + "|" + event.id);
  return all;
}
using Lines = std::vector<std::string>;

Lines parse(std::initializer_list<std::string_view> pieces) {
  SseParser parser;
  Lines all;
  for (const std::string_view piece : pieces)
    for (std::string& one : said(parser.feed(piece).value())) all.push_back(std::move(one));
  return all;
}

TEST(Sse, ReadsTheStandardsExamples) {
  EXPECT_EQ(parse({"data: YHOO\ndata: +2\ndata: 10\n\n"}), Lines{"message|YHOO\n+2\n10|"});
  EXPECT_EQ(parse({": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"}),
            (Lines{"message|first event|1", "message|second event|"}))
      << "the third is not complete";
  EXPECT_EQ(parse({"data\n\ndata\ndata\n\ndata:"}), (Lines{"message||", "message|\n|"}));
  EXPECT_EQ(parse({"data:test\n\ndata: test\n\n"}), (Lines{"message|test|", "message|test|"}));
  EXPECT_EQ(parse({"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n"}),
            (Lines{"add|73857293|", "remove|2153|"}));
}

TEST(Sse, KeepsTheRulesForFields) {
  EXPECT_EQ(parse({"event: lost\n\ndata: x\n\n"}), Lines{"message|x|"})
      << "no data: no event, and its type is forgotten";
  EXPECT_EQ(parse({"id: 7\n\ndata: x\n\n"}), Lines{"message|x|7"}) << "the id stays";
  EXPECT_EQ(parse({"id: a\nid: b\0c\ndata: x\n\n"s}), Lines{"message|x|a"}) << "an id with a NUL is none";
  EXPECT_EQ(parse({"Data: x\nfoo: y\ndata : z\n:data: c\n\n"}), Lines{}) << "names are exact";
  EXPECT_EQ(parse({"data: a:b: c \n\n"}), Lines{"message|a:b: c |"});
  EXPECT_EQ(parse({"data: \xF0\x9F\x99\x82\n\n"}), Lines{"message|\xF0\x9F\x99\x82|"});
  SseParser parser;
  EXPECT_FALSE(parser.retry());
  static_cast<void>(parser.feed("retry: 1500\nretry: 12a\nretry:\nretry: 99999999999999\n").value());
  EXPECT_EQ(parser.retry(), std::chrono::milliseconds(1500));
}

TEST(Sse, TakesAMarkOnlyAtTheVeryBeginning) {
  EXPECT_EQ(parse({"\xEF\xBB\xBF"
                   "data: x\n\n"}),
            Lines{"message|x|"});
  EXPECT_EQ(parse({"\xEF", "\xBB", "", "\xBF", "data: x\n\n"}), Lines{"message|x|"});
  EXPECT_EQ(parse({"\xEF\xBB\xBF\xEF\xBB\xBF"
                   "data: x\n\n"}),
            Lines{})
      << "the second belongs to the name";
  EXPECT_EQ(parse({"data: x\n\xEF\xBB\xBF"
                   "data: y\n\n"}),
            Lines{"message|x|"});
  EXPECT_EQ(parse({"\xEF\xBB", "data: x\ndata: y\n\n"}), Lines{"message|y|"}) << "half a mark is part of a name";
}

// Every document cut at every place, in two, in three, and into single bytes, reads as it does whole.
TEST(Sse, IsTheSameHoweverTheBytesAreCut) {
  const std::vector<std::string> documents = {
      "\xEF\xBB\xBF: hi\r\nevent: a\r\ndata: 1\r\n\r\ndata: 2\r\rdata: 3\n\ndata: 4\r\n\n",
      "data: a\rdata: b\r\n\rid: 5\r\nretry: 10\revent:e\n\ndata:\n\r\n\n\r\rdata: tail\n\n",
      "id: 1\ndata: \xC3\xA4\xF0\x9F\x99\x82\ndata\n\n: \r\ndata: x\r\n\r\n\r\n\xEF\xBB\xBF\n\n",
  };
  for (const std::string& document : documents) {
    const Lines whole = parse({document});
    EXPECT_GE(whole.size(), 2u);
    const std::string_view all = document;
    for (std::size_t i = 0; i <= all.size(); ++i)
      for (std::size_t j = i; j <= all.size(); ++j)
        ASSERT_EQ(parse({all.substr(0, i), all.substr(i, j - i), all.substr(j)}), whole) << i << " " << j;
    SseParser parser;
    Lines bytewise;
    for (const char& c : document)
      for (std::string& one : said(parser.feed({&c, 1}).value())) bytewise.push_back(std::move(one));
    EXPECT_EQ(bytewise, whole);
  }
}

TEST(Sse, ThreeKindsOfLineEndsAreTheSame) {
  const Lines expected = {"message|a\nb|", "x|c|"};
  for (const std::string end : {"\n", "\r", "\r\n"})
    EXPECT_EQ(parse({"data: a" + end + "data: b" + end + end + "event: x" + end + "data: c" + end + end + end}),
              expected);
}

TEST(Sse, RefusesWhatIsTooLong) {
  SseParser lines(8);
  EXPECT_TRUE(lines.feed("data: 12"));
  const auto line = lines.feed("3");
  ASSERT_FALSE(line);
  EXPECT_EQ(line.failure().detail, "an event stream with a line of more than 8 bytes");
  SseParser events(8);
  EXPECT_TRUE(events.feed("data: 1\ndata: 2\ndata: 3\ndata: 4\n"));
  const auto event = events.feed("data: 5\n");
  ASSERT_FALSE(event);
  EXPECT_EQ(event.failure().detail, "an event stream with an event of more than 8 bytes");
}

}  // namespace
