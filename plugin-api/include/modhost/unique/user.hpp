// Users of the company, and the company's acronyms: /users, /company.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/group.hpp"

namespace modhost::unique {

struct User : Resource {
  std::string id, external_id, first_name, last_name, display_name, user_name, email, created_at, updated_at;
  bool is_active = false;
  Json configuration;  // after a change of it

  struct Find {  // views, for one call
    std::optional<std::int64_t> skip = {}, take = {};
    std::optional<std::string_view> email = {}, display_name = {}, user_name = {};
  };
  static_assert(std::is_trivially_destructible_v<Find>);

  // GET /users
  static Call<Page<User>> list(const Event& event, const Find& find) {
    return detail::get_page<User>(
        event,
        "/users" + detail::query("skip", find.skip, "take", find.take, "email", find.email, "displayName",
                                 find.display_name, "userName", find.user_name),
        "users", find.skip);
  }
  // GET /users/{id}
  static Call<User> retrieve(const Event& event, std::string_view id) {
    return event.api().get(path(id)).then(detail::read_one<User>);
  }
  // GET /users/{id}/groups
  static Call<std::vector<Group>> groups(const Event& event, std::string_view id) {
    return event.api().get(path(id) + "/groups").then(detail::read_list<Group>("groups"));
  }
  // PATCH /users/{userId}/configuration: of the event's user when empty.
  static Call<User> update_configuration(const Event& event, RawJson configuration, std::string_view id = {}) {
    return event.api()
        .patch(path(detail::otherwise(id, event.user_id())) + "/configuration",
               object("userConfiguration", detail::json_of(configuration)))
        .then(detail::read_one<User>);
  }

  static User read(Resource from) {
    using U = User;
    return detail::make<U>(std::move(from), "id", &U::id, "externalId", &U::external_id, "firstName", &U::first_name,
                           "lastName", &U::last_name, "displayName", &U::display_name, "userName", &U::user_name,
                           "email", &U::email, "createdAt", &U::created_at, "updatedAt", &U::updated_at, "active",
                           &U::is_active, "userConfiguration", &U::configuration);
  }

 private:
  static std::string path(std::string_view id) { return "/users/" + url_encode(id); }
};

struct Company {
  // GET /company/acronyms
  static Call<JsonDocument> acronyms(const Event& event) { return event.api().get("/company/acronyms"); }
};

}  // namespace modhost::unique
