// The marks of citations in a text that comes in pieces.
#include <gtest/gtest.h>

#include <modhost/unique/citations.hpp>

namespace {

using modhost::JsonDocument;
using modhost::unique::Chunk;
using modhost::unique::CitationStream;

Chunk chunk(std::string_view json) {
  const JsonDocument document = JsonDocument::parse(json).value();
  return Chunk::read({document, document.root()});
}
const std::vector<Chunk> kSources = {
    chunk(
        R"({"id": "cont_a", "chunkId": "chunk_1", "title": "lease.pdf", "key": "lease.pdf : 4", "startPage": 4, "endPage": 5,
              "url": "https://example.com/lease", "internallyStoredAt": "2025-10-09T08:53:01.000Z"})"),
    chunk(
        R"({"id": "cont_b", "chunkId": "chunk_2", "key": "rent.xlsx : 1", "startPage": 1, "endPage": 1, "url": null})"),
    chunk(
        R"({"id": "web", "chunkId": "3", "title": "News", "startPage": -1, "endPage": -1, "url": "https://example.com/n"})")};

std::string shown(std::initializer_list<std::string_view> pieces) {
  CitationStream stream(kSources);
  for (const std::string_view piece : pieces) stream.write(piece);
  stream.finish();
  return stream.text();
}

struct Case {
  const char* written;
  const char* shown;
};
const Case kCases[] = {
    {"Six months.[source0]", "Six months.<sup>1</sup>"},
    {"a [source1], b [source 2] c [source_0] d [Source2]",
     "a <sup>2</sup>, b <sup>3</sup> c <sup>1</sup> d <sup>3</sup>"},
    {"[<source2>] [source: 0, 2] [sources 1; 2] [source_number=\"1\"]", "<sup>3</sup> <sup>1</sup> <sup>2</sup>"},
    {"x [**1**] y [0, 2] z [[0], [1]] w [<[2]>]", "x [**1**] y [0, 2] z [[0], [1]] w [<[2]>]"},
    {"x source1 y source_2 z source_number=\"0\". SOURCE n°2!",
     "x <sup>2</sup> y <sup>3</sup> z <sup>1</sup>. <sup>3</sup>!"},
    {"[source0][source0] [source1]x[source0]", "<sup>1</sup> <sup>2</sup>x<sup>1</sup>"},
    // What has no source is taken out, and the space before it.
    {"Six months [source7].", "Six months."},
    {"a [source7] b", "a b"},
    {"a [source1, source9] b", "a <sup>2</sup> b"},
    {"You said [user] so [previous answer].", "You said so."},
    // What is no mark stays.
    {"In [2024], list[0], f(x)[1], [3], [x], [], [ ], [^1]", "In [2024], list[0], f(x)[1], [3], [x], [], [ ], [^1]"},
    {"[1](https://example.com) [source0](x)", "[1](https://example.com) [<sup>1</sup>](x)"},
    {"open source 3, resource0, source, sources, source0x, source77, mysource0",
     "open source 3, resource0, source, sources, source0x, source77, mysource0"},
    {"`a[0] [source0]` [source0] ```\n[source1]\n``` [source1]",
     "`a[0] [source0]` <sup>1</sup> ```\n[source1]\n``` <sup>2</sup>"},
    {"a stray ` here\n[source0]", "a stray ` here\n<sup>1</sup>"},
    {"half [source", "half [source"},
    {"half [", "half ["},
    {"[a\n[source0]", "[a\n<sup>1</sup>"},
    {"an [opening bracket that goes on for so long that it cannot be any mark of a citation at all [source0]",
     "an [opening bracket that goes on for so long that it cannot be any mark of a citation at all <sup>1</sup>"},
    {"ä[source0]ö", "ä<sup>1</sup>ö"},
    {"[99999999999999999999999]", "[99999999999999999999999]"},
    {"[source99999999999999999999999]", "[source99999999999999999999999]"},
};

TEST(Citations, BecomeTheNumbersOfTheChat) {
  for (const Case& one : kCases) EXPECT_EQ(shown({one.written}), one.shown) << one.written;
}

TEST(Citations, AreTheSameHoweverTheTextIsCut) {
  for (const Case& one : kCases) {
    const std::string_view all = one.written;
    for (std::size_t i = 0; i <= all.size(); ++i)
      for (std::size_t j = i; j <= all.size(); ++j)
        ASSERT_EQ(shown({all.substr(0, i), all.substr(i, j - i), all.substr(j)}), one.shown) << i << " " << j;
    CitationStream stream(kSources);
    for (const char& c : all) stream.write({&c, 1});
    stream.finish();
    EXPECT_EQ(stream.text(), one.shown);
    EXPECT_EQ(stream.original_text(), all);
  }
}

// At no moment does the chat show a piece of a mark.
TEST(Citations, AreHeldBackUntilTheyAreWhole) {
  CitationStream stream(kSources);
  for (const char c : std::string_view("Six months [source0], or [source 1] and source2.")) {
    stream.write({&c, 1});
    const std::string& text = stream.text();
    EXPECT_EQ(text.find('['), std::string::npos) << text;
    EXPECT_EQ(text.find("sou"), std::string::npos) << text;
  }
  CitationStream at_once(kSources);
  at_once.write("no mark here");
  EXPECT_EQ(at_once.text(), "no mark here") << "nothing is held back without a reason";
}

TEST(Citations, MakeReferences) {
  CitationStream stream(kSources);
  stream.write("[source2] and [source0], then [source2][");
  const auto references = stream.references();
  ASSERT_EQ(references.size(), 2u);
  EXPECT_EQ(references[0].name, "lease.pdf : 4,5");
  EXPECT_EQ(references[0].sequence_number, 1);
  EXPECT_EQ(references[0].source_id, "cont_a_chunk_1");
  EXPECT_EQ(references[0].source, "node-ingestion-chunks");
  EXPECT_EQ(references[0].url, "unique://content/cont_a") << "stored: not the outside address";
  EXPECT_EQ(references[0].original_index, 0);
  EXPECT_EQ(references[1].name, "News");
  EXPECT_EQ(references[1].sequence_number, 3);
  EXPECT_EQ(references[1].url, "https://example.com/n");
  CitationStream other(kSources);
  other.write("[source1].");
  EXPECT_EQ(other.references().at(0).name, "rent.xlsx : 1") << "not said twice";
  EXPECT_EQ(other.references().at(0).url, "unique://content/cont_b");
  CitationStream none({});
  none.write("[source0] [0]");
  none.finish();
  EXPECT_EQ(none.text(), " [0]");
}

TEST(Citations, OfATextThatIsThereWhole) {
  const CitationStream cited = modhost::unique::cite("Six months [source", kSources);
  EXPECT_EQ(cited.text(), "Six months [source");
  EXPECT_EQ(modhost::unique::cite("Six months [source0]", kSources).text(), "Six months <sup>1</sup>");
}

// One base for both: what join_chunks() numbers, cite() finds.
TEST(Citations, FollowTheNumbersOfTheContext) {
  const std::string context = modhost::unique::join_chunks(kSources, 1000).text;
  const CitationStream cited = modhost::unique::cite(context, kSources);
  ASSERT_EQ(cited.references().size(), kSources.size());
  for (std::size_t i = 0; i < kSources.size(); ++i)
    EXPECT_NE(cited.text().find("<sup>" + std::to_string(i + 1) + "</sup> " + cited.references()[i].name.data()),
              std::string::npos)
        << cited.text();
}

TEST(Citations, OfHostileTextTakeLinearTime) {
  const std::string brackets(50'000, '[');
  EXPECT_EQ(modhost::unique::cite(brackets, kSources).text(), brackets);
  std::string halves;
  for (int i = 0; i < 20'000; ++i) halves += "[1 source";
  EXPECT_TRUE(modhost::unique::cite(halves, kSources).references().empty());
}

}  // namespace
