// Certificates, client certificates and proxies.
#include "client_fixture.hpp"
#include "tls_server.hpp"

namespace modhost::platform::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class CurlTlsTest : public CurlClientTest {
 protected:
  static void SetUpTestSuite() { certificates_ = std::make_unique<Certificates>(); }
  static void TearDownTestSuite() { certificates_.reset(); }
  static inline std::unique_ptr<Certificates> certificates_;
};

TEST_F(CurlTlsTest, TrustsTheAuthorityOfTheCaFileOnly) {
  const TlsServer server(*certificates_, ClientCertificate::kIgnored);
  const auto [refused, recorder] = call(request("GET", server.url()));
  ASSERT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("http_client.ca_file"));
  EXPECT_EQ(client_->stats().attempts, 1u);  // a second attempt would not change the certificate
  open(through("", certificates_->authority()));
  for (int i = 0; i < 3; ++i) {
    const auto [outcome, accepted] = call(request("GET", server.url()));
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(accepted->response().status, 200);
    EXPECT_THAT(accepted->response().body, HasSubstr(i == 0 ? "\nNew, TLSv1.3" : "\nReused, TLSv1.3"));
  }
}

TEST_F(CurlTlsTest, NameOfTheHostMustBeInTheCertificate) {
  const TlsServer server(*certificates_, ClientCertificate::kIgnored);
  open(through("", certificates_->authority()));
  EXPECT_TRUE(call(request("GET", server.url("127.0.0.1"))).first);
  EXPECT_EQ(code_of(call(request("GET", server.url("127.0.0.2"))).first), Code::kUnavailable);
}

TEST_F(CurlTlsTest, ShowsItsClientCertificate) {
  const TlsServer server(*certificates_, ClientCertificate::kRequired);
  open(through("", certificates_->authority()));
  HttpRequest once = request("GET", server.url());
  once.attempts_max = 1;
  EXPECT_EQ(code_of(call(once).first), Code::kUnavailable);
  open(through("", certificates_->authority(), certificates_->client()));
  const auto [outcome, recorder] = call(request("GET", server.url()));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(recorder->response().body, HasSubstr("Subject: CN=client"));
}

TEST_F(CurlTlsTest, CallsThroughAProxyTunnelAreVerifiedEndToEnd) {
  const TlsServer server(*certificates_, ClientCertificate::kIgnored);
  ScriptedServer proxy(
      [&](const ScriptedRequest&) { return ScriptedAnswer{.way = Way::kTunnel, .tunnel_port = server.port()}; });
  // Loopback hosts are never called through the proxy, so the name is another one, and the certificate must not fit it.
  open(through(proxy.url(), certificates_->authority()));
  EXPECT_EQ(code_of(call(request("GET", "https://platform.example/x")).first), Code::kUnavailable);
  const auto seen = proxy.requests().at(0);
  EXPECT_EQ(seen.method, "CONNECT");
  EXPECT_EQ(seen.target, "platform.example:443");
  EXPECT_EQ(seen.header("authorization"), "");
}

TEST_F(CurlClientTest, PlainCallsGoToTheProxyWithTheirWholeUrl) {
  ScriptedServer proxy;
  open(through(proxy.url()));
  for (int i = 0; i < 3; ++i) {
    const auto [outcome, recorder] = call(request("POST", "http://platform.example/public/x?y=1", "{}"));
    ASSERT_TRUE(outcome) << outcome.error().message;
  }
  EXPECT_EQ(proxy.requests().at(2).target, "http://platform.example/public/x?y=1");
  EXPECT_EQ(proxy.connections(), 1);
}

TEST_F(CurlClientTest, ThisMachineIsNotBehindTheProxy) {
  ScriptedServer proxy, server;
  open(through(proxy.url()));
  EXPECT_TRUE(call(request("GET", server.url("/x"))).first);
  EXPECT_TRUE(call(request("GET", "http://localhost:" + std::to_string(server.port()) + "/x")).first);
  EXPECT_EQ(proxy.requests().size(), 0u);
}

TEST_F(CurlClientTest, ProxyThatRefusesIsReportedWithoutItsCredentials) {
  ScriptedServer proxy([](const ScriptedRequest&) { return ScriptedAnswer{.status = 407, .close_after = true}; });
  open(through("http://me:hidden@127.0.0.1:" + std::to_string(proxy.port())));
  const auto outcome = call(request("POST", "https://platform.example/x", "{}")).first;
  ASSERT_EQ(code_of(outcome), Code::kUnavailable);
  EXPECT_THAT(outcome.error().message, HasSubstr("407"));
  EXPECT_THAT(outcome.error().message, Not(HasSubstr("hidden")));
  EXPECT_EQ(proxy.requests().size(), 3u);  // nothing of the POST was sent
  EXPECT_NE(proxy.requests().at(0).header("Proxy-Authorization"), "");
}

TEST(CurlClientOpen, RefusesFilesAndProxiesThatCanNotBeUsed) {
  const SystemClock clock;
  const modhost::test::TempDir dir;
  const auto refused = [&](CurlClientOptions options) {
    const auto client = CurlClient::open(clock, std::move(options));
    return client ? std::string() : client.error().message;
  };
  EXPECT_THAT(refused(through("", dir.path() / "none.pem")), HasSubstr("http_client.ca_file"));
  EXPECT_THAT(refused(through("", "", dir.write("empty.pem", ""))), HasSubstr("http_client.client_cert"));
  EXPECT_THAT(refused(through("http://")), HasSubstr("http_client.proxy"));
  EXPECT_THAT(refused(through("http://me:hidden@exa mple")), AllOf(HasSubstr("proxy"), Not(HasSubstr("hidden"))));
}

}  // namespace
}  // namespace modhost::platform::test
