#include "loader/import.hpp"

#include <algorithm>
#include <cstring>

#include "event/json_reader.hpp"

namespace modhost::loader {
namespace {

// Sizes of ABI 1.0; they never change.
constexpr std::uint32_t kEntrySize10 = offsetof(modhost_entry, plugin) + sizeof(void*);
constexpr std::uint32_t kPluginSize10 = offsetof(modhost_plugin, get_service) + sizeof(void*);
static_assert(kEntrySize10 == 24 && kPluginSize10 == 96);

constexpr std::size_t kIdBytesMax = 128;
constexpr std::size_t kVersionBytesMax = 128;
constexpr std::size_t kSummaryBytesMax = 1024;
constexpr std::size_t kSchemaBytesMax = 1024 * 1024;

// Copies the part of a foreign struct that both sides know into a zeroed one of ours.
template <class Struct>
Result<Struct> copy_known(const void* foreign, std::uint32_t size_10, std::string_view name) {
  std::uint32_t size = 0;
  std::memcpy(&size, foreign, sizeof size);
  if (size < size_10)
    return invalid("has a " + std::string(name) + " of " + std::to_string(size) + " bytes where version 1.0 has " +
                   std::to_string(size_10) + "; set struct_size to sizeof(" + std::string(name) + ")");
  Struct known{};
  std::memcpy(static_cast<void*>(&known), foreign, std::min<std::size_t>(size, sizeof known));
  known.struct_size = std::min(size, static_cast<std::uint32_t>(sizeof known));
  return known;
}

// A C string of at most `max` bytes of UTF-8; null reads as empty.
Result<std::string> read_text(const char* text, std::size_t max, std::string_view field) {
  if (text == nullptr) return std::string();
  const std::size_t length = ::strnlen(text, max + 1);
  if (length > max) return invalid("has a " + std::string(field) + " longer than " + std::to_string(max) + " bytes");
  if (!is_utf8({text, length})) return invalid("has a " + std::string(field) + " that is not UTF-8");
  return std::string(text, length);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

bool is_plugin_id(std::string_view id) {
  const auto is_allowed = [](char c) { return is_lower(c) || is_digit(c) || c == '.' || c == '-'; };
  return std::all_of(id.begin(), id.end(), is_allowed) && id.find('.') != std::string_view::npos &&
         id.find("..") == std::string_view::npos && id.front() != '.' && id.back() != '.';
}

// MAJOR.MINOR.PATCH, then anything of semver's alphabet after '-' or '+'.
bool is_semantic_version(std::string_view version) {
  std::size_t at = 0;
  for (int part = 0; part < 3; ++part) {
    const std::size_t begin = at;
    while (at < version.size() && is_digit(version[at])) ++at;
    if (at == begin || (version[begin] == '0' && at > begin + 1)) return false;
    if (part < 2 && (at == version.size() || version[at++] != '.')) return false;
  }
  if (at == version.size()) return true;
  const auto is_allowed = [](char c) {
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '+';
  };
  return (version[at] == '-' || version[at] == '+') && at + 1 < version.size() &&
         std::all_of(version.begin() + static_cast<std::ptrdiff_t>(at), version.end(), is_allowed);
}

Result<void> check_functions(const modhost_plugin& table) {
  const char* missing = nullptr;
  if (table.create == nullptr) missing = "create";
  if (table.on_event == nullptr) missing = "on_event";
  if (table.destroy == nullptr) missing = "destroy";
  if (missing == nullptr) return {};
  return invalid("leaves the function " + std::string(missing) + " null in its modhost_plugin; only functions marked" +
                 " [optional] in plugin.h may be");
}

Result<void> read_texts(ImportedPlugin& plugin) {
  struct Field {
    const char* from;
    std::string* to;
    std::size_t max;
    std::string_view name;
  };
  for (const Field& field :
       {Field{plugin.table.id, &plugin.id, kIdBytesMax, "id"},
        Field{plugin.table.version, &plugin.version, kVersionBytesMax, "version"},
        Field{plugin.table.summary, &plugin.summary, kSummaryBytesMax, "summary"},
        Field{plugin.table.config_schema, &plugin.config_schema, kSchemaBytesMax, "config_schema"}}) {
    auto text = read_text(field.from, field.max, field.name);
    if (!text) return std::move(text).error();
    *field.to = *std::move(text);
  }
  if (plugin.id.empty() || !is_plugin_id(plugin.id))
    return invalid("has the id \"" + plugin.id + "\"; it is a reverse domain of [a-z0-9.-], e.g. com.acme.summary");
  if (!is_semantic_version(plugin.version))
    return invalid("has the version \"" + plugin.version + "\"; it is MAJOR.MINOR.PATCH, e.g. 1.0.0");
  if (plugin.config_schema.empty()) return {};
  const auto schema = parse_json(plugin.config_schema);
  if (!schema) return invalid("has a config_schema that is no JSON: " + schema.error().message);
  if (!schema->IsObject()) return invalid("has a config_schema that is no JSON object");
  return {};
}

}  // namespace

Result<ImportedPlugin> import_plugin(const void* entry) {
  const auto known = copy_known<modhost_entry>(entry, kEntrySize10, "modhost_entry");
  if (!known) return known.error();
  if (known->abi_major != MODHOST_ABI_MAJOR || known->min_host_minor > MODHOST_ABI_MINOR)
    return Error{Code::kUnsupported, "says ABI " + std::to_string(known->abi_major) + ", oldest host minor " +
                                         std::to_string(known->min_host_minor) +
                                         " in its entry, other than its note; use MODHOST_DECLARE_PLUGIN"};
  if (known->plugin == nullptr) return invalid("has an entry without a modhost_plugin");
  const auto table = copy_known<modhost_plugin>(known->plugin, kPluginSize10, "modhost_plugin");
  if (!table) return table.error();
  if (auto complete = check_functions(*table); !complete) return std::move(complete).error();
  ImportedPlugin plugin;
  plugin.table = *table;
  plugin.abi_minor = known->abi_minor;
  if (auto read = read_texts(plugin); !read) return std::move(read).error();
  return plugin;
}

}  // namespace modhost::loader
