// Each mistake that people make with signatures, recognised.
#include "cli/diagnosis.hpp"

#include <gtest/gtest.h>

#include "crypto/digest.hpp"
#include "event/json_reader.hpp"
#include "signature/verifier.hpp"
#include "support/temp_dir.hpp"

namespace modhost::cli {
namespace {

constexpr const char* kSecret = "usig_Zk3vN8qLw0Tt5yHc2RjX7bMd";
constexpr const char* kBody = R"({"id": "evt_1",  "event": "x"})";

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(::toupper(c));
  return text;
}

class Diagnose : public testing::Test {
 protected:
  Diagnose() {
    add("app_a", "current", kSecret);
    evidence.body = kBody;
    evidence.signature = signature::sign(kSecret, kBody);
    evidence.timestamp = "1760000000";
    evidence.tolerance = std::chrono::seconds(300);
    evidence.now = UnixMillis(std::chrono::seconds(1760000001));
  }
  config::EndpointSecret& add(const std::string& app, const std::string& id, const std::string& value) {
    config::App& entry = evidence.apps.emplace_back();
    entry.id = app;
    entry.path = "/" + app;
    config::EndpointSecret& secret = entry.secrets.emplace_back();
    secret.id = id;
    secret.value = Secret(value);
    return secret;
  }
  // The reasons as one text, or "valid".
  std::string why() const {
    const Diagnosis diagnosis = diagnose(evidence);
    EXPECT_EQ(diagnosis.is_valid, diagnosis.reasons.empty());
    if (diagnosis.is_valid) return "valid";
    std::string out;
    for (const std::string& reason : diagnosis.reasons) out += (out.empty() ? "" : " | ") + reason;
    EXPECT_EQ(out.find("Zk3vN8"), std::string::npos) << out;
    return out;
  }
  void expect(const std::string& part) const { EXPECT_NE(why().find(part), std::string::npos) << why(); }
  void sign(const std::string& secret, const std::string& body) { evidence.signature = signature::sign(secret, body); }

  Evidence evidence;
};

TEST_F(Diagnose, AGoodOneIsValid) {
  EXPECT_EQ(why(), "valid");
  EXPECT_EQ(diagnose(evidence).secret, "current");
}

TEST_F(Diagnose, TheSecretWithoutItsPrefix) {
  sign(std::string(kSecret).substr(5), kBody);
  expect("signed with the secret without its usig_ prefix");
}

TEST_F(Diagnose, ThePrefixMissingInTheConfiguration) {
  evidence.apps[0].secrets[0].value = Secret("abc");
  sign("usig_abc", kBody);
  expect("configure the whole secret, prefix included");
}

TEST_F(Diagnose, TheSecretWithALineEndOrQuotes) {
  sign(std::string(kSecret) + "\n", kBody);
  expect("signed with a newline behind the secret");
  sign('"' + std::string(kSecret) + '"', kBody);
  expect("signed with quotes around the secret");
}

TEST_F(Diagnose, TheFormOfTheHeader) {
  const std::string mac = *evidence.signature;
  evidence.signature = upper(mac);
  expect("upper-case hex");
  evidence.signature = "sha256=" + mac;
  expect("the prefix sha256=");
  evidence.signature = "sha256=" + upper(mac);
  expect("the prefix sha256=: the header holds 64 hex digits only; upper-case hex");
  evidence.signature = "t=1760000000,v1=" + mac + ",v0=abc";
  expect("Stripe's form");
  evidence.signature = mac + " ";
  expect("white space around the signature");
  evidence.signature = "LxnGtnWeM1p3e3/oMPbBIaXYkhDRGh4fcfrTaYrK5yc=";
  expect("the MAC in base64");
  evidence.signature = mac.substr(0, 60);
  expect("60 hex digits instead of 64: it was cut");
  evidence.signature = mac.substr(0, 40);
  expect("the length of SHA-1");
  evidence.signature = mac + mac;
  expect("the length of SHA-512");
  evidence.signature = "not a signature";
  expect("the signature is not hex");
}

TEST_F(Diagnose, Base64OfTheRightMac) {
  // Made here, so that the MAC is the one of the body.
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const crypto::Digest mac = crypto::HmacSha256(kSecret).mac(kBody);
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t byte : mac) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[bits >> (count - 6) & 63];
  }
  text += kAlphabet[bits << (6 - count) & 63];
  evidence.signature = text;
  EXPECT_EQ(why(), "the MAC in base64: the platform writes it as lower-case hex");
}

