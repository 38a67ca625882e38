// Folders of the knowledge base, which the platform also calls scopes: /folder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/page.hpp"

namespace modhost::unique {

struct Folder : Resource {
  std::string id, name, parent_id, external_id, created_at, updated_at;
  std::string path, fail_reason;                  // only of a removal
  Json ingestion_config, scope_access, children;  // the last two only after a change of access or configuration

  // Which folder: one of the two.
  struct Which {  // views, all of them, for one call
    std::optional<std::string_view> scope_id = {};
    std::optional<std::string_view> path = {};  // "/A/B"
  };
  struct Find {
    std::optional<std::string_view> parent_id = {};  // the roots without one
    std::optional<std::int64_t> take = {}, skip = {};
  };
  struct New {
    std::span<const std::string_view> paths = {};  // from the root; or the next two
    std::optional<std::string_view> parent_scope_id = {};
    std::span<const std::string_view> relative_paths = {};
    std::optional<bool> inherit_access = {};
  };
  struct Access {
    std::string_view entity_id;
    std::string_view type = "READ";         // WRITE
    std::string_view entity_type = "USER";  // GROUP
    [[nodiscard]] JsonText json() const {
      return object("entityId", entity_id, "type", type, "entityType", entity_type);
    }
  };
  struct Change {
    std::optional<std::string_view> parent_id = {}, name = {};
  };
  static_assert(std::is_trivially_destructible_v<Which> && std::is_trivially_destructible_v<Find> &&
                std::is_trivially_destructible_v<New> && std::is_trivially_destructible_v<Access>);

  struct Moved : Resource {
    std::string scope_id, job_id, message;
    bool is_rebuilding_metadata = false;  // goes on after the answer
    std::int64_t affected_files = 0;
    static Moved read(Resource from) {
      using M = Moved;
      return detail::make<M>(std::move(from), "scopeId", &M::scope_id, "jobId", &M::job_id, "message", &M::message,
                             "asyncMetadataRebuild", &M::is_rebuilding_metadata, "affectedFiles", &M::affected_files);
    }
  };
  struct Removal : Resource {
    std::vector<Folder> succeeded, failed;
    static Removal read(Resource from) {
      return detail::make<Removal>(std::move(from), "successFolders", &Removal::succeeded, "failedFolders",
                                   &Removal::failed);
    }
  };

  // GET /folder/{scopeId}/path
  static Call<std::string> path_of(const Event& event, std::string_view scope_id) {
    return event.api().get(at(scope_id) + "/path").then([](const JsonDocument& answer) {
      return answer["folderPath"].text();
    });
  }
  // GET /folder/info
  static Call<Folder> info(const Event& event, const Which& which) {
    return event.api()
        .get("/folder/info" + detail::query("scopeId", which.scope_id, "folderPath", which.path))
        .then(detail::read_one<Folder>);
  }
  // GET /folder/infos
  static Call<Page<Folder>> list(const Event& event, const Find& find) {
    const std::string query = detail::query("parentId", find.parent_id, "take", find.take, "skip", find.skip);
    return detail::get_page<Folder>(event, "/folder/infos" + query, "folderInfos", find.skip);
  }
  // POST /folder: the folders made, in the order of the paths.
  static Call<std::vector<Folder>> create(const Event& event, const New& with) {
    return event.api()
        .post("/folder", detail::body("paths", with.paths, "parentScopeId", with.parent_scope_id, "relativePaths",
                                      with.relative_paths, "inheritAccess", with.inherit_access))
        .then(detail::read_list<Folder>("createdFolders"));
  }
  // PATCH /folder/ingestion-config: replaces the whole configuration.
  static Call<Folder> update_ingestion_config(const Event& event, const Which& which, RawJson config,
                                              bool apply_to_sub_scopes) {
    return change(event, "/folder/ingestion-config", which, "ingestionConfig", detail::json_of(config),
                  apply_to_sub_scopes);
  }
  // PATCH /folder/add-access
  static Call<Folder> add_access(const Event& event, const Which& which, std::span<const Access> accesses,
                                 bool apply_to_sub_scopes) {
    return change(event, "/folder/add-access", which, "scopeAccesses", detail::json_of(accesses), apply_to_sub_scopes);
  }
  // PATCH /folder/remove-access
  static Call<Folder> remove_access(const Event& event, const Which& which, std::span<const Access> accesses,
                                    bool apply_to_sub_scopes) {
    return change(event, "/folder/remove-access", which, "scopeAccesses", detail::json_of(accesses),
                  apply_to_sub_scopes);
  }
  // PATCH /folder/{scopeId}
  static Call<Folder> update(const Event& event, std::string_view scope_id, const Change& with) {
    return event.api()
        .patch(at(scope_id), detail::body("scopeId", scope_id, "parentId", with.parent_id, "name", with.name))
        .then(detail::read_one<Folder>);
  }
  // POST /folder/{scopeId}/move
  static Call<Moved> move(const Event& event, std::string_view scope_id, std::string_view new_parent_id) {
    return event.api().post(at(scope_id) + "/move", object("newParentId", new_parent_id)).then(detail::read_one<Moved>);
  }
  // DELETE /folder/{scopeId}
  static Call<Removal> remove(const Event& event, std::string_view scope_id, std::optional<bool> recursive = {}) {
    return event.api().remove(at(scope_id) + detail::query("recursive", recursive)).then(detail::read_one<Removal>);
  }

  static Folder read(Resource from) {
    using F = Folder;
    return detail::make<F>(std::move(from), "id", &F::id, "name", &F::name, "parentId", &F::parent_id, "externalId",
                           &F::external_id, "createdAt", &F::created_at, "updatedAt", &F::updated_at, "ingestionConfig",
                           &F::ingestion_config, "scopeAccess", &F::scope_access, "children", &F::children, "path",
                           &F::path, "failReason", &F::fail_reason);
  }

 private:
  static std::string at(std::string_view scope_id) { return "/folder/" + url_encode(scope_id); }
  static Call<Folder> change(const Event& event, std::string target, const Which& which, std::string_view name,
                             const JsonText& value, bool apply_to_sub_scopes) {
    return event.api()
        .patch(std::move(target), detail::body("scopeId", which.scope_id, "folderPath", which.path, name, value,
                                               "applyToSubScopes", apply_to_sub_scopes))
        .then(detail::read_one<Folder>);
  }
};

}  // namespace modhost::unique
