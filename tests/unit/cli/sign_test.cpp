// sign, and verify as a command; why a signature fails is in diagnosis_test.cpp.
#include "unit/cli/command_line.hpp"

namespace modhost::cli {
namespace {

using test::has;

constexpr const char* kBody =
    R"({"id":"evt_v4x1c7v3b9n5m1q7w3e9r5ty","version":"1.0.0","event":"unique.chat.user-message.created","createdAt":1760000000,)"
    R"("userId":"284719305518067713","companyId":"251906337744912385","payload":{"chatId":"chat_k3v9t0q2m7xw5rj8zd1nb4ly",)"
    R"("assistantId":"assistant_p8d2fh6wq0c4zt9mrk1xv7ju","text":"hello"}})";
constexpr const char* kMac = "cac69fc3513324529e138ef6b013b9ab5964153b891a1483f328023258b9c6bc";

class Sign : public test::CommandLine {};

TEST_F(Sign, IsThePlatformsMac) {
  EXPECT_EQ(run({"sign"}, kBody), kOk);
  EXPECT_EQ(out, std::string(kMac) + "\n");
}

TEST_F(Sign, PrintsTheHeadersOfADelivery) {
  EXPECT_EQ(run({"sign", "--headers"}, kBody), kOk);
  EXPECT_TRUE(has(out, std::string("X-Unique-Signature: ") + kMac + "\n"));
  EXPECT_TRUE(has(out, "X-Unique-Created-At: "));
  EXPECT_TRUE(has(out, "X-Unique-Id: evt_v4x1c7v3b9n5m1q7w3e9r5ty\n"));
  EXPECT_TRUE(has(out, "X-Unique-Version: 1.0.0\n"));
  EXPECT_TRUE(has(out, "X-Unique-User-Id: 284719305518067713\n"));
  EXPECT_TRUE(has(out, "X-Unique-Company-Id: 251906337744912385\n"));
  EXPECT_EQ(run({"sign", "--json"}, kBody), kOk);
  EXPECT_EQ(string_member(json(), "signature"), kMac);
  EXPECT_EQ(run({"sign", "--headers"}, "not JSON"), kOk);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
  EXPECT_EQ(run({"sign", "--headers"}, "{\"id\":\"a\\r\\nX-Evil: 1\"}"), kOk);
  EXPECT_EQ(out.find("Evil"), std::string::npos) << "a line end in an id must not become a header";
}

TEST_F(Sign, TakesTheSecretFromAVariableOrAFile) {
  set("UNIQUE_APP_ENDPOINT_SECRET", std::nullopt);
  set("OTHER_SECRET", test::kSecret);
  EXPECT_EQ(run({"sign", "--secret-env", "OTHER_SECRET"}, kBody), kOk);
  EXPECT_EQ(out, std::string(kMac) + "\n");
  const auto file = folder.write("secret", std::string(test::kSecret) + "\n");
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(run({"sign", "--secret-file", file.string()}, kBody), kOk);
  EXPECT_EQ(out, std::string(kMac) + "\n");
  ::chmod(file.c_str(), 0644);
  EXPECT_EQ(run({"sign", "--secret-file", file.string()}, kBody), kFailed);
  EXPECT_TRUE(has(err, "other users can read this secret"));
  EXPECT_EQ(run({"sign", "--secret-file", file.string(), "--secret-env", "OTHER_SECRET"}, kBody), kFailed);
  EXPECT_TRUE(has(err, "give one of them"));
  EXPECT_EQ(run({"sign", "--secret-env", "NOPE"}, kBody), kFailed);
  EXPECT_TRUE(has(err, "--secret-env: the variable NOPE is not set"));
  EXPECT_EQ(run({"sign"}, kBody), kFailed);
  EXPECT_TRUE(has(err, "no endpoint secret: set UNIQUE_APP_ENDPOINT_SECRET"));
  EXPECT_EQ(run({"sign", "--json"}, kBody), kFailed);
  EXPECT_TRUE(has(out, "\"error\":\"no endpoint secret"));
}

TEST_F(Sign, UsesTheSecretThatIsActiveNow) {
  set("NEW", "usig_new");
  folder.write(
      "modules.yaml",
      "app: {secrets: [{env: NEW, id: later, not_before: 2200-01-01}, {env: UNIQUE_APP_ENDPOINT_SECRET, id: now}]}\n");
  EXPECT_EQ(run({"sign", "--json"}, kBody), kOk);
  EXPECT_EQ(string_member(json(), "secret"), "now");
}

class Verify : public test::CommandLine {};

TEST_F(Verify, SaysValidWithZero) {
  EXPECT_EQ(run({"verify", "-s", kMac, "-t", "1760000000", "--now", "1760000003"}, kBody), kOk);
  EXPECT_EQ(out, "valid: signed with secret app_cli/1\n");
  const auto file = folder.write("body", kBody);
  EXPECT_EQ(run({"verify", "-s", kMac, "-t", "1760000000", "--now", "1760000003", "--json", file.string()}), kOk);
  EXPECT_TRUE(json()["valid"].GetBool());
}

TEST_F(Verify, SaysWhyNotWithOne) {
  EXPECT_EQ(run({"verify", "-s", kMac, "-t", "1760000000", "--now", "1760000412"}, kBody), kFailed);
  EXPECT_TRUE(has(out, "invalid: timestamp-too-old, the endpoint answers 401"));
  EXPECT_TRUE(has(out, "the timestamp is 412 s old"));
  EXPECT_EQ(run({"verify", "--json"}, kBody), kFailed);
  EXPECT_EQ(json()["reasons"].Size(), 2u);
  EXPECT_EQ(run({"verify", "-s", kMac, "/no/such/body"}), kFailed);
  EXPECT_TRUE(has(err, "/no/such/body can not be opened"));
}

TEST_F(Verify, UsesTheConfiguredTolerance) {
  folder.write("modules.yaml", "limits: {timestamp_tolerance: 10m}\n");
  EXPECT_EQ(run({"verify", "-s", kMac, "-t", "1760000000", "--now", "1760000412"}, kBody), kOk);
}

}  // namespace
}  // namespace modhost::cli
