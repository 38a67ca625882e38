#include "base/ip_address.hpp"

#include <gtest/gtest.h>

namespace modhost {
namespace {

IpAddress address(const char* text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(IpAddress());
}

TEST(IpAddress, IsReadAndWritten) {
  for (const char* text : {"0.0.0.0", "192.0.2.7", "255.255.255.255", "::", "::1", "2001:db8::1"})
    EXPECT_EQ(address(text).to_string(), text);
  EXPECT_EQ(address("2001:0DB8:0:0::1").to_string(), "2001:db8::1");
  EXPECT_EQ(address("fe80::1%eth0"), address("fe80::1"));
  for (const char* bad : {"", "localhost", "10.0.0", "10.0.0.256", "10.0.0.1:80", "[::1]", "::1::", "10.0.0.1%eth0",
                          " 10.0.0.1", "010.0.0.1"})
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.0.0.1\0x", 10)));
}

TEST(IpAddress, AnIpv4AddressIsTheSameHoweverItIsWritten) {
  EXPECT_EQ(address("::ffff:192.0.2.7"), address("192.0.2.7"));
  EXPECT_EQ(address("::ffff:192.0.2.7").to_string(), "192.0.2.7");
  EXPECT_EQ(address("::ffff:192.0.2.7").hash(), address("192.0.2.7").hash());
  EXPECT_TRUE(address("192.0.2.7").is_v4());
  EXPECT_FALSE(address("::192.0.2.7").is_v4());
}

TEST(IpAddress, ASiteIsAnAddressOrA64) {
  EXPECT_EQ(address("192.0.2.7").site(), address("192.0.2.7"));
  EXPECT_EQ(address("2001:db8:1:2:3:4:5:6").site(), address("2001:db8:1:2::"));
  EXPECT_EQ(address("ffff::ffff").first_bits(3).to_string(), "e000::");
}

TEST(IpNetwork, HoldsItsAddresses) {
  struct Case {
    const char* network;
    const char* address;
    bool is_inside;
  };
  for (const Case& c :
       {Case{"10.0.0.0/8", "10.255.0.1", true}, Case{"10.0.0.0/8", "11.0.0.0", false},
        Case{"10.0.0.0/9", "10.128.0.0", false}, Case{"192.0.2.7", "192.0.2.7", true},
        Case{"192.0.2.7", "192.0.2.6", false}, Case{"0.0.0.0/0", "203.0.113.1", true}, Case{"0.0.0.0/0", "::1", false},
        Case{"::/0", "2001:db8::1", true}, Case{"::/0", "203.0.113.1", false}, Case{"fd00::/8", "fdff::1", true},
        Case{"fd00::/8", "fe00::1", false}, Case{"10.0.0.0/8", "::ffff:10.1.2.3", true},
        Case{"2001:db8::/33", "2001:db8:8000::", false}}) {
    const auto network = IpNetwork::parse(c.network);
    ASSERT_TRUE(network) << c.network;
    EXPECT_EQ(network->contains(address(c.address)), c.is_inside) << c.network << " " << c.address;
  }
}

TEST(IpNetwork, MistakesAreExplained) {
  for (const char* bad : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.0/ 8", "::/129",
                          "localhost", "10.0.0", "fe80::%eth0/64"})
    EXPECT_EQ(IpNetwork::parse(bad).error().message.find("expected an address or a network"), 0u) << bad;
  EXPECT_EQ(IpNetwork::parse("10.1.2.3/8").error().message,
            "an address within the network, not the network: write 10.0.0.0/8, or the address alone");
  EXPECT_EQ(IpNetwork::parse("fd00::1/8").error().message,
            "an address within the network, not the network: write fd00::/8, or the address alone");
}

TEST(IpNetwork, KnowsWhenItIsEverything) {
  EXPECT_TRUE(IpNetwork::parse("0.0.0.0/0")->is_everything());
  EXPECT_TRUE(IpNetwork::parse("::/0")->is_everything());
  EXPECT_FALSE(IpNetwork::parse("0.0.0.0/1")->is_everything());
  EXPECT_FALSE(IpNetwork::parse("::1")->is_everything());
}

}  // namespace
}  // namespace modhost
