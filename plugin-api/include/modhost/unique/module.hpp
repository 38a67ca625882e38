// Modules of a space: /modules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/confirmation.hpp"
#include "modhost/unique/detail/query.hpp"

namespace modhost::unique {

struct Module : Resource {
  std::string id, name, description, assistant_id, module_template_id, created_at, updated_at;
  std::int64_t weight = 0;
  bool is_external = false, is_custom_instruction_enabled = false;
  Json configuration, tool_definition;

  // What one is made of; views, for one call. A new one needs a name.
  struct Settings {
    std::optional<std::string_view> name = {}, description = {};
    std::optional<std::int64_t> weight = {};
    std::optional<bool> is_external = {}, is_custom_instruction_enabled = {};
    RawJson configuration = {}, tool_definition = {};
    std::optional<std::string_view> module_template_id = {};  // of a new one
    [[nodiscard]] JsonText json() const { return object(fields()); }
    [[nodiscard]] detail::Fields fields() const {
      return detail::fields("name", name, "description", description, "weight", weight, "isExternal", is_external,
                            "isCustomInstructionEnabled", is_custom_instruction_enabled, "configuration", configuration,
                            "toolDefinition", tool_definition, "moduleTemplateId", module_template_id);
    }
  };
  static_assert(std::is_trivially_destructible_v<Settings>);

  // GET /modules
  static Call<std::vector<Module>> list(const Event& event, std::optional<std::string_view> assistant_id = {}) {
    return event.api()
        .get("/modules" + detail::query("assistantId", assistant_id))
        .then(detail::read_list<Module>("data"));
  }
  // GET /modules/{id}
  static Call<Module> retrieve(const Event& event, std::string_view id) {
    return event.api().get(path(id)).then(detail::read_one<Module>);
  }
  // POST /modules
  static Call<Module> create(const Event& event, std::string_view assistant_id, const Settings& settings) {
    detail::Fields body = settings.fields();
    body.push_back({"assistantId", assistant_id});
    return event.api().post("/modules", object(body)).then(detail::read_one<Module>);
  }
  // PATCH /modules/{id}: what is not given stays as it is.
  static Call<Module> modify(const Event& event, std::string_view id, const Settings& settings) {
    return event.api().patch(path(id), settings.json()).then(detail::read_one<Module>);
  }
  // DELETE /modules/{id}
  static Call<Confirmation> remove(const Event& event, std::string_view id) {
    return event.api().remove(path(id)).then(detail::read_one<Confirmation>);
  }

  static Module read(Resource from) {
    using M = Module;
    return detail::make<M>(std::move(from), "id", &M::id, "name", &M::name, "description", &M::description,
                           "assistantId", &M::assistant_id, "moduleTemplateId", &M::module_template_id, "weight",
                           &M::weight, "isExternal", &M::is_external, "isCustomInstructionEnabled",
                           &M::is_custom_instruction_enabled, "configuration", &M::configuration, "toolDefinition",
                           &M::tool_definition, "createdAt", &M::created_at, "updatedAt", &M::updated_at);
  }

 private:
  static std::string path(std::string_view id) { return "/modules/" + url_encode(id); }
};

}  // namespace modhost::unique
