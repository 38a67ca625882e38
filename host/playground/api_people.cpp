// Users, groups, company. (Dossier 3.16.)
#include <algorithm>
#include <array>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr const char *kGroup = "Group", *kMembership = "Membership";
constexpr std::size_t kTakeMax = 1000;

struct Person {
  std::string_view id, first_name, last_name, user_name;
};

// An invented company; the first is who types in the chat page.
constexpr std::array<Person, 3> kPersons = {{{"100000000000000001", "Ada", "Muster", "ada.muster"},
                                             {"100000000000000002", "Beat", "Keller", "beat.keller"},
                                             {"100000000000000003", "Chiara", "Rossi", "chiara.rossi"}}};

JsonObject user_object(const ApiCall& call, const Person& person) {
  const std::string name(person.user_name), first(person.first_name), last(person.last_name);
  const UnixMillis since = call.on.platform.started_at();
  return JsonObject()
      .text("id", person.id)
      .text("object", "user")
      .text("externalId", "ext_" + std::string(person.id))
      .text("firstName", first)
      .text("lastName", last)
      .text("displayName", first + " " + last)
      .text("userName", name)
      .text("email", name + "@stand-in.example")
      .time("updatedAt", since)
      .time("createdAt", since)
      .flag("active", true);
}

// Every id that acts is a user's: who is not of the company is a guest.
Person person_of(const ApiCall& call, const std::string& id) {
  for (const Person& one : kPersons)
    if (one.id == id) return one;
  return id == call.user_id ? Person{call.user_id, "Guest", "User", "guest"} : Person{};
}

http::Response list_users(const ApiCall& call) {
  std::vector<std::string> complaints;
  const std::size_t skip = call.number("skip", 0, SIZE_MAX, complaints);
  const std::size_t take = call.number("take", 100, kTakeMax, complaints);
  if (!complaints.empty()) return validation_error(complaints);
  std::vector<Person> found(kPersons.begin(), kPersons.end());
  std::erase_if(found, [&](const Person& one) {
    const auto email = call.parameter("email"), display = call.parameter("displayName"),
               name = call.parameter("userName");
    return (email && *email != std::string(one.user_name) + "@stand-in.example") ||
           (display && *display != std::string(one.first_name) + " " + std::string(one.last_name)) ||
           (name && *name != one.user_name);
  });
  found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(std::min(skip, found.size())));
  if (found.size() > take) found.resize(take);
  return json_answer(
      200, JsonObject()
               .raw("users", json_array(found, [&](const Person& one) { return user_object(call, one).str(); }))
               .str());
}

http::Response get_user(const ApiCall& call) {
  const Person person = person_of(call, call.ids[0]);
  if (person.id.empty()) return application_error(not_found("User " + call.ids[0] + " not found"));
  return json_answer(200, user_object(call, person).str());
}

http::Response user_groups(const ApiCall& call) {
  std::vector<std::string> groups;
  for (const std::string& group : call.on.records.list(kGroup)) {
    const std::string id(string_member(parse_json(group).value(), "id"));
    if (call.on.records.find(kMembership, id + "/" + call.ids[0])) groups.push_back(group);
  }
  return json_answer(200, JsonObject().raw("groups", json_list(groups)).str());
}

http::Response configure_user(const ApiCall& call) {
  BodyCheck check(call.body);
  const auto configuration = check.optional_object("userConfiguration");
  if (!configuration) check.complain("userConfiguration must be an object");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const Person person = person_of(call, call.ids[0]);
  if (person.id.empty()) return application_error(not_found("User " + call.ids[0] + " not found"));
  return json_answer(200, user_object(call, person).raw("userConfiguration", *configuration).str());
}

