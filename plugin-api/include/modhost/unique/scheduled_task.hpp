// Prompts that the platform sends by itself at given times: /scheduled-tasks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/confirmation.hpp"

namespace modhost::unique {

struct ScheduledTask : Resource {
  std::string id, cron_expression, assistant_id, assistant_name, chat_id, prompt;
  std::string last_run_at, created_at, updated_at;  // ISO 8601; empty when not set
  bool is_enabled = false;

  // Views, for one call. A new one needs the first three.
  struct Settings {
    std::optional<std::string_view> cron_expression = {};  // five fields, in UTC
    std::optional<std::string_view> assistant_id = {}, prompt = {};
    std::optional<std::string_view> chat_id = {};  // a new chat each time without one
    std::optional<bool> is_enabled = {};
    [[nodiscard]] JsonText json() const {
      return detail::body("cronExpression", cron_expression, "assistantId", assistant_id, "prompt", prompt, "chatId",
                          chat_id, "enabled", is_enabled);
    }
  };
  static_assert(std::is_trivially_destructible_v<Settings>);

  // GET /scheduled-tasks
  static Call<std::vector<ScheduledTask>> list(const Event& event) {
    return event.api().get("/scheduled-tasks").then(detail::read_list<ScheduledTask>("data"));
  }
  // GET /scheduled-tasks/{id}
  static Call<ScheduledTask> retrieve(const Event& event, std::string_view id) {
    return event.api().get(path(id)).then(detail::read_one<ScheduledTask>);
  }
  // POST /scheduled-tasks
  static Call<ScheduledTask> create(const Event& event, const Settings& settings) {
    return event.api().post("/scheduled-tasks", settings.json()).then(detail::read_one<ScheduledTask>);
  }
  // PATCH /scheduled-tasks/{id}: what is not given stays as it is.
  static Call<ScheduledTask> modify(const Event& event, std::string_view id, const Settings& settings) {
    return event.api().patch(path(id), settings.json()).then(detail::read_one<ScheduledTask>);
  }
  // DELETE /scheduled-tasks/{id}
  static Call<Confirmation> remove(const Event& event, std::string_view id) {
    return event.api().remove(path(id)).then(detail::read_one<Confirmation>);
  }

  static ScheduledTask read(Resource from) {
    using T = ScheduledTask;
    return detail::make<T>(std::move(from), "id", &T::id, "cronExpression", &T::cron_expression, "assistantId",
                           &T::assistant_id, "assistantName", &T::assistant_name, "chatId", &T::chat_id, "prompt",
                           &T::prompt, "lastRunAt", &T::last_run_at, "createdAt", &T::created_at, "updatedAt",
                           &T::updated_at, "enabled", &T::is_enabled);
  }

 private:
  static std::string path(std::string_view id) { return "/scheduled-tasks/" + url_encode(id); }
};

}  // namespace modhost::unique
