// Reports about the use of the platform: /analytics/orders. Ordered, and fetched once they are done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "modhost/unique/file.hpp"
#include "modhost/unique/page.hpp"

namespace modhost::unique {

struct AnalyticsOrder : Resource {
  std::string id, type, state;                           // state: PENDING, RUNNING, DONE, ERROR
  std::string created_at, updated_at, state_updated_at;  // ISO 8601
  Json configuration;

  struct New {                              // views, for one call
    std::string_view type;                  // ACTIVE_USER, CHAT_INTERACTION, CHAT_INTERACTION_DETAILED, INGESTION_STAT,
                                            // MODEL_USAGE, NPS, PRODUCT_METRICS, REFERENCE_STAT, USER_CHAT_EXPORT
    std::string_view start_date, end_date;  // YYYY-MM-DD
    std::optional<std::string_view> assistant_id = {};
  };
  static_assert(std::is_trivially_destructible_v<New>);

  // POST /analytics/orders
  static Call<AnalyticsOrder> create(const Event& event, const New& order) {
    const JsonText body = detail::body("type", order.type, "startDate", order.start_date, "endDate", order.end_date,
                                       "assistantId", order.assistant_id);
    return event.api().post("/analytics/orders", body).then(detail::read_one<AnalyticsOrder>);
  }
  // GET /analytics/orders: the platform gives 20 without `take`, at most 100.
  static Call<Page<AnalyticsOrder>> list(const Event& event, std::optional<std::int64_t> skip = {},
                                         std::optional<std::int64_t> take = {}) {
    return detail::get_page<AnalyticsOrder>(event, "/analytics/orders" + detail::query("skip", skip, "take", take),
                                            "data", skip);
  }
  // GET /analytics/orders/{id}
  static Call<AnalyticsOrder> retrieve(const Event& event, std::string_view id) {
    return event.api().get(path(id)).then(detail::read_one<AnalyticsOrder>);
  }
  // GET /analytics/orders/{id}/download: CSV in UTF-8, which begins with a byte order mark.
  static Call<File> download(const Event& event, std::string_view id) {
    return detail::get_file(event, path(id) + "/download");
  }
  // DELETE /analytics/orders/{id}
  static Call<AnalyticsOrder> remove(const Event& event, std::string_view id) {
    return event.api().remove(path(id)).then(detail::read_one<AnalyticsOrder>);
  }

  static AnalyticsOrder read(Resource from) {
    using O = AnalyticsOrder;
    return detail::make<O>(std::move(from), "id", &O::id, "type", &O::type, "state", &O::state, "createdAt",
                           &O::created_at, "updatedAt", &O::updated_at, "stateUpdatedAt", &O::state_updated_at,
                           "configuration", &O::configuration);
  }

 private:
  static std::string path(std::string_view id) { return "/analytics/orders/" + url_encode(id); }
};

}  // namespace modhost::unique