http::Response list_groups(const ApiCall& call) {
  std::vector<std::string> complaints;
  const std::size_t skip = call.number("skip", 0, SIZE_MAX, complaints);
  const std::size_t take = call.number("take", 100, kTakeMax, complaints);
  if (!complaints.empty()) return validation_error(complaints);
  std::vector<std::string> groups = call.on.records.list(kGroup);
  if (const auto name = call.parameter("name"))
    std::erase_if(groups, [&](const std::string& group) {
      return string_member(parse_json(group).value(), "name").find(*name) == std::string_view::npos;
    });
  groups.erase(groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(std::min(skip, groups.size())));
  if (groups.size() > take) groups.resize(take);
  return json_answer(200, JsonObject().raw("groups", json_list(groups)).str());
}

http::Response create_group(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string name = check.text("name");
  const auto external = check.optional_text("externalId"), parent = check.optional_text("parentId");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const std::string id = new_id("group_");
  return json_answer(201, call.on.records.put(kGroup, id, "",
                                              JsonObject()
                                                  .text("id", id)
                                                  .text("object", "group")
                                                  .text("name", name)
                                                  .text_or_null("externalId", external)
                                                  .text_or_null("parentId", parent)
                                                  .raw("members", "[]")
                                                  .str()));
}

http::Response update_group(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("name");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return record_answer(call.on.records.merge(kGroup, call.ids[0], call.body));
}

http::Response configure_group(const ApiCall& call) {
  BodyCheck check(call.body);
  if (!check.optional_object("configuration")) check.complain("configuration must be an object");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return record_answer(call.on.records.merge(kGroup, call.ids[0], call.body));
}

http::Response remove_group(const ApiCall& call) {
  const auto was = call.on.records.remove(kGroup, call.ids[0]);
  return was ? json_answer(200, JsonObject().text("id", call.ids[0]).str()) : application_error(was.error());
}

void show_members(const ApiCall& call, const std::string& group_id) {
  const std::string members = json_array(call.on.records.list(kMembership, group_id), [](const std::string& one) {
    return JsonObject().text("entityId", string_member(parse_json(one).value(), "entityId")).str();
  });
  const auto changes = parse_json(JsonObject().raw("members", members).str()).value();
  [[maybe_unused]] const auto shown = call.on.records.merge(kGroup, group_id, changes);  // it may be gone by now
}

http::Response add_members(const ApiCall& call) {
  BodyCheck check(call.body);
  const rapidjson::Value* users = check.array("userIds");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  if (const auto group = call.on.records.find(kGroup, call.ids[0]); !group) return application_error(group.error());
  std::vector<std::string> made;
  for (const auto& user : users->GetArray()) {
    if (!user.IsString()) return validation_error({"each value in userIds must be a string"});
    made.push_back(
        call.on.records.put(kMembership, call.ids[0] + "/" + user.GetString(), call.ids[0],
                            JsonObject().text("entityId", user.GetString()).text("groupId", call.ids[0]).str()));
  }
  show_members(call, call.ids[0]);
  return json_answer(201, JsonObject().raw("memberships", json_list(made)).str());
}

http::Response remove_members(const ApiCall& call) {
  if (const auto group = call.on.records.find(kGroup, call.ids[0]); !group) return application_error(group.error());
  for (const std::string& user : call.parameters("userIds"))
    [[maybe_unused]] const auto was = call.on.records.remove(kMembership, call.ids[0] + "/" + user);
  show_members(call, call.ids[0]);
  return json_answer(200, R"({"success":true})");
}

http::Response acronyms(const ApiCall& /*call*/) {
  return json_answer(200, R"({"ARR":"annual recurring revenue","CFO":"chief financial officer"})");
}

}  // namespace

void add_people_routes(Routes& routes) {
  const Routes mine = {{"GET", "users", list_users},
                       {"GET", "users/:", get_user},
                       {"GET", "users/:/groups", user_groups},
                       {"PATCH", "users/:/configuration", configure_user},
                       {"GET", "groups", list_groups},
                       {"POST", "groups", create_group},
                       {"PATCH", "groups/:", update_group},
                       {"DELETE", "groups/:", remove_group},
                       {"POST", "groups/:/users", add_members},
                       {"DELETE", "groups/:/users", remove_members},
                       {"PATCH", "groups/:/configuration", configure_group},
                       {"GET", "company/acronyms", acronyms}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
