// What the stand-in knows and says: chunks, search, filters, the built-in model.
#include <gtest/gtest.h>

#include <fstream>

#include "event/json_reader.hpp"
#include "playground/filters.hpp"
#include "playground/library.hpp"
#include "playground/model_answer.hpp"
#include "playground/model_job.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace modhost::playground::test {
namespace {

using modhost::test::FakeClock;
using modhost::test::TempDir;

TEST(Chunks, AreSectionsWithoutLineBreaksInParagraphs) {
  std::string title;
  const auto chunks =
      chunks_of("# Lease\n\nSigned\nin 2019.\n\n## Notice\n\nSix months\nto March.\n\n- one\n- two\n", "x", title);
  EXPECT_EQ(title, "Lease");
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(chunks[0].text, "Signed in 2019.");
  EXPECT_EQ(chunks[1].text, "Notice\nSix months to March.\n- one\n- two");
  EXPECT_EQ(chunks[1].order, 2);
  EXPECT_NE(chunks[0].id, chunks[1].id);
  EXPECT_TRUE(contains(chunks[1].words, "lease"));  // found by the title too
  std::string again;
  EXPECT_EQ(chunks_of("Signed\nin 2019.", "x", again)[0].id, chunks[0].id);  // the same at every start
}

TEST(Chunks, LongSectionsAreCutAtParagraphs) {
  std::string text, title;
  for (int i = 0; i < 30; ++i)
    text += "This is paragraph number " + std::to_string(i) + ", about as long as others are.\n\n";
  const auto chunks = chunks_of(text, "x", title);
  ASSERT_GT(chunks.size(), 1u);
  for (const Chunk& one : chunks) EXPECT_LT(one.text.size(), 1400u);
  EXPECT_TRUE(chunks_of("", "x", title).empty());
  EXPECT_TRUE(chunks_of("# only\n\n## headings\n", "x", title).empty());
}

class LibraryTest : public ::testing::Test {
 protected:
  Content upload(const std::string& key, const std::string& owner, const std::string& type, const std::string& text) {
    ContentFields fields;
    fields.key = key;
    fields.owner_id = owner;
    fields.owner_type = type;
    fields.mime_type = "text/plain";
    const Content made = library.upsert(fields);
    EXPECT_TRUE(library.write(made.token, text));
    return library.find(made.id).value();
  }
  std::vector<Hit> search(const std::string& text, const std::string& chat = "", bool chat_only = false) const {
    return library.search({text, chat, chat_only, {}, {}, {}});
  }

  FakeClock clock;
  Library library{clock};
};

TEST_F(LibraryTest, TheShippedHandbookAnswersItsQuestions) {
  library.load_shipped();
  EXPECT_EQ(search("How many days of holidays?").at(0).content.key, "holidays-and-leave.md");
  EXPECT_EQ(search("What is the notice period of the Zürich office?").at(0).chunk.text.substr(0, 15),
            "Term and notice");
  EXPECT_EQ(search("Who approves expenses?").at(0).content.title, "Travel and expenses");
  EXPECT_TRUE(search("the and for").empty());
  EXPECT_TRUE(search("").empty());
  const auto hits = search("laptop lost");
  for (std::size_t i = 1; i < hits.size(); ++i) EXPECT_GE(hits[i - 1].score, hits[i].score);
}

TEST_F(LibraryTest, AFolderReplacesIt) {
  const TempDir folder;
  std::filesystem::create_directories(folder.path() / "sub");
  std::ofstream(folder.path() / "sub" / "moon.md") << "# Moon\n\nThe moon is 384,400 km away.\n";
  std::ofstream(folder.path() / "picture.png") << "\x89PNG";
  ASSERT_EQ(library.load_folder(folder.path()).value(), 1u);
  const auto hits = search("How far is the moon?");
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].content.key, "sub/moon.md");
  EXPECT_EQ(hits[0].content.owner_id, kKnowledgeFolder);
}

TEST_F(LibraryTest, FoldersThatCanNotBeReadAreRefused) {
  const TempDir folder;
  EXPECT_FALSE(library.load_folder(folder.path()));
  EXPECT_FALSE(library.load_folder(folder.path() / "none"));
  std::ofstream(folder.path() / "bad.md") << "\xff\xfe";
  EXPECT_FALSE(library.load_folder(folder.path()));
}

