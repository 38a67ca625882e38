// The small parts: timestamps, targets, knowledge, faults, the embedded page, the guard against foreign pages.
#include <gtest/gtest.h>

#include <tuple>

#include "event/json_reader.hpp"
#include "http/query.hpp"
#include "playground/control.hpp"
#include "playground/faults.hpp"
#include "playground/ids.hpp"
#include "playground/page.hpp"
#include "playground/target.hpp"
#include "playground/time_text.hpp"
#include "support/temp_dir.hpp"

namespace modhost::playground::test {
namespace {

TEST(TimeText, WritesIsoWithMilliseconds) {
  EXPECT_EQ(to_iso(UnixMillis(std::chrono::milliseconds(1'760'000'000'007))), "2025-10-09T08:53:20.007Z");
  EXPECT_EQ(to_iso(UnixMillis(std::chrono::milliseconds(0))), "1970-01-01T00:00:00.000Z");
}

TEST(TimeText, ReadsWhatClientsWrite) {
  const UnixMillis expected(std::chrono::milliseconds(1'760'000'000'120));
  EXPECT_EQ(parse_time("2025-10-09T08:53:20.120Z"), expected);
  EXPECT_EQ(parse_time("2025-10-09T08:53:20.120999Z"), expected);
  EXPECT_EQ(parse_time("2025-10-09T10:53:20.12+02:00"), expected);
  EXPECT_EQ(parse_time("2025-10-09T04:23:20.12-0430"), expected);
  EXPECT_TRUE(parse_time("2025-10-09 08:53:20.123456"));
  EXPECT_TRUE(parse_time("2025-10-09 08:53:20"));
}

TEST(TimeText, RefusesEverythingElse) {
  for (const char* text :
       {"", "yesterday", "2025-10-09", "2025-13-09T08:53:20Z", "2025-02-30T08:53:20Z", "2025-10-09T24:00:00Z",
        "2025-10-09T08:53:20.Z", "2025-10-09T08:53:20+2", "2025-10-09T08:53:20Zx", "1760000000"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Target, DecodesSegmentsAndQuery) {
  EXPECT_EQ(segments_of("/messages/a%2Fb+c"),
            (std::vector<std::string>{"messages", "a/b+c"}));  // a plus is one: RFC 3986
  EXPECT_EQ(segments_of("/messages/"), (std::vector<std::string>{"messages", ""}));
  const auto query = http::parse_query("name=x+y&ids[0]=%C3%A4&empty=&flag&&bad=%zz%4");
  EXPECT_EQ(query, (std::vector<std::pair<std::string, std::string>>{
                       {"name", "x y"}, {"ids[0]", "ä"}, {"empty", ""}, {"flag", ""}, {"bad", "%zz%4"}}));
}

TEST(Ids, AreShapedAndDiffer) {
  const std::string id = new_id("msg_");
  EXPECT_EQ(id.size(), 28u);
  EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789", 4), std::string::npos);
  EXPECT_NE(id, new_id("msg_"));
  EXPECT_EQ(random_hex(16).size(), 32u);
}

TEST(FaultSwitch, HitsCountedCallsOfItsPath) {
  Faults faults;
  EXPECT_EQ(faults.take("/messages").mode, FaultMode::kNone);
  faults.set({FaultMode::kServerError, 2, {}, "/messages"});
  EXPECT_EQ(faults.take("/openai/models").mode, FaultMode::kNone);
  EXPECT_EQ(faults.take("/messages").mode, FaultMode::kServerError);
  EXPECT_EQ(faults.take("/messages/msg_1").mode, FaultMode::kServerError);
  EXPECT_EQ(faults.take("/messages").mode, FaultMode::kNone);
  faults.set({FaultMode::kTooManyRequests, 0, {}, ""});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(faults.take("/any").mode, FaultMode::kTooManyRequests);
}

constexpr const char* kPageFolder = MODHOST_SOURCE_DIR "/host/playground/page";

TEST(Page, EmbedsItsSources) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kPageFolder)) {
    const std::string name = entry.path().filename();
    const PageFile* file = find_page_file(name == "index.html" ? "/" : "/" + name);
    ASSERT_NE(file, nullptr) << name;
    EXPECT_EQ(file->content, modhost::test::read_file(entry.path())) << name;
    ++files;
  }
  EXPECT_EQ(files, 6u);
  EXPECT_EQ(find_page_file("/index.html"), nullptr);
}

TEST(Page, NeedsNothingFromElsewhereAndNoInlineScript) {
  const auto answer = page_answer(*find_page_file("/"));
  EXPECT_EQ(answer.body.find("<style"), std::string::npos);
  EXPECT_EQ(answer.body.find("<script>"), std::string::npos);
  EXPECT_EQ(answer.body.find("src=\"http"), std::string::npos);
  bool has_policy = false;
  for (const auto& header : answer.headers)
    if (header.name == "Content-Security-Policy")
      has_policy = header.value.find("default-src 'none'") == 0 && header.value.find("unsafe") == std::string::npos;
  EXPECT_TRUE(has_policy);
  std::size_t scripts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kPageFolder)) {
    if (entry.path().extension() != ".js") continue;
    const std::string script = "/" + entry.path().filename().string();
    const PageFile* file = find_page_file(script);
    ASSERT_NE(file, nullptr) << script;
    for (const char* danger : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("})
      EXPECT_EQ(file->content.find(danger), std::string_view::npos) << script << " " << danger;
    ++scripts;
  }
  EXPECT_EQ(scripts, 3u);
}

TEST(Page, TemplatesAreEvents) {
  const auto templates = parse_json(find_page_file("/templates.json")->content).value();
  ASSERT_TRUE(templates.IsArray());
  EXPECT_GE(templates.Size(), 15u);
  for (const auto& one : templates.GetArray()) {
    EXPECT_FALSE(string_member(one, "label").empty());
    EXPECT_EQ(string_member(one["event"], "id"), "{{eventId}}");
    EXPECT_TRUE(string_member(one["event"], "event").starts_with("unique."));
    EXPECT_TRUE(one["event"]["payload"].IsObject());
    if (one["event"].HasMember("createdAt")) {
      EXPECT_TRUE(string_member(one["event"], "createdAt").starts_with("{{now")) << "an old one would be `expired`";
    }
  }
}

struct Origin {
  const char* host;
  const char* origin;
  bool is_allowed;
};

class ForeignGuard : public ::testing::TestWithParam<Origin> {};

TEST_P(ForeignGuard, LetsOnlyTheOwnPageIn) {
  http::Request request;
  if (*GetParam().host != '\0') request.headers.push_back({"Host", GetParam().host});
  if (*GetParam().origin != '\0') request.headers.push_back({"Origin", GetParam().origin});
  const auto refusal = refuse_foreign(request, 8090, "127.0.0.1");
  EXPECT_EQ(!refusal, GetParam().is_allowed);
  EXPECT_EQ(refusal ? refusal->status : 403, 403);
}

INSTANTIATE_TEST_SUITE_P(
    All, ForeignGuard,
    ::testing::Values(Origin{"127.0.0.1:8090", "", true}, Origin{"localhost:8090", "http://localhost:8090", true},
                      Origin{"[::1]:8090", "http://[::1]:8090", true},
                      Origin{"localhost:8090", "http://127.0.0.1:8090", false},
                      Origin{"127.0.0.1:8090", "http://127.0.0.1:8091", false},
                      Origin{"127.0.0.1:8090", "https://evil.example", false}, Origin{"127.0.0.1:8090", "null", false},
                      Origin{"evil.example:8090", "http://evil.example:8090", false}, Origin{"127.0.0.1:80", "", false},
                      Origin{"127.0.0.1", "", false}, Origin{"", "", false}));

TEST(ForeignGuardBySite, KeepsOtherPagesElementsOut) {
  for (const auto& [path, site, is_allowed] : std::vector<std::tuple<std::string, std::string, bool>>{
           {"/dev/state", "same-origin", true},
           {"/dev/state", "none", true},
           {"/dev/state", "cross-site", false},
           {"/dev/state", "same-site", false},  // another port of this machine
           {"/", "cross-site", true}}) {        // following a link to the page
    http::Request request;
    request.target = path;
    request.headers = {{"Host", "127.0.0.1:8090"}, {"Sec-Fetch-Site", site}};
    EXPECT_EQ(!refuse_foreign(request, 8090, "127.0.0.1"), is_allowed) << path << " " << site;
  }
}

}  // namespace
}  // namespace modhost::playground::test
