// Analytics, briefings; benchmarking is not simulated. (Dossier 3.18.)
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr const char* kOrder = "AnalyticsOrder";
constexpr std::size_t kTakeDefault = 20, kTakeMax = 100;
constexpr rapidjson::SizeType kBriefingPromptsMax = 200;
constexpr std::size_t kBriefingBytesMax = 4000, kBriefingTitleMax = 100;

http::Response create_order(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string type =
      check.choice("type", {"ACTIVE_USER", "CHAT_INTERACTION", "CHAT_INTERACTION_DETAILED", "INGESTION_STAT",
                            "MODEL_USAGE", "NPS", "PRODUCT_METRICS", "REFERENCE_STAT", "USER_CHAT_EXPORT"});
  const std::string from = check.text("startDate"), to = check.text("endDate");
  const auto space = check.optional_text("assistantId");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const std::string id = new_id("order_");
  return json_answer(
      201,
      call.on.records.put(
          kOrder, id, "",
          JsonObject()
              .text("id", id)
              .text("object", "analytics-order")
              .text("type", type)
              .text("state", "DONE")
              .raw("configuration",
                   JsonObject().text("startDate", from).text("endDate", to).text_or_null("assistantId", space).str())
              .time("stateUpdatedAt", call.on.clock.unix_now())
              .str()));
}

http::Response list_orders(const ApiCall& call) {
  std::vector<std::string> complaints;
  const std::size_t skip = call.number("skip", 0, SIZE_MAX, complaints);
  const std::size_t take = call.number("take", kTakeDefault, kTakeMax, complaints);
  if (!complaints.empty()) return validation_error(complaints);
  std::vector<std::string> orders = call.on.records.list(kOrder);
  orders.erase(orders.begin(), orders.begin() + static_cast<std::ptrdiff_t>(std::min(skip, orders.size())));
  if (orders.size() > take) orders.resize(take);
  return json_answer(200, json_list(orders));
}

http::Response get_order(const ApiCall& call) { return record_answer(call.on.records.find(kOrder, call.ids[0])); }
http::Response remove_order(const ApiCall& call) { return record_answer(call.on.records.remove(kOrder, call.ids[0])); }

http::Response download_order(const ApiCall& call) {
  if (const auto order = call.on.records.find(kOrder, call.ids[0]); !order) return application_error(order.error());
  return {200,
          "text/csv; charset=utf-8",
          "\xEF\xBB\xBF"
          "date,value\n",
          {},
          false};
}

http::Response put_briefing(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string text = check.text("text");
  const auto at = check.optional_time("generatedAt");
  const rapidjson::Value* prompts = check.array("prompts");
  if (text.size() > kBriefingBytesMax) check.complain("text must be shorter than or equal to 4000 characters");
  if (!at) check.complain("generatedAt must be a valid ISO 8601 date string");
  if (prompts != nullptr && prompts->Size() > kBriefingPromptsMax)
    check.complain("prompts must contain no more than 200 elements");
  if (prompts != nullptr)
    for (const auto& one : prompts->GetArray())
      if (!one.IsObject() || string_member(one, "title").empty() || string_member(one, "body").empty() ||
          string_member(one, "title").size() > kBriefingTitleMax ||
          string_member(one, "body").size() > kBriefingBytesMax)
        check.complain("each value in prompts must have a title of up to 100 and a body of up to 4000 characters");
  check.refuse_others();
  if (!check.is_good() || prompts == nullptr) return validation_error(check.complaints());
  return json_answer(200, call.on.records.put("Briefing", call.ids[0], "",
                                              JsonObject()
                                                  .text("object", "briefing")
                                                  .text("assistantId", call.ids[0])
                                                  .text("text", text)
                                                  .time("generatedAt", at)
                                                  .raw("prompts", to_json(*prompts))
                                                  .str()));
}

http::Response benchmark_status(const ApiCall& /*call*/) {
  return json_answer(200, R"({"done":0,"error":0,"total":0,"filename":null,"status":"IDLE"})");
}

http::Response not_simulated(const ApiCall& call) {
  return nest_error(501,
                    "the stand-in does not simulate " + call.request.method + " " + std::string(call.request.path()));
}

}  // namespace

void add_report_routes(Routes& routes) {
  const Routes mine = {{"POST", "analytics/orders", create_order},
                       {"GET", "analytics/orders", list_orders},
                       {"GET", "analytics/orders/:", get_order},
                       {"DELETE", "analytics/orders/:", remove_order},
                       {"GET", "analytics/orders/:/download", download_order},
                       {"PUT", "briefings/:", put_briefing},
                       {"GET", "benchmarking/status", benchmark_status},
                       {"GET", "benchmarking/action/download", not_simulated},
                       {"GET", "benchmarking/action/template-download", not_simulated}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