TEST_F(LibraryTest, UploadsOfAChatAreFoundInThatChatOnly) {
  upload("a.txt", "chat_1", "CHAT", "Penguins swim.");
  upload("b.txt", "scope_1", "SCOPE", "Penguins walk.");
  EXPECT_EQ(search("penguins").size(), 1u);
  EXPECT_EQ(search("penguins", "chat_1").size(), 2u);
  ASSERT_EQ(search("penguins", "chat_1", true).size(), 1u);
  EXPECT_EQ(search("penguins", "chat_1", true)[0].content.key, "a.txt");
  EXPECT_TRUE(search("penguins", "chat_2", true).empty());
}

TEST_F(LibraryTest, TheSameKeyIsTheSameContent) {
  const Content one = upload("a.txt", "scope_1", "SCOPE", "Penguins swim.");
  const Content two = upload("a.txt", "scope_1", "SCOPE", "Eagles fly.");
  EXPECT_EQ(one.id, two.id);
  EXPECT_TRUE(search("penguins").empty());
  EXPECT_NE(upload("a.txt", "scope_2", "SCOPE", "x").id, one.id);
}

TEST_F(LibraryTest, SkippedIngestionKeepsTheFileButNotItsWords) {
  ContentFields fields;
  fields.key = "a.txt";
  fields.owner_id = "scope_1";
  fields.mime_type = "text/plain";
  fields.ingestion_config = R"({"uniqueIngestionMode":"SKIP_INGESTION"})";
  const Content made = library.upsert(fields);
  ASSERT_TRUE(library.write(made.token, "Penguins swim."));
  EXPECT_TRUE(search("penguins").empty());
  EXPECT_EQ(*library.find(made.id)->bytes, "Penguins swim.");
}

TEST_F(LibraryTest, RoomIsMadeByForgettingTheOldestUploads) {
  Library small(clock, {3, 1000, 600, 10, 1000});
  small.load_shipped();  // larger than all of it, and it stays
  ContentFields fields;
  fields.owner_id = "scope_1";
  for (const char* key : {"1", "2", "3"}) {
    fields.key = key;
    const auto made = small.upsert(fields);
    EXPECT_TRUE(small.write(made.token, "x")) << key;
  }
  EXPECT_TRUE(small.list([](const Content& one) { return !one.is_shipped; }).empty());
  EXPECT_EQ(small.list([](const Content& one) { return one.is_shipped; }).size(), 7u);
  Library few(clock, {2, 1000, 4, 10, 1000});
  for (const char* key : {"1", "2", "3"}) {
    fields.key = key;
    few.upsert(fields);
  }
  const auto left = few.list([](const Content&) { return true; });
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].key, "2");
  EXPECT_FALSE(few.write(left[0].token, "12345"));
  EXPECT_FALSE(few.write("no such token", "1"));
}

TEST_F(LibraryTest, SnapshotsBringUploadsBack) {
  library.load_shipped();
  const Content one = upload("ä.txt", "chat_1", "CHAT", std::string("Penguins\0swim.", 14));
  upload("b.txt", "scope_1", "SCOPE", "Penguins walk.");
  Library other(clock);
  other.load_shipped();
  other.restore(library.snapshot(1 << 20));
  EXPECT_EQ(*other.find(one.id)->bytes, *one.bytes);
  EXPECT_EQ(other.by_token(one.token)->key, "ä.txt");
  EXPECT_EQ(other.search({"penguins", "chat_1", false, {}, {}, {}}).size(), 2u);
  Library bounded(clock);
  bounded.restore(library.snapshot(500));
  EXPECT_EQ(bounded.list([](const Content&) { return true; }).size(), 1u);  // the newest
  EXPECT_FALSE(bounded.find(one.id));
  bounded.restore("[{\"id\":1},7,{\"id\":\"x\"}]");
  bounded.restore("nonsense");
}

bool matches(const char* rule) {
  Content content;
  content.id = "cont_1";
  content.key = "a.pdf";
  content.mime_type = "application/pdf";
  content.owner_id = "scope_7";
  content.metadata = R"({"country":"CH","tags":["x","y"],"year":2024,"deep":{"er":"z"}})";
  const auto outcome = matches_unique_ql(parse_json(rule).value(), content);
  EXPECT_TRUE(outcome) << rule;
  return outcome.value_or(false);
}

