// Base URLs as operators write them.
#include "config/api_base.hpp"

#include <gmock/gmock.h>
#include <rapidjson/document.h>

#include "support/temp_dir.hpp"

namespace modhost::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string resolved(std::string_view written, std::string_view type = {}) {
  const auto base = resolve_api_base(written, type);
  return base ? base->url : "error: " + base.error().message;
}

TEST(ApiBase, HostsGetThePathOfTheirDeployment) {
  EXPECT_EQ(resolved("https://gateway.unique.app"), "https://gateway.unique.app/public/chat-gen2");
  EXPECT_EQ(resolved("https://gateway.qa.unique.app/"), "https://gateway.qa.unique.app/public/chat-gen2");
  EXPECT_EQ(resolved("https://Gateway.Unique.App"), "https://Gateway.Unique.App/public/chat-gen2");
  EXPECT_EQ(resolved("https://gateway.bank.example"), "https://gateway.bank.example/public/chat");
  EXPECT_EQ(resolved("http://localhost:8092/"), "http://localhost:8092/public");
  EXPECT_EQ(resolved("http://127.0.0.1:8092"), "http://127.0.0.1:8092/public");
  EXPECT_EQ(resolved("http://[::1]:8092"), "http://[::1]:8092/public");
  EXPECT_EQ(resolved("http://node-chat.ns.svc"), "http://node-chat.ns.svc/public");
  EXPECT_EQ(resolved("http://node-chat.ns.svc.cluster.local:8092"),
            "http://node-chat.ns.svc.cluster.local:8092/public");
  EXPECT_EQ(resolved("http://gateway.unique.svc"), "http://gateway.unique.svc/public");
  EXPECT_EQ(resolved("http://localhost:8096"), "http://localhost:8096");
  EXPECT_EQ(resolved("http://127.0.0.1:8096/"), "http://127.0.0.1:8096");
  EXPECT_EQ(resolved("https://unique-api.bank.example"), "https://unique-api.bank.example");
}

TEST(ApiBase, TypeDecidesBeforeTheHost) {
  EXPECT_EQ(resolved("https://h.example", "next"), "https://h.example/public/chat-gen2");
  EXPECT_EQ(resolved("http://localhost:8096", "EXTERNAL"), "http://localhost:8096/public/chat");
  EXPECT_EQ(resolved("https://gateway.unique.app", "internal"), "https://gateway.unique.app/public");
  EXPECT_EQ(resolved("https://gateway.unique.app", "legacy"), "https://gateway.unique.app/public/chat-gen2");
  EXPECT_THAT(resolved("https://gateway.unique.app", "new"), HasSubstr("next, external, internal or legacy"));
  EXPECT_EQ(resolved("https://h.example/my/path", "next"), "https://h.example/my/path");
}

TEST(ApiBase, PathsAreUsedAsWritten) {
  const auto base = resolve_api_base("https://proxy.example:8443/unique/public/chat");
  ASSERT_TRUE(base);
  EXPECT_EQ(base->url, "https://proxy.example:8443/unique/public/chat");
  EXPECT_EQ(base->how, "used as written");
  EXPECT_THAT(base->warnings, IsEmpty());
}

TEST(ApiBase, SaysWhichPathWasAddedAndWhy) {
  EXPECT_EQ(resolve_api_base("https://gateway.unique.app")->how, "/public/chat-gen2 added: the multi-tenant gateway");
  EXPECT_EQ(resolve_api_base("http://localhost:8096")->how, "no path added: the unique-api service needs no path");
}

TEST(ApiBase, WarnsOfWhatIsProbablyWrong) {
  const auto warnings = [](std::string_view written) { return resolve_api_base(written)->warnings; };
  EXPECT_THAT(warnings("https://g.example/public/chat/"),
              ElementsAre(HasSubstr("write https://g.example/public/chat")));
  EXPECT_THAT(warnings("https://g.example/chat/public"), ElementsAre(HasSubstr("wrong order")));
  EXPECT_THAT(warnings("https://g.example/chat-gen2/public"), ElementsAre(HasSubstr("wrong order")));
  EXPECT_THAT(warnings("'https://g.example/public/chat'"), ElementsAre(HasSubstr("quotes")));
  EXPECT_THAT(warnings("http://g.example/public/chat"), ElementsAre(HasSubstr("write https")));
  EXPECT_THAT(warnings("https://g.example/public//chat"), ElementsAre(HasSubstr("single slashes")));
  EXPECT_THAT(warnings("https://g.example/public/../chat"), ElementsAre(HasSubstr("'..'")));
  EXPECT_THAT(warnings("http://localhost:8092/"), IsEmpty());
  EXPECT_THAT(warnings("http://node-chat.ns.svc/public"), IsEmpty());
}

TEST(ApiBase, RefusesWhatIsNoBase) {
  for (const char* written : {"", "  ", "''", "https://", "https:///x", "ftp://h/x", "https://h:0", "https://h:99999",
                              "https://h:8o", "https://[::1", "https://[::1]8", "https://h/x?y=1", "https://h/x#y",
                              "https://h/a b", "https://h/\xc3\xbc", "https://h/\"x\"y"})
    EXPECT_THAT(resolved(written), HasSubstr("error: API base URL ")) << written;
  EXPECT_THAT(resolved("gateway.unique.app/public/chat-gen2"), HasSubstr("no scheme: write https:// before it"));
  EXPECT_THAT(resolved("localhost:8092"), HasSubstr("no scheme: write http:// before it"));
  const std::string credentials = resolved("https://me:hidden@h/x");
  EXPECT_THAT(credentials, HasSubstr("credentials"));
  EXPECT_THAT(credentials, testing::Not(HasSubstr("hidden")));
}

TEST(ApiBase, JoinsAsThePlatformsOwnClients) {
  rapidjson::Document wire;
  wire.Parse(modhost::test::fixture("rest-wire.json").c_str());
  ASSERT_FALSE(wire.HasParseError());
  int cases = 0;
  for (const auto& base : wire["url_join"].GetObject())
    for (const auto& path : base.value.GetObject()) {
      // A host only gets its deployment's path from us, so join with what is written, stripped.
      const auto trimmed = resolve_api_base(base.name.GetString(), "legacy");
      ASSERT_TRUE(trimmed) << trimmed.error().message;
      const std::string bare = trimmed->how == "used as written" ? trimmed->url : "http://h/";
      EXPECT_EQ(join_api_path(bare, path.name.GetString()), path.value.GetString()) << base.name.GetString();
      ++cases;
    }
  EXPECT_EQ(cases, 10);
}

}  // namespace
}  // namespace modhost::config::test
