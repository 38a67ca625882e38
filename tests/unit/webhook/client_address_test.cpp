#include "webhook/client_address.hpp"

#include "base/limits.hpp"

namespace modhost::webhook {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> trusted;
  const char* peer;
  std::vector<std::string> forwarded;  // lines of X-Forwarded-For
  const char* client;                  // as logged
  bool is_its_own;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ClientAddress : public testing::TestWithParam<Case> {};

TEST_P(ClientAddress, IsTheFarthestThatIsCertain) {
  const Case& c = GetParam();
  http::Request request;
  request.peer = c.peer;
  request.headers.push_back({"Host", "x"});
  for (const std::string& line : c.forwarded) request.headers.push_back({"x-forwarded-FOR", line});
  const Client client = ClientAddresses(c.trusted).of(request);
  EXPECT_EQ(client.name, c.client);
  EXPECT_EQ(client.address.has_value(), c.is_its_own);
  if (client.address) {
    EXPECT_EQ(client.address->to_string(), c.client);
  }
}

const std::vector<std::string> kProxies = {"10.0.0.0/8", "fd00::/8"};

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Requests, ClientAddress,
    testing::Values(
        Case{"NobodyIsTrusted", {}, "10.0.0.1", {"203.0.113.7"}, "10.0.0.1", false},
        Case{"ADirectClientMaySayNothing", kProxies, "203.0.113.9", {"198.51.100.1"}, "203.0.113.9", true},
        Case{"BehindOneProxy", kProxies, "10.0.0.1", {"203.0.113.7"}, "203.0.113.7", true},
        Case{"BehindTwo", kProxies, "10.0.0.1", {"203.0.113.7, 10.0.0.2"}, "203.0.113.7", true},
        Case{"WhatTheClientWroteIsNotBelieved", kProxies, "10.0.0.1", {"1.1.1.1, 203.0.113.7"}, "203.0.113.7", true},
        Case{"NorAProxyThatItInvented", kProxies, "10.0.0.1", {"1.1.1.1, 10.9.9.9, 203.0.113.7"}, "203.0.113.7", true},
        Case{"LinesAreOneList", kProxies, "10.0.0.1", {"1.1.1.1", "203.0.113.7 ,\t10.0.0.2"}, "203.0.113.7", true},
        Case{"TheLastLineCounts", kProxies, "10.0.0.1", {"203.0.113.7", "198.51.100.1"}, "198.51.100.1", true},
        Case{"TheProxyDoesNotSay", kProxies, "10.0.0.1", {}, "10.0.0.1", false},
        Case{"TheProxyItselfAsks", kProxies, "10.0.0.1", {"10.0.0.3"}, "10.0.0.3", false},
        Case{"Nonsense", kProxies, "10.0.0.1", {"203.0.113.7, unknown"}, "10.0.0.1", false},
        Case{"Empty", kProxies, "10.0.0.1", {""}, "10.0.0.1", false},
        Case{"EmptyEntry", kProxies, "10.0.0.1", {"203.0.113.7,"}, "10.0.0.1", false},
        Case{"NonsenseOfTheClient", kProxies, "10.0.0.1", {"\"><x>, 203.0.113.7"}, "203.0.113.7", true},
        Case{"WithAPort", kProxies, "10.0.0.1", {"203.0.113.7:4711"}, "203.0.113.7", true},
        Case{"Ipv6", kProxies, "fd00::1", {"2001:db8::7"}, "2001:db8::7", true},
        Case{"Ipv6WithAPort", kProxies, "fd00::1", {"[2001:db8::7]:4711"}, "2001:db8::7", true},
        Case{"Ipv6InBrackets", kProxies, "fd00::1", {"[2001:db8::7]"}, "2001:db8::7", true},
        Case{"BracketsWithoutEnd", kProxies, "fd00::1", {"[2001:db8::7"}, "2001:db8::7", true},
        Case{"Ipv4OnAnIpv6Socket", kProxies, "::ffff:10.0.0.1", {"::ffff:203.0.113.7"}, "203.0.113.7", true},
        Case{"NoAddressAtAll", kProxies, "", {"203.0.113.7"}, "", false}),
    name_of);

TEST(ClientAddresses, ALongListOfProxiesIsNotReadToItsEnd) {
  http::Request request;
  request.peer = "10.0.0.1";
  std::string line = "203.0.113.7";
  for (std::size_t i = 0; i < limits::kForwardedHopsMax; ++i) line += ",10.0.0.2";
  request.headers.push_back({"X-Forwarded-For", line});
  const Client client = ClientAddresses(kProxies).of(request);
  EXPECT_EQ(client.name, "10.0.0.2");
  EXPECT_FALSE(client.address);
}

}  // namespace
}  // namespace modhost::webhook