TEST(Filters, UniqueQlIsEvaluated) {
  EXPECT_TRUE(matches(R"({"operator":"equals","path":["country"],"value":"CH"})"));
  EXPECT_FALSE(matches(R"({"operator":"equals","path":["country"],"value":"DE"})"));
  EXPECT_TRUE(matches(R"({"operator":"in","path":["country"],"value":["DE","CH"]})"));
  EXPECT_TRUE(matches(R"({"operator":"overlaps","path":["tags"],"value":["y","q"]})"));
  EXPECT_TRUE(matches(R"({"operator":"contains","path":["folderIdPath"],"value":"uniquepathid://scope_7"})"));
  EXPECT_TRUE(matches(R"({"operator":"greaterThan","path":["year"],"value":999})"));  // by value, not as text
  EXPECT_FALSE(matches(R"({"operator":"lessThan","path":["year"],"value":2024})"));
  EXPECT_TRUE(matches(R"({"operator":"equals","path":["deep","er"],"value":"z"})"));
  EXPECT_TRUE(matches(R"({"operator":"isNull","path":["nothing"]})"));
  EXPECT_TRUE(matches(R"({"and":[{"operator":"isNotNull","path":["key"]},{"or":[
    {"operator":"equals","path":["title"],"value":"q"},{"operator":"notEquals","path":["mimeType"],"value":"text/plain"}]}]})"));
  const auto nonsense = matches_unique_ql(parse_json(R"({"operator":"like","path":["key"],"value":"a"})").value(), {});
  EXPECT_FALSE(nonsense);
  EXPECT_FALSE(matches_unique_ql(parse_json(R"({"operator":"equals","value":"a"})").value(), {}));
}

TEST(Filters, WhereIsEvaluated) {
  Content content;
  content.key = "Report.pdf";
  content.owner_id = "chat_1";
  const auto is_found = [&](const char* where) { return matches_where(parse_json(where).value(), content).value(); };
  EXPECT_TRUE(is_found(R"({"ownerId":{"equals":"chat_1"}})"));
  EXPECT_FALSE(is_found(R"({"ownerId":{"equals":"chat_1"},"key":{"startsWith":"report"}})"));
  EXPECT_TRUE(is_found(R"({"key":{"startsWith":"report","mode":"insensitive"}})"));
  EXPECT_TRUE(is_found(R"({"OR":[{"key":{"in":["x"]}},{"key":{"endsWith":".pdf"}}]})"));
  EXPECT_FALSE(is_found(R"({"NOT":[{"key":{"contains":"port"}}]})"));
  EXPECT_TRUE(is_found("{}"));
  EXPECT_FALSE(matches_where(parse_json(R"({"key":{"like":"x"}})").value(), content));
}

std::string said(const std::string& context, const std::string& question) {
  return complete({{"system", context}, {"user", question}}).text;
}

TEST(Model, QuotesTheBestSentenceAndItsSource) {
  EXPECT_EQ(
      said("<source0><|info|>lease about rent<|/info|>The rent is CHF 18,400.</source0><source1>Cats sleep.</source1>",
           "What is the rent?"),
      "The rent is CHF 18,400.[source0]");
  EXPECT_EQ(said("Use it.\n[1] Cats sleep.\n[2] The rent is high.\n", "How high is the rent?"), "The rent is high.[2]");
  EXPECT_EQ(
      said(R"(Sources: [{"source_number":4,"content_id":"c","content":"Dogs bark at night."}])", "When do dogs bark?"),
      "Dogs bark at night.[source4]");
  EXPECT_EQ(
      said("Answer politely about the rent.\nContext:\nThe rent is CHF 18,400.\n---\nCats sleep.", "What is the rent?"),
      "The rent is CHF 18,400.");
}

TEST(Model, FindsContextInsideTheQuestion) {
  EXPECT_EQ(
      complete({{"user", "Context:\nThe rent is CHF 18,400.\n---\nCats sleep.\nQuestion: what is the rent?"}}).text,
      "The rent is CHF 18,400.");
}

