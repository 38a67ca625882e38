// Folders, "scopes" in ids. (Dossier 3.11.)
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr const char* kFolder = "Folder";
constexpr std::size_t kTakeDefault = 50, kTakeMax = 1000, kPathsMax = 100, kDepthMax = 64;

struct Folder {
  std::string id, name, parent_id, json;
};

Folder folder_of(const std::string& json) {
  const auto document = parse_json(json).value();
  return {std::string(string_member(document, "id")), std::string(string_member(document, "name")),
          std::string(string_member(document, "parentId")), json};
}

std::vector<Folder> all_folders(const ApiCall& call) {
  std::vector<Folder> folders;
  for (const std::string& json : call.on.records.list(kFolder)) folders.push_back(folder_of(json));
  return folders;
}

Result<Folder> find_folder(const ApiCall& call, const std::string& id) {
  const auto json = call.on.records.find(kFolder, id);
  return json ? Result<Folder>(folder_of(*json)) : Result<Folder>(json.error());
}

std::vector<std::string> names_in(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) names.emplace_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return names;
}

const Folder* child_named(const std::vector<Folder>& folders, const std::string& parent_id, const std::string& name) {
  const auto found = std::find_if(folders.begin(), folders.end(),
                                  [&](const Folder& one) { return one.parent_id == parent_id && one.name == name; });
  return found == folders.end() ? nullptr : &*found;
}

Result<Folder> at_path(const ApiCall& call, const std::string& path) {
  const std::vector<Folder> folders = all_folders(call);
  const Folder* at = nullptr;
  for (const std::string& name : names_in(path)) {
    at = child_named(folders, at == nullptr ? "" : at->id, name);
    if (at == nullptr) break;
  }
  return at == nullptr ? Result<Folder>(not_found("Folder " + path + " not found")) : Result<Folder>(*at);
}

// From scopeId or folderPath, of a query or a body.
Result<Folder> named(const ApiCall& call, const std::optional<std::string>& id,
                     const std::optional<std::string>& path) {
  if (id) return find_folder(call, *id);
  if (path) return at_path(call, *path);
  return invalid("scopeId or folderPath must be a string");
}

http::Response record_of(const Result<Folder>& folder) {
  return folder ? json_answer(200, folder->json) : application_error(folder.error());
}

std::string path_of(const ApiCall& call, Folder folder) {
  std::string path = "/" + folder.name;
  for (std::size_t depth = 0; !folder.parent_id.empty() && depth < kDepthMax; ++depth) {
    const auto parent = find_folder(call, folder.parent_id);
    if (!parent) break;
    folder = *parent;
    path = "/" + folder.name + path;
  }
  return path;
}

http::Response get_path(const ApiCall& call) {
  const auto folder = find_folder(call, call.ids[0]);
  if (!folder) return application_error(folder.error());
  return json_answer(200, JsonObject().text("object", "folder-path").text("folderPath", path_of(call, *folder)).str());
}

http::Response get_info(const ApiCall& call) {
  return record_of(named(call, call.parameter("scopeId"), call.parameter("folderPath")));
}

http::Response get_infos(const ApiCall& call) {
  std::vector<std::string> complaints;
  const std::size_t skip = call.number("skip", 0, SIZE_MAX, complaints);
  const std::size_t take = call.number("take", kTakeDefault, kTakeMax, complaints);
  if (!complaints.empty()) return validation_error(complaints);
  const std::string parent_id = call.parameter("parentId").value_or("");
  std::vector<Folder> folders = all_folders(call);
  std::erase_if(folders, [&](const Folder& one) { return one.parent_id != parent_id; });
  const std::size_t total = folders.size();
  folders.erase(folders.begin(), folders.begin() + static_cast<std::ptrdiff_t>(std::min(skip, total)));
  if (folders.size() > take) folders.resize(take);
  return json_answer(200, JsonObject()
                              .text("object", "folder-infos")
                              .raw("folderInfos", json_array(folders, [](const Folder& one) { return one.json; }))
                              .number("totalCount", static_cast<std::int64_t>(total))
                              .str());
}

