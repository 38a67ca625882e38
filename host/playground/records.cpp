// JSON objects by kind and id.
#include "playground/records.hpp"

#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/json_object.hpp"
#include "playground/time_text.hpp"

namespace modhost::playground {

namespace {

Error no_record(const std::string& kind, const std::string& id) { return not_found(kind + " " + id + " not found"); }

// The object with these members set, the others as they are.
std::string with(std::string_view json, const std::vector<std::pair<std::string_view, std::string>>& members) {
  JsonObject object;
  const auto document = parse_json(json);
  if (document && document->IsObject())
    for (const auto& member : document->GetObject()) {
      const std::string_view name(member.name.GetString(), member.name.GetStringLength());
      if (std::none_of(members.begin(), members.end(), [&](const auto& one) { return one.first == name; }))
        object.raw(name, to_json(member.value));
    }
  for (const auto& [name, value] : members) object.raw(name, value);
  return object.str();
}

}  // namespace

void Records::tell(const std::string& kind, const std::string& json) const {
  if (listener_) listener_(kind, [&] { return json; });
}

void Records::keep(const std::string& kind, Record record) {
  Kind& home = kinds_[kind];
  if (const auto known = home.number_of.find(record.id); known != home.number_of.end()) {
    home.records[known->second] = std::move(record);
    return;
  }
  if (home.records.size() >= per_kind_max_) {
    home.number_of.erase(home.records.begin()->second.id);
    home.records.erase(home.records.begin());
  }
  home.number_of[record.id] = ++last_number_;
  home.records[last_number_] = std::move(record);
}

std::string Records::put(const std::string& kind, const std::string& id, const std::string& group,
                         const std::string& json, Times times) {
  const std::string now = quote_json(to_iso(clock_.unix_now()));
  std::string made = times == Times::kWith ? with(json, {{"createdAt", now}, {"updatedAt", now}}) : json;
  {
    MutexLock lock(mutex_);
    keep(kind, {id, group, made});
  }
  tell(kind, made);
  return made;
}

Result<std::string> Records::merge(const std::string& kind, const std::string& id, const rapidjson::Value& changes) {
  std::string merged;
  {
    MutexLock lock(mutex_);
    Kind& home = kinds_[kind];
    const auto number = home.number_of.find(id);
    if (number == home.number_of.end()) return no_record(kind, id);
    std::vector<std::pair<std::string_view, std::string>> members;
    for (const auto& member : changes.GetObject())
      if (!member.value.IsNull())
        members.emplace_back(std::string_view(member.name.GetString(), member.name.GetStringLength()),
                             to_json(member.value));
    members.emplace_back("updatedAt", quote_json(to_iso(clock_.unix_now())));
    Record& record = home.records.at(number->second);
    merged = record.json = with(record.json, members);
  }
  tell(kind, merged);
  return merged;
}

Result<std::string> Records::remove(const std::string& kind, const std::string& id) {
  MutexLock lock(mutex_);
  Kind& home = kinds_[kind];
  const auto number = home.number_of.find(id);
  if (number == home.number_of.end()) return no_record(kind, id);
  std::string was = std::move(home.records.at(number->second).json);
  home.records.erase(number->second);
  home.number_of.erase(number);
  return was;
}

Result<std::string> Records::find(const std::string& kind, const std::string& id) const {
  MutexLock lock(mutex_);
  const auto home = kinds_.find(kind);
  if (home == kinds_.end()) return no_record(kind, id);
  const auto number = home->second.number_of.find(id);
  if (number == home->second.number_of.end()) return no_record(kind, id);
  return home->second.records.at(number->second).json;
}

std::vector<std::string> Records::list(const std::string& kind) const {
  MutexLock lock(mutex_);
  std::vector<std::string> all;
  if (const auto home = kinds_.find(kind); home != kinds_.end())
    for (const auto& [number, record] : home->second.records) all.push_back(record.json);
  return all;
}

std::vector<std::string> Records::list(const std::string& kind, const std::string& group) const {
  MutexLock lock(mutex_);
  std::vector<std::string> all;
  if (const auto home = kinds_.find(kind); home != kinds_.end())
    for (const auto& [number, record] : home->second.records)
      if (record.group == group) all.push_back(record.json);
  return all;
}

std::string Records::snapshot(std::size_t bytes_max) const {
  struct Kept {
    std::uint64_t number;
    std::string json;
  };
  std::vector<Kept> all;
  {
    MutexLock lock(mutex_);
    for (const auto& [kind, home] : kinds_)
      for (const auto& [number, record] : home.records)
        all.push_back({number, JsonObject()
                                   .text("kind", kind)
                                   .text("id", record.id)
                                   .text("group", record.group)
                                   .text("record", record.json)
                                   .str()});
  }
  std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.number > b.number; });
  std::size_t bytes = 0;
  std::erase_if(all, [&](const Kept& one) {
    if (bytes + one.json.size() > bytes_max) return true;  // what is smaller may still fit
    bytes += one.json.size();
    return false;
  });
  std::reverse(all.begin(), all.end());
  return json_array(all, [](const Kept& one) { return one.json; });
}

void Records::restore(std::string_view json) {
  const auto kept = parse_json(json);
  if (!kept || !kept->IsArray()) return;
  MutexLock lock(mutex_);
  for (const auto& one : kept->GetArray()) {
    if (!one.IsObject()) continue;
    const std::string kind(string_member(one, "kind")), id(string_member(one, "id")),
        record(string_member(one, "record"));
    if (const auto object = parse_json(record); object && object->IsObject() && !kind.empty() && !id.empty())
      keep(kind, {id, std::string(string_member(one, "group")), record});
  }
}

}  // namespace modhost::playground