TEST(Model, SaysWhenItFindsNothingAndRepeatsWhenAskedTo) {
  EXPECT_EQ(complete({}).text, kNothingFound);
  EXPECT_EQ(complete({{"user", ""}}).text, kNothingFound);
  EXPECT_EQ(said("Cats sleep.", "How is the weather?"), kNothingFound);
  EXPECT_EQ(said("Cats sleep.", "echo token 4711"), "token 4711");
}

TEST(Model, CallsToolsAndFillsSchemas) {
  const auto tools =
      parse_json(
          R"([{"type":"function","function":{"name":"a","parameters":{"type":"object","properties":{"q":{"type":"string"},"n":{"type":"integer"}}}}},
          {"type":"function","function":{"name":"b"}}])")
          .value();
  const auto required = parse_json(R"("required")").value(),
             b = parse_json(R"({"type":"function","function":{"name":"b"}})").value();
  const std::vector<Prompt> asked = {{"user", "How is the weather?"}};
  const auto first = complete(asked, {&tools, &required, nullptr});
  ASSERT_EQ(first.tool_calls.size(), 1u);
  EXPECT_EQ(first.tool_calls[0].arguments, R"({"q":"How is the weather?","n":1})");
  EXPECT_EQ(complete(asked, {&tools, &required, nullptr}).tool_calls[0].id, first.tool_calls[0].id);
  EXPECT_EQ(complete(asked, {&tools, &b, nullptr}).tool_calls.at(0).name, "b");
  EXPECT_EQ(complete(asked, {&tools, nullptr, nullptr}).tool_calls.size(), 1u);  // nothing else to say
  const auto answered =
      complete({{"user", "How is the weather?"}, {"tool", "The weather is fine."}}, {&tools, nullptr, nullptr});
  EXPECT_EQ(answered.text, "The weather is fine.");
  const auto format =
      parse_json(
          R"({"type":"json_schema","json_schema":{"schema":{"type":"object","properties":{"questions":{"type":"array","items":{"type":"string"}}}}}})")
          .value();
  EXPECT_EQ(complete({{"user", "echo x"}}, {nullptr, nullptr, &format}).text, R"({"questions":["x"]})");
}

TEST(Model, EmbeddingsOfLikeTextsAreAlike) {
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  };
  const auto rent = embed("the monthly rent"), same = embed("monthly rent");
  EXPECT_NEAR(dot(rent, rent), 1, 1e-9);
  EXPECT_NEAR(dot(rent, same), 1, 1e-9);
  EXPECT_LT(dot(rent, embed("cats sleep at night")), 0.6);
  EXPECT_NEAR(dot(embed(""), embed("")), 1, 1e-9);
}

TEST(Citations, AreNumberedByFirstMention) {
  const std::vector<ContextSource> sources = {{"a", "s0", "u0"}, {"b", "s1", "u1"}, {"c", "s2", "u2"}};
  const Cited cited = cite("One[source2] two[source0] three[source2] [source9] [source", sources);
  EXPECT_EQ(cited.text, "One<sup>1</sup> two<sup>2</sup> three<sup>1</sup> [source9] [source");
  const auto references = parse_json(cited.references).value();
  ASSERT_EQ(references.Size(), 2u);
  EXPECT_EQ(string_member(references[0], "sourceId"), "s2");
  EXPECT_EQ(references[0]["sequenceNumber"].GetInt(), 1);
  EXPECT_EQ(references[0]["originalIndex"][0].GetInt(), 2);
  EXPECT_EQ(cite("[source99999999999999999999]", sources).references, "[]");
}

TEST(Citations, PiecesAddUpAndNeverCutAWord) {
  for (const std::string& text :
       {std::string(), std::string("one"), std::string("  a  b "), std::string(3000, 'x') + " y"}) {
    std::string all;
    for (const std::string& piece : pieces_of(text)) all += piece;
    EXPECT_EQ(all, text);
  }
  std::string words;
  for (int i = 0; i < 2 * static_cast<int>(kPiecesMax); ++i) words += "word" + std::to_string(i) + " ";
  const auto pieces = pieces_of(words);
  EXPECT_EQ(pieces.size(), kPiecesMax);
  for (const std::string& piece : pieces) EXPECT_TRUE(piece.starts_with("word") && piece.ends_with(' ')) << piece;
}

}  // namespace
}  // namespace modhost::playground::test
