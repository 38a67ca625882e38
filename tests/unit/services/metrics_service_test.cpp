#include "services/metrics_service.hpp"

#include <limits>

#include "call_fixture.hpp"
#include "services/abi_values.hpp"

namespace modhost::services {
namespace {

class MetricsTest : public CallTest {
 protected:
  modhost_status define(std::int32_t kind, std::string_view name, const std::vector<std::string_view>& labels = {}) {
    return services().metrics.define(kind, name, "Help", labels, id_);
  }
  modhost_status update(double value, const std::vector<std::string_view>& labels = {}) {
    return services().metrics.update(id_, value, labels);
  }
  bool shows(const std::string& line) {
    const std::string all = metrics_.scrape();
    return ("\n" + all).find("\n" + line + "\n") != std::string::npos;
  }
  Handle id_ = 0;
};

TEST_F(MetricsTest, AreShownWithTheModulesName) {
  ASSERT_EQ(define(MODHOST_COUNTER, "answers_total", {"kind"}), MODHOST_OK);
  EXPECT_EQ(update(1, {"short"}), MODHOST_OK);
  EXPECT_EQ(update(2, {"short"}), MODHOST_OK);
  EXPECT_TRUE(shows("modhost_plugin_answers_total{kind=\"short\",module=\"module\"} 3")) << metrics_.scrape();
  ASSERT_EQ(define(MODHOST_GAUGE, "depth"), MODHOST_OK);
  EXPECT_EQ(update(7), MODHOST_OK);
  EXPECT_EQ(update(-2.5), MODHOST_OK);
  EXPECT_TRUE(shows("modhost_plugin_depth{module=\"module\"} -2.5")) << metrics_.scrape();
  ASSERT_EQ(define(MODHOST_HISTOGRAM, "search_seconds"), MODHOST_OK);
  EXPECT_EQ(update(0.3), MODHOST_OK);
  EXPECT_TRUE(shows("modhost_plugin_search_seconds_count{module=\"module\"} 1")) << metrics_.scrape();
}

TEST_F(MetricsTest, TheSameDefinitionIsTheSameMetric) {
  ASSERT_EQ(define(MODHOST_COUNTER, "a_total", {"x"}), MODHOST_OK);
  const Handle first = id_;
  ASSERT_EQ(define(MODHOST_COUNTER, "a_total", {"x"}), MODHOST_OK);
  EXPECT_EQ(id_, first);
  EXPECT_EQ(define(MODHOST_GAUGE, "a_total", {"x"}), MODHOST_E_CONFLICT);
  EXPECT_EQ(define(MODHOST_COUNTER, "a_total", {"y"}), MODHOST_E_CONFLICT);
}

TEST_F(MetricsTest, WhatIsNoMetricIsRefused) {
  for (const std::string_view name : {"", "A", "1a", "a-b", "a b", "\xc3\xa4"})
    EXPECT_EQ(define(MODHOST_COUNTER, name), MODHOST_E_INVALID) << name;
  EXPECT_EQ(define(MODHOST_COUNTER, std::string(65, 'a')), MODHOST_E_INVALID);
  EXPECT_EQ(define(3, "a"), MODHOST_E_INVALID);
  EXPECT_EQ(define(MODHOST_COUNTER, "a", {"module"}), MODHOST_E_INVALID);
  EXPECT_EQ(define(MODHOST_COUNTER, "a", {"x", "x"}), MODHOST_E_INVALID);
  EXPECT_EQ(define(MODHOST_COUNTER, "a", {"a", "b", "c", "d", "e", "f", "g", "h", "i"}), MODHOST_E_INVALID);
  ASSERT_EQ(define(MODHOST_COUNTER, "a", {"x"}), MODHOST_OK);
  EXPECT_EQ(update(1), MODHOST_E_INVALID) << "its label is missing";
  EXPECT_EQ(update(-1, {"y"}), MODHOST_E_INVALID);
  EXPECT_EQ(update(std::numeric_limits<double>::quiet_NaN(), {"y"}), MODHOST_E_INVALID);
  id_ = 99;
  EXPECT_EQ(update(1, {"y"}), MODHOST_E_INVALID);
}

TEST_F(MetricsTest, NoPluginFillsTheMemoryOfThoseWhoScrape) {
  ASSERT_EQ(define(MODHOST_COUNTER, "a_total", {"who"}), MODHOST_OK);
  for (std::size_t i = 0; i < kSeriesMax + 50; ++i) EXPECT_EQ(update(1, {std::to_string(i)}), MODHOST_OK);
  EXPECT_TRUE(shows("modhost_plugin_a_total{module=\"module\",who=\"other\"} 50"));
  EXPECT_EQ(update(1, {"3"}), MODHOST_OK);
  EXPECT_TRUE(shows("modhost_plugin_a_total{module=\"module\",who=\"3\"} 2"));
  for (std::size_t i = 1; i < kMetricsMax; ++i) ASSERT_EQ(define(MODHOST_GAUGE, "g" + std::to_string(i)), MODHOST_OK);
  EXPECT_EQ(define(MODHOST_GAUGE, "one_too_many"), MODHOST_E_FULL);
}

TEST_F(MetricsTest, TheTableChecksItsArguments) {
  const auto* table = static_cast<const modhost_metrics_service*>(service_table(MODHOST_SERVICE_METRICS));
  ASSERT_NE(table, nullptr);
  const modhost_str label = to_str("kind"), value = to_str("short");
  modhost_metric_id metric = 0;
  EXPECT_EQ(table->define(host(), MODHOST_COUNTER, to_str("b_total"), to_str("Help"), &label, 1, &metric), MODHOST_OK);
  EXPECT_EQ(table->update(host(), metric, 1, &value, 1), MODHOST_OK);
  EXPECT_EQ(table->update(host(), metric, 1, nullptr, 1), MODHOST_E_INVALID);
  EXPECT_EQ(table->define(host(), MODHOST_COUNTER, to_str("c"), {nullptr, 5}, nullptr, 0, &metric), MODHOST_E_INVALID);
  EXPECT_EQ(table->define(host(), MODHOST_COUNTER, to_str("c"), {}, nullptr, 0, nullptr), MODHOST_E_INVALID);
  EXPECT_TRUE(shows("modhost_plugin_b_total{kind=\"short\",module=\"module\"} 1"));
}

}  // namespace
}  // namespace modhost::services
