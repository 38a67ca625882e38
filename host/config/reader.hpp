// Takes typed values out of the YAML tree: expands `${NAME}`, checks types and bounds, and reports every problem with
// its place instead of stopping at the first. A value that is wrong leaves its default untouched.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/environment.hpp"
#include "config/problems.hpp"
#include "config/schema.hpp"
#include "config/values.hpp"
#include "config/yaml_tree.hpp"

namespace modhost::config {

struct Context {
  Problems& problems;
  const Environment& environment;
  std::filesystem::path folder;                         // of modules.yaml: relative paths start here
  std::map<std::string, std::string>& origins;          // dotted key -> where its value comes from
  std::map<std::filesystem::path, std::string>& files;  // that values were taken from, with their fingerprints
};

struct Expanded {
  std::string text;
  std::string origin;  // of the last variable, or empty
  bool has_variables = false;
};

template <class T>
struct Bounds {
  T min, max;
  std::string_view reason;  // why not more or less
};

// The text of a scalar with its variables replaced; nothing (and one error a variable) when one is unset. `$${` is a
// literal `${`. Any other node is an error that says what was expected.
std::optional<Expanded> expand(const Context& context, const Node& node, std::string_view what);

// The names in `${...}` of a text that the environment lacks.
bool has_unset_variable(const Context& context, const Node& node);

// One mapping of the file. Unknown keys are reported at once.
class Section {
 public:
  // `node` may be null or an empty value: then every key is absent.
  Section(Context& context, const Node* node, std::string path, schema::Keys keys);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Context& context() const { return context_; }
  [[nodiscard]] std::string key_path(std::string_view key) const;

  // The node behind a key, or null. A key with nothing behind it counts as absent only for mappings and lists.
  [[nodiscard]] const Node* find(std::string_view key) const;

  bool read_text(std::string_view key, std::string& out) const;
  bool read_flag(std::string_view key, bool& out) const;
  bool read_address(std::string_view key, Address& out) const;
  bool read_path(std::string_view key, std::filesystem::path& out) const;
  bool read_duration(std::string_view key, milliseconds& out, const Bounds<milliseconds>& bounds) const;
  bool read_size(std::string_view key, std::uint64_t& out, const Bounds<std::uint64_t>& bounds) const;
  bool read_count(std::string_view key, std::uint64_t& out, const Bounds<std::uint64_t>& bounds) const;

  template <class E>
  bool read_choice(std::string_view key, E& out, std::initializer_list<std::pair<std::string_view, E>> choices) const {
    std::vector<std::string_view> names;
    for (const auto& choice : choices) names.push_back(choice.first);
    const std::optional<std::string> text = scalar(key);
    if (!text) return false;
    for (const auto& choice : choices)
      if (choice.first == *text) return out = choice.second, true;
    report_choice(key, names);
    return false;
  }

  // An error at the value of a key, or at the section when the key is absent; quotes the value as the file has it.
  void report(std::string_view key, std::string_view what) const;

 private:
  [[nodiscard]] std::optional<std::string> scalar(std::string_view key) const;
  void report_unknown(const Node::Entry& entry) const;
  void report_choice(std::string_view key, const std::vector<std::string_view>& names) const;

  Context& context_;
  const Node* node_ = nullptr;
  std::string path_;
  schema::Keys keys_;
};

// A duration inside a list, such as a delay of `retry`.
std::optional<milliseconds> read_duration(Context& context, const Node& node, const std::string& what,
                                          const Bounds<milliseconds>& bounds);

// Letters, digits and _, no digit first.
bool is_variable_name(std::string_view text);

// A value as an error may show it: as it stands in the file, cut.
std::string quoted(const Node& node);

}  // namespace modhost::config