std::string make_folder(Records& records, const std::string& id, const std::string& name,
                        const std::string& parent_id) {
  return records.put(kFolder, id, parent_id,
                     JsonObject()
                         .text("id", id)
                         .text("object", "folder")
                         .text("name", name)
                         .raw("ingestionConfig", "{}")
                         .raw("parentId", parent_id.empty() ? "null" : quote_json(parent_id))
                         .raw("externalId", "null")
                         .str());
}

http::Response create(const ApiCall& call) {
  BodyCheck check(call.body);
  const auto parent_id = check.optional_text("parentScopeId");
  const rapidjson::Value* paths = check.array(parent_id ? "relativePaths" : "paths");
  check.optional_flag("inheritAccess");
  check.refuse_others();
  if (paths != nullptr && paths->Size() > kPathsMax) check.complain("too many paths");
  if (!check.is_good() || paths == nullptr) return validation_error(check.complaints());
  if (parent_id)
    if (const auto parent = find_folder(call, *parent_id); !parent) return application_error(parent.error());
  std::vector<std::string> made;
  for (const auto& path : paths->GetArray()) {
    if (!path.IsString()) return validation_error({"each value in paths must be a string"});
    std::string at = parent_id.value_or("");
    const auto names = names_in({path.GetString(), path.GetStringLength()});
    if (names.size() > kDepthMax) return validation_error({"a path may have " + std::to_string(kDepthMax) + " parts"});
    for (const std::string& name : names) {
      const std::vector<Folder> folders = all_folders(call);
      const Folder* known = child_named(folders, at, name);
      const Folder folder =
          known != nullptr ? *known : folder_of(make_folder(call.on.records, new_id("scope_"), name, at));
      if (&name == &names.back())
        made.push_back(JsonObject()
                           .text("id", folder.id)
                           .text("object", "folder")
                           .text("name", folder.name)
                           .raw("parentId", at.empty() ? "null" : quote_json(at))
                           .str());
      at = folder.id;
    }
  }
  return json_answer(201, JsonObject().raw("createdFolders", json_list(made)).str());
}

// {"name": value} as a document that Records merges.
rapidjson::Document changes(const std::string& json) { return parse_json(json).value(); }

http::Response update_ingestion(const ApiCall& call) {
  BodyCheck check(call.body);
  const auto folder = named(call, check.optional_text("scopeId"), check.optional_text("folderPath"));
  const auto config = check.optional_object("ingestionConfig");
  check.optional_flag("applyToSubScopes");
  if (!config) check.complain("ingestionConfig must be an object");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  if (!folder) return application_error(folder.error());
  return record_answer(
      call.on.records.merge(kFolder, folder->id, changes(JsonObject().raw("ingestionConfig", *config).str())));
}

http::Response change_access(const ApiCall& call, bool is_added) {
  BodyCheck check(call.body);
  const auto folder = named(call, check.optional_text("scopeId"), check.optional_text("folderPath"));
  const rapidjson::Value* accesses = check.array("scopeAccesses");
  check.optional_flag("applyToSubScopes");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  if (!folder) return application_error(folder.error());
  std::vector<std::string> kept;
  const auto before = parse_json(folder->json).value();
  if (const auto* list = find_member(before, "scopeAccess"); list != nullptr && list->IsArray())
    for (const auto& one : list->GetArray()) kept.push_back(to_json(one));
  for (const auto& one : accesses->GetArray()) {
    std::erase(kept, to_json(one));
    if (is_added) kept.push_back(to_json(one));
  }
  return record_answer(
      call.on.records.merge(kFolder, folder->id, changes(JsonObject().raw("scopeAccess", json_list(kept)).str())));
}

http::Response add_access(const ApiCall& call) { return change_access(call, true); }
http::Response remove_access(const ApiCall& call) { return change_access(call, false); }