TEST_F(Diagnose, WhatHappenedToTheBody) {
  evidence.body = std::string(kBody) + "\n";
  expect("the body has an extra trailing newline");
  evidence.body = std::string(kBody) + "\r\n";
  expect("the body has an extra trailing newline");
  evidence.body = std::string("\xef\xbb\xbf") + kBody;
  expect("a byte order mark");
  evidence.body = kBody;
  sign(kSecret, std::string(kBody) + "\n");
  expect("a trailing newline is missing");
  sign(kSecret, "1760000000." + std::string(kBody));
  expect("the MAC is over <timestamp>.<body> (Stripe style)");
  sign(kSecret, "");
  expect("the MAC is that of an empty body");
  sign(kSecret, R"({"id":"evt_1","event":"x"})");
  expect("the body was written anew");
  evidence.body = "a\r\nb";
  sign(kSecret, "a\nb");
  expect("line ends were changed to CRLF");
  evidence.body = "a\nb";
  sign(kSecret, "a\r\nb");
  expect("line ends were changed from CRLF");
  evidence.body = "another body";
  expect("no secret yields this signature (tried current)");
}

TEST_F(Diagnose, SeveralMistakesAtOnce) {
  evidence.signature = "sha256=" + upper(signature::sign(std::string(kSecret).substr(5), kBody));
  evidence.body = std::string(kBody) + "\n";
  evidence.timestamp = "1759990000";
  expect("the prefix sha256=");
  expect("upper-case hex");
  expect("without its usig_ prefix");
  expect("an extra trailing newline");
  expect("the timestamp is 10001 s old");
}

TEST_F(Diagnose, OtherSecretsAndTheirTimes) {
  add("app_b", "other", "usig_other");
  sign("usig_other", kBody);
  EXPECT_EQ(why(), "valid");
  EXPECT_EQ(diagnose(evidence).secret, "other");
  evidence.apps[1].secrets[0].not_before = UnixMillis(std::chrono::seconds(1760000100));
  expect("matches secret other that is not active yet (not_before 2025-10-09T08:55:00Z)");
  evidence.apps[1].secrets[0].not_before.reset();
  evidence.apps[1].secrets[0].not_after = UnixMillis(std::chrono::seconds(1760000000));
  expect("matches secret other that is not active any more");
  sign("usig_third", kBody);
  expect("no secret yields this signature (tried current, other)");
}

TEST_F(Diagnose, TheTimestamp) {
  evidence.timestamp = "1759999589";
  expect("the timestamp is 412 s old, at most 300 s are accepted");
  evidence.timestamp = "2025-10-09T08:53:20Z";
  expect("the timestamp is a date");
  evidence.timestamp = "soon";
  expect("the timestamp is not an integer");
  evidence.timestamp = "0";
  expect("the timestamp is 0, which counts as missing");
  evidence.timestamp.reset();
  expect("X-Unique-Created-At is missing");
  evidence.signature.reset();
  expect("X-Unique-Signature is missing");
}

TEST_F(Diagnose, OddTimestampsAreNoted) {
  evidence.timestamp = "1760000000000";
  EXPECT_EQ(why(), "valid");
  ASSERT_EQ(diagnose(evidence).notes.size(), 1u);
  EXPECT_NE(diagnose(evidence).notes[0].find("in milliseconds"), std::string::npos);
  evidence.timestamp = "1760003601";
  EXPECT_EQ(why(), "valid");
  EXPECT_NE(diagnose(evidence).notes.at(0).find("3600 s in the future"), std::string::npos);
  evidence.timestamp = "1";
  evidence.tolerance = {};
  EXPECT_EQ(why(), "valid");
}

// The published vectors: valid exactly where they are recommended to be accepted (or are signed and merely unusable),
// and otherwise with at least one reason.
TEST_F(Diagnose, AgreesWithThePublishedVectors) {
  const auto vectors = parse_json(test::fixture("signatures.json"));
  ASSERT_TRUE(vectors);
  int compared = 0;
  for (const auto& vector : (*vectors)["vectors"].GetArray()) {
    if (!vector.HasMember("body") || !vector["body"].IsString()) continue;
    const std::string_view secret = string_member(vector, "secret");
    if (secret.empty() || !vector["now"].IsInt64()) continue;
    evidence.apps[0].secrets[0].value = Secret(std::string(secret));
    evidence.body = string_member(vector, "body");
    const auto header = [&](const char* name) -> std::optional<std::string> {
      if (!vector.HasMember(name) || vector[name].IsNull()) return std::nullopt;
      return std::string(vector[name].GetString(), vector[name].GetStringLength());
    };
    evidence.signature = header("signature");
    evidence.timestamp = header("timestamp");
    evidence.now = UnixMillis(std::chrono::seconds(vector["now"].GetInt64()));
    evidence.tolerance = std::chrono::seconds(vector["tolerance"].GetInt64());
    const bool is_valid = string_member(vector["expected"], "recommended") != "reject";
    EXPECT_EQ(diagnose(evidence).is_valid, is_valid) << string_member(vector, "id") << ": " << why();
    ++compared;
  }
  EXPECT_GE(compared, 20);
}

}  // namespace
}  // namespace modhost::cli
