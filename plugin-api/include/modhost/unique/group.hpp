// Groups of users: /groups.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/confirmation.hpp"
#include "modhost/unique/page.hpp"

namespace modhost::unique {

struct GroupMember : Resource {
  std::string entity_id, group_id, created_at;
  static GroupMember read(Resource from) {
    using M = GroupMember;
    return detail::make<M>(std::move(from), "entityId", &M::entity_id, "groupId", &M::group_id, "createdAt",
                           &M::created_at);
  }
};

struct Group : Resource {
  std::string id, name, external_id, parent_id, created_at, updated_at;
  std::vector<GroupMember> members;
  Json configuration;

  struct Find {  // views, for one call
    std::optional<std::int64_t> skip = {}, take = {};
    std::optional<std::string_view> name = {};
  };
  static_assert(std::is_trivially_destructible_v<Find>);

  // GET /groups
  static Call<Page<Group>> list(const Event& event, const Find& find) {
    return detail::get_page<Group>(
        event, "/groups" + detail::query("skip", find.skip, "take", find.take, "name", find.name), "groups", find.skip);
  }
  // POST /groups
  static Call<Group> create(const Event& event, std::string_view name, std::optional<std::string_view> external_id = {},
                            std::optional<std::string_view> parent_id = {}) {
    return event.api()
        .post("/groups", detail::body("name", name, "externalId", external_id, "parentId", parent_id))
        .then(detail::read_one<Group>);
  }
  // PATCH /groups/{id}
  static Call<Group> update(const Event& event, std::string_view id, std::string_view name) {
    return event.api().patch(path(id), object("name", name)).then(detail::read_one<Group>);
  }
  // DELETE /groups/{id}
  static Call<Confirmation> remove(const Event& event, std::string_view id) {
    return event.api().remove(path(id)).then(detail::read_one<Confirmation>);
  }
  // POST /groups/{id}/users
  static Call<std::vector<GroupMember>> add_users(const Event& event, std::string_view id,
                                                  std::span<const std::string_view> user_ids) {
    return event.api()
        .post(path(id) + "/users", object("userIds", detail::json_of(user_ids)))
        .then(detail::read_list<GroupMember>("memberships"));
  }
  // DELETE /groups/{id}/users
  static Call<Confirmation> remove_users(const Event& event, std::string_view id,
                                         std::span<const std::string_view> user_ids) {
    return event.api()
        .remove(path(id) + "/users" + detail::query("userIds", user_ids))
        .then(detail::read_one<Confirmation>);
  }
  // PATCH /groups/{id}/configuration
  static Call<Group> update_configuration(const Event& event, std::string_view id, RawJson configuration) {
    return event.api()
        .patch(path(id) + "/configuration", object("configuration", detail::json_of(configuration)))
        .then(detail::read_one<Group>);
  }

  static Group read(Resource from) {
    using G = Group;
    return detail::make<G>(std::move(from), "id", &G::id, "name", &G::name, "externalId", &G::external_id, "parentId",
                           &G::parent_id, "createdAt", &G::created_at, "updatedAt", &G::updated_at, "members",
                           &G::members, "configuration", &G::configuration);
  }

 private:
  static std::string path(std::string_view id) { return "/groups/" + url_encode(id); }
};

}  // namespace modhost::unique