bool is_below(const ApiCall& call, const std::string& id, const std::string& ancestor) {
  std::string at = id;
  for (std::size_t depth = 0; !at.empty() && depth < kDepthMax; ++depth) {
    if (at == ancestor) return true;
    const auto folder = find_folder(call, at);
    at = folder ? folder->parent_id : "";
  }
  return false;
}

Result<std::string> move_to(const ApiCall& call, const std::string& id, const std::string& parent_id) {
  if (const auto parent = find_folder(call, parent_id); !parent) return parent.error();
  if (is_below(call, parent_id, id)) return invalid("a folder can not be moved below itself");
  return call.on.records.merge(kFolder, id, changes(JsonObject().text("parentId", parent_id).str()));
}

http::Response update(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("scopeId");
  const auto parent_id = check.optional_text("parentId"), name = check.optional_text("name");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  if (const auto folder = find_folder(call, call.ids[0]); !folder) return application_error(folder.error());
  if (parent_id)
    if (const auto moved = move_to(call, call.ids[0], *parent_id); !moved) return application_error(moved.error());
  if (name)
    if (const auto named_so =
            call.on.records.merge(kFolder, call.ids[0], changes(JsonObject().text("name", *name).str()));
        !named_so)
      return application_error(named_so.error());
  return record_answer(call.on.records.find(kFolder, call.ids[0]));
}

http::Response move(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string parent_id = check.text("newParentId");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  if (const auto moved = move_to(call, call.ids[0], parent_id); !moved) return application_error(moved.error());
  return json_answer(201, JsonObject()
                              .text("scopeId", call.ids[0])
                              .flag("asyncMetadataRebuild", false)
                              .text("object", "folder-move")
                              .str());
}

http::Response remove(const ApiCall& call) {
  const auto folder = find_folder(call, call.ids[0]);
  if (!folder) return application_error(folder.error());
  std::vector<Folder> gone = {*folder};
  for (const Folder& one : all_folders(call))
    if (one.id != folder->id && is_below(call, one.id, folder->id)) gone.push_back(one);
  const std::string whole = path_of(call, *folder);
  if (gone.size() > 1 && !call.flag("recursive")) {
    const std::string failed = JsonObject()
                                   .text("id", folder->id)
                                   .text("name", folder->name)
                                   .text("path", whole)
                                   .text("failReason", "the folder has sub-folders: delete it recursively")
                                   .str();
    return json_answer(200, JsonObject().raw("successFolders", "[]").raw("failedFolders", "[" + failed + "]").str());
  }
  const std::string done = json_array(gone, [&](const Folder& one) {
    return JsonObject().text("id", one.id).text("name", one.name).text("path", path_of(call, one)).str();
  });
  for (const Folder& one : gone) {
    // Somebody else may have removed it in between; then it is as gone as was asked for.
    [[maybe_unused]] const auto was = call.on.records.remove(kFolder, one.id);
    for (const Content& content : call.on.library.list([&](const Content& file) { return file.owner_id == one.id; }))
      [[maybe_unused]] const auto file = call.on.library.remove(content.id);
  }
  return json_answer(200, JsonObject().raw("successFolders", done).raw("failedFolders", "[]").str());
}

}  // namespace

void seed_folders(Records& records) {
  const std::string id(kKnowledgeFolder);
  if (!records.find(kFolder, id)) make_folder(records, id, "Knowledge base", "");
}

void add_folder_routes(Routes& routes) {
  const Routes mine = {{"GET", "folder/info", get_info},
                       {"GET", "folder/infos", get_infos},
                       {"GET", "folder/:/path", get_path},
                       {"POST", "folder", create},
                       {"PATCH", "folder/ingestion-config", update_ingestion},
                       {"PATCH", "folder/add-access", add_access},
                       {"PATCH", "folder/remove-access", remove_access},
                       {"PATCH", "folder/:", update},
                       {"POST", "folder/:/move", move},
                       {"DELETE", "folder/:", remove}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
