#include <unistd.h>

#include "event/json_reader.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::telemetry {
namespace {

std::string logged(config::LogFormat format, const std::function<void(Log&)>& write) {
  testing::internal::CaptureStderr();
  {
    config::LogConfig config;
    config.format = format;
    Log log(config);
    write(log);
  }
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneValidJsonLineWhateverTheValuesHold) {
  const std::string line = logged(config::LogFormat::kJson, [](Log& log) {
    log.info("he said \"hi\"\n", {{"event_id", "evt_\x01"}, {"count", 3}, {"module", "100% {} \\"}});
    log.write(LogLevel::kDebug, "below the level");
  });
  ASSERT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  const auto document = parse_json(line);
  ASSERT_TRUE(document) << line << document.error().message;
  EXPECT_EQ(string_member(*document, "msg"), "he said \"hi\"\n");
  EXPECT_EQ(string_member(*document, "module"), "100% {} \\");
  EXPECT_EQ(string_member(*document, "level"), "info");
  EXPECT_EQ(find_member(*document, "count")->GetInt(), 3);
}

TEST(Log, TextStaysOneLine) {
  const std::string line = logged(config::LogFormat::kText, [](Log& log) { log.warn("a\nb", {{"k", "c\r\nd"}}); });
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_NE(line.find("a b  k=c  d"), std::string::npos) << line;
}

TEST(Metrics, ScrapeShowsWhatWasCounted) {
  Metrics metrics;
  metrics.counter("events_total", "events", {{"outcome", "ok"}}).add(2);
  metrics.counter("events_total", "events", {{"outcome", "ok"}}).add();
  const Gauge gauge = metrics.gauge("live", "live events");
  metrics.on_scrape([&] { gauge.set(7); });
  metrics.histogram("ack_seconds", "time to answer", latency_bounds()).observe(0.002);
  const std::string text = metrics.scrape();
  EXPECT_NE(text.find("modhost_events_total{outcome=\"ok\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("modhost_live 7"), std::string::npos);
  EXPECT_NE(text.find("modhost_ack_seconds_bucket{le=\"0.0025\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace modhost::telemetry
