// Spaces, which the platform also calls assistants: /space. chat.hpp has their chats.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/module.hpp"
#include "modhost/unique/page.hpp"

namespace modhost::unique {

struct SpaceAccess : Resource {
  std::string id, entity_id, entity_type, type;

  struct New {  // views, for one call
    std::string_view entity_id;
    std::string_view entity_type = "USER";  // GROUP
    std::string_view type = "USE";          // MANAGE, UPLOAD
    [[nodiscard]] JsonText json() const {
      return object("entityId", entity_id, "entityType", entity_type, "type", type);
    }
  };

  // GET /space/{id}/access
  static Call<std::vector<SpaceAccess>> list(const Event& event, std::string_view space_id) {
    return event.api().get(path(space_id)).then(detail::read_list<SpaceAccess>("access"));
  }
  // POST /space/{id}/access
  static Call<std::vector<SpaceAccess>> add(const Event& event, std::string_view space_id, std::span<const New> all) {
    return event.api()
        .post(path(space_id), object("access", detail::json_of(all)))
        .then(detail::read_list<SpaceAccess>("access"));
  }
  // DELETE /space/{id}/access
  static Call<Confirmation> remove(const Event& event, std::string_view space_id,
                                   std::span<const std::string_view> access_ids) {
    return event.api()
        .remove(path(space_id) + detail::query("accessIds", access_ids))
        .then(detail::read_one<Confirmation>);
  }
  static SpaceAccess read(Resource from) {
    using A = SpaceAccess;
    return detail::make<A>(std::move(from), "id", &A::id, "entityId", &A::entity_id, "entityType", &A::entity_type,
                           "type", &A::type);
  }

 private:
  static std::string path(std::string_view space_id) { return "/space/" + url_encode(space_id) + "/access"; }
};

struct Space : Resource {
  std::string id, name, title, subtitle, explanation, alert, chat_upload, language_model, fallback_module, ui_type;
  std::string created_at, updated_at;  // ISO 8601
  bool is_external = false, is_pinned = false, is_sub_agent = false, allow_model_switching = false;
  std::vector<Module> modules;
  std::vector<SpaceAccess> access;
  Json settings, scope_rules, sub_agents, sub_agent_settings, mcp_servers;

  struct Find {                                        // views, for one call
    std::optional<std::string_view> name = {};         // a part of it
    std::optional<std::int64_t> skip = {}, take = {};  // the platform's defaults are 0 and 50, at most 1000
  };
  // Views, for one call. A new one needs name, fallback_module and modules.
  struct Settings {
    std::optional<std::string_view> name = {}, fallback_module = {};
    std::span<const Module::Settings> modules = {};  // of a new one
    RawJson module_changes = {};                     // of one that is there: [{"moduleId", "configuration", ...}]
    std::optional<std::string_view> title = {}, explanation = {}, alert = {}, language_model = {};
    std::optional<std::string_view> chat_upload = {};  // ENABLED, DISABLED
    std::optional<std::string_view> ui_type = {};      // MAGIC_TABLE, UNIQUE_CUSTOM, TRANSLATION, UNIQUE_AI
    std::optional<bool> is_external = {}, is_pinned = {}, is_sub_agent = {}, allow_model_switching = {};
    std::optional<bool> allow_end_user_space = {};
    RawJson switchable_language_models = {}, settings = {}, assistant_prompts = {}, sub_agent_settings = {};
    std::span<const std::string_view> sub_agent_ids = {};
    [[nodiscard]] JsonText json() const {
      return detail::body("name", name, "fallbackModule", fallback_module, "modules", modules, "modules",
                          module_changes, "title", title, "explanation", explanation, "alert", alert, "languageModel",
                          language_model, "chatUpload", chat_upload, "uiType", ui_type, "isExternal", is_external,
                          "isPinned", is_pinned, "isSubAgent", is_sub_agent, "allowModelSwitching",
                          allow_model_switching, "allowEndUserSpace", allow_end_user_space, "switchableLanguageModels",
                          switchable_language_models, "settings", settings, "assistantPrompts", assistant_prompts,
                          "subAgentSettings", sub_agent_settings, "subAgentIds", sub_agent_ids);
    }
  };
  static_assert(std::is_trivially_destructible_v<Settings> && std::is_trivially_destructible_v<Find>);

  // GET /space
  static Call<Page<Space>> list(const Event& event, const Find& find) {
    return detail::get_page<Space>(
        event, "/space" + detail::query("name", find.name, "skip", find.skip, "take", find.take), "data", find.skip);
  }
  // GET /space/{id}
  static Call<Space> retrieve(const Event& event, std::string_view id) {
    return event.api().get(path(id)).then(detail::read_one<Space>);
  }
  // POST /space
  static Call<Space> create(const Event& event, const Settings& settings) {
    return event.api().post("/space", settings.json()).then(detail::read_one<Space>);
  }
  // PATCH /space/{id}: what is not given stays as it is.
  static Call<Space> update(const Event& event, std::string_view id, const Settings& settings) {
    return event.api().patch(path(id), settings.json()).then(detail::read_one<Space>);
  }
  // DELETE /space/{id}
  static Call<Confirmation> remove(const Event& event, std::string_view id) {
    return event.api().remove(path(id)).then(detail::read_one<Confirmation>);
  }

  static Space read(Resource from) {
    using S = Space;
    return detail::make<S>(
        std::move(from), "id", &S::id, "name", &S::name, "title", &S::title, "subtitle", &S::subtitle, "explanation",
        &S::explanation, "alert", &S::alert, "chatUpload", &S::chat_upload, "languageModel", &S::language_model,
        "fallbackModule", &S::fallback_module, "uiType", &S::ui_type, "createdAt", &S::created_at, "updatedAt",
        &S::updated_at, "isExternal", &S::is_external, "isPinned", &S::is_pinned, "isSubAgent", &S::is_sub_agent,
        "allowModelSwitching", &S::allow_model_switching, "modules", &S::modules, "assistantAccess", &S::access,
        "settings", &S::settings, "scopeRules", &S::scope_rules, "subAgents", &S::sub_agents, "subAgentSettings",
        &S::sub_agent_settings, "assistantMcpServers", &S::mcp_servers);
  }

 private:
  static std::string path(std::string_view id) { return "/space/" + url_encode(id); }
};

}  // namespace modhost::unique
