#include "config/values.hpp"

#include <gtest/gtest.h>

namespace modhost::config {
namespace {

using namespace std::chrono_literals;

TEST(Durations, HaveUnits) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("2s"), 2s);
  EXPECT_EQ(*parse_duration("5m"), 5min);
  EXPECT_EQ(*parse_duration("24h"), 24h);
  EXPECT_EQ(*parse_duration("7d"), 168h);
  EXPECT_EQ(*parse_duration("0"), 0ms);
  EXPECT_EQ(*parse_duration("2 s"), 2s);
  for (const char* bad :
       {"", "s", "5", "1.5s", "-1s", "5M", "5S", "5 minutes", "1h30m", "s5", "99999999999999999999s", "106751991168d"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Durations, AreWrittenTheShortestWay) {
  for (const char* text : {"0", "1ms", "1500ms", "90s", "5m", "25h", "7d"})
    EXPECT_EQ(to_text(*parse_duration(text)), text);
}

TEST(Sizes, AreBinary) {
  EXPECT_EQ(*parse_size("4096B"), 4096u);
  EXPECT_EQ(*parse_size("512KiB"), 512u << 10);
  EXPECT_EQ(*parse_size("1 MiB"), 1u << 20);
  EXPECT_EQ(*parse_size("4GiB"), 4ull << 30);
  EXPECT_EQ(*parse_size("0"), 0u);
  for (const char* bad : {"", "1", "1k", "1KB", "1MB", "1.5MiB", "-1MiB", "8589934592GiB", "MiB"})
    EXPECT_FALSE(parse_size(bad)) << bad;
  for (const char* text : {"0", "5B", "512KiB", "3MiB", "4GiB"}) EXPECT_EQ(size_to_text(*parse_size(text)), text);
}

TEST(Counts, AreDigits) {
  EXPECT_EQ(*parse_count("0042"), 42u);
  for (const char* bad : {"", " 1", "1 ", "+1", "-1", "1e3", "0x1", "18446744073709551616"})
    EXPECT_FALSE(parse_count(bad)) << bad;
}

TEST(Addresses, AreHostAndPort) {
  for (const char* text :
       {"127.0.0.1:8080", "[::1]:8080", "[fe80::1:2]:1", "localhost:0", "my-host.example.com:65535", "a_b:1"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_text(*address), text);
  }
  EXPECT_EQ(parse_address("[::1]:8080")->host, "::1");
  for (const char* bad : {"",       ":",           ":80",    "80",           "a",        "a:",    "a:b",   "a:70000",
                          "::1:80", "[::1]",       "[]:80",  "[1.2.3.4]:80", "1.2.3:80", "-a:80", "a-:80", "a..b:80",
                          "a b:80", "http://a:80", "a:80/x", "a.:80"})
    EXPECT_FALSE(parse_address(bad)) << bad;
  EXPECT_FALSE(parse_address(std::string(64, 'a') + ":80"));
  EXPECT_FALSE(parse_address(std::string(300, 'a') + ":80"));
}

TEST(Times, AreIso8601WithAZone) {
  EXPECT_EQ(*parse_time("1970-01-02"), UnixMillis(86'400'000ms));
  EXPECT_EQ(*parse_time("1970-01-01T00:00:01Z"), UnixMillis(1s));
  EXPECT_EQ(*parse_time("1970-01-01 00:00:01.5Z"), UnixMillis(1500ms));
  EXPECT_EQ(*parse_time("1970-01-01T02:00:01.123456+02:00"), UnixMillis(1123ms));
  EXPECT_EQ(*parse_time("1969-12-31T22:30:00-01:30"), UnixMillis(0ms));
  EXPECT_EQ(*parse_time("2024-02-29"), UnixMillis(std::chrono::sys_days(std::chrono::year(2024) / 2 / 29)));
  for (const char* bad : {"", "2026", "2026-1-1", "2026-02-30", "2026-13-01", "2026-01-01T", "2026-01-01T10:00Z",
                          "2026-01-01T24:00:00Z", "2026-01-01T10:60:00Z", "2026-01-01T10:00:60Z", "2026-01-01T10:00:00",
                          "2026-01-01T10:00:00.Z", "2026-01-01T10:00:00Zx", "2026-01-01T10:00:00+0200",
                          "2026-01-01T10:00:00+15:00", "2026-01-01X10:00:00Z", "1760000000", "2026/01/01"})
    EXPECT_FALSE(parse_time(bad)) << bad;
  EXPECT_EQ(to_text(*parse_time("2026-08-01T12:34:56Z")), "2026-08-01T12:34:56Z");
}

}  // namespace
}  // namespace modhost::config
