#include "config/reader.hpp"

#include <algorithm>
#include <cctype>

namespace modhost::config {
namespace {

constexpr std::size_t kExpandedBytesMax = 1024 * 1024;
constexpr std::size_t kShownBytesMax = 60;

// Walks a text: literal pieces and variable names, or the one thing that is wrong with it.
template <class OnLiteral, class OnVariable>
std::string_view walk(std::string_view text, OnLiteral on_literal, OnVariable on_variable) {
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t dollar = text.find('$', pos);
    if (dollar == std::string_view::npos) return on_literal(text.substr(pos)), std::string_view{};
    on_literal(text.substr(pos, dollar - pos));
    const std::string_view rest = text.substr(dollar);
    if (rest.starts_with("$${")) {
      on_literal("${");
      pos = dollar + 3;
    } else if (rest.starts_with("${")) {
      const std::size_t end = rest.find('}');
      if (end == std::string_view::npos) return "\"${\" without its \"}\": write ${NAME}, or $${ for the characters ${";
      const std::string_view name = rest.substr(2, end - 2);
      if (!is_variable_name(name))
        return "between ${ and } stands the name of one variable, of letters, digits and _: defaults are not known "
               "here";
      on_variable(std::string(name));
      pos = dollar + end + 1;
    } else {
      on_literal("$");
      pos = dollar + 1;
    }
  }
  return {};
}

std::string joined(schema::Keys keys) {
  std::string out;
  for (const std::string_view key : keys) out += (out.empty() ? "" : ", ") + std::string(key);
  return out;
}

template <class T, class Show>
bool within(const Section& section, std::string_view key, T value, const Bounds<T>& bounds, Show show) {
  if (value >= bounds.min && value <= bounds.max) return true;
  const bool is_low = value < bounds.min;
  section.report(key, (is_low ? "at least " : "at most ") + show(is_low ? bounds.min : bounds.max) + ": " +
                          std::string(bounds.reason));
  return false;
}

// Names that people bring along from elsewhere.
std::string_view advice(std::string_view key) {
  if (key == "concurrency" || key == "workers")
    return "it is called threads (how many run the plugin's code at once) and in_flight (unfinished events)";
  if (key == "timeout") return "it is called attempt_deadline (one attempt) and event_deadline (all attempts together)";
  if (key == "retries" || key == "attempts" || key == "max_attempts")
    return "it is called retry, the list of delays: [2s, 10s, 60s] makes 4 attempts";
  if (key == "<<") return "merge keys are not known here: use defaults:";
  return {};
}

}  // namespace

bool is_variable_name(std::string_view text) {
  if (text.empty() || text.size() > 256 || std::isdigit(static_cast<unsigned char>(text.front())) != 0) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

std::string quoted(const Node& node) {
  if (node.kind != Node::Kind::kScalar) return std::string(node.kind_name());
  std::string text = node.text;
  if (text.size() > kShownBytesMax) {
    std::size_t cut = kShownBytesMax;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
    text = text.substr(0, cut) + "...";
  }
  return "\"" + text + "\"";
}

std::optional<Expanded> expand(const Context& context, const Node& node, std::string_view what) {
  if (node.kind == Node::Kind::kNull) {
    context.problems.error(node.mark, std::string(what) + " has no value: write one or remove the key");
    return std::nullopt;
  }
  if (node.kind != Node::Kind::kScalar) {
    context.problems.error(node.mark,
                           std::string(what) + ": expected a single value, this is " + std::string(node.kind_name()));
    return std::nullopt;
  }
  Expanded out;
  bool is_complete = true;
  const auto on_variable = [&](const std::string& name) {
    out.has_variables = true;
    const std::optional<Variable> found = context.environment.find(name);
    if (found) {
      out.text += found->value;
      out.origin = found->origin;
      return;
    }
    is_complete = false;
    context.problems.error(node.mark, std::string(what) + ": the variable " + name + " is not set: looked in " +
                                          context.environment.searched());
  };
  const std::string_view wrong = walk(
      node.text, [&](std::string_view piece) { out.text += piece; }, on_variable);
  if (!wrong.empty()) context.problems.error(node.mark, std::string(what) + ": " + std::string(wrong));
  if (!wrong.empty() || !is_complete) return std::nullopt;
  if (out.text.size() > kExpandedBytesMax || out.text.find('\0') != std::string::npos) {
    context.problems.error(node.mark, std::string(what) + ": the text is too long with its variables in place");
    return std::nullopt;
  }
  return out;
}

bool has_unset_variable(const Context& context, const Node& node) {
  bool is_unset = false;
  walk(
      node.text, [](std::string_view) {},
      [&](const std::string& name) { is_unset = is_unset || !context.environment.find(name); });
  return is_unset;
}

Section::Section(Context& context, const Node* node, std::string path, schema::Keys keys)
    : context_(context), path_(std::move(path)), keys_(keys) {
  if (node == nullptr || node->kind == Node::Kind::kNull) return;
  if (node->kind != Node::Kind::kMap) {
    context_.problems.error(node->mark, (path_.empty() ? "the file" : path_) + ": expected a mapping of " +
                                            joined(keys_) + ", this is " + std::string(node->kind_name()));
    return;
  }
  node_ = node;
  for (const Node::Entry& entry : node_->entries)
    if (std::find(keys_.begin(), keys_.end(), entry.key) == keys_.end()) report_unknown(entry);
}

std::string Section::key_path(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const Node* Section::find(std::string_view key) const { return node_ == nullptr ? nullptr : node_->find(key); }

void Section::report_unknown(const Node::Entry& entry) const {
  std::string what = "unknown key \"" + entry.key.substr(0, kShownBytesMax) + "\"";
  if (!path_.empty()) what += " in " + path_;
  if (const std::string_view known = advice(entry.key); !known.empty()) {
    context_.problems.error(entry.mark, what + ": " + std::string(known));
    return;
  }
  const std::string_view meant = nearest(entry.key, {keys_.begin(), keys_.end()});
  if (!meant.empty()) {
    context_.problems.error(entry.mark, what + ": did you mean \"" + std::string(meant) + "\"?");
    return;
  }
  for (const schema::Section& other : schema::kSections)
    if (std::find(other.keys.begin(), other.keys.end(), entry.key) != other.keys.end()) {
      const std::string place = other.path.empty() ? "at the top of the file" : "under " + std::string(other.path);
      context_.problems.error(entry.mark, what + ": it belongs " + place);
      return;
    }
  context_.problems.error(entry.mark, what + ": known are " + joined(keys_));
}

void Section::report(std::string_view key, std::string_view what) const {
  const Node* node = find(key);
  if (node == nullptr) {
    context_.problems.error(node_ == nullptr ? Mark{} : node_->mark, key_path(key) + ": " + std::string(what));
    return;
  }
  context_.problems.error(node->mark, key_path(key) + " " + quoted(*node) + ": " + std::string(what));
}

void Section::report_choice(std::string_view key, const std::vector<std::string_view>& names) const {
  std::string what = "expected one of " + joined(names);
  const Node* node = find(key);
  const std::string_view meant = node == nullptr ? std::string_view() : nearest(node->text, names);
  if (!meant.empty()) what += ": did you mean \"" + std::string(meant) + "\"?";
  report(key, what);
}

std::optional<std::string> Section::scalar(std::string_view key) const {
  const Node* node = find(key);
  if (node == nullptr) return std::nullopt;
  std::optional<Expanded> value = expand(context_, *node, key_path(key));
  if (!value) return std::nullopt;
  std::string origin = context_.problems.at(node->mark);
  if (!value->origin.empty()) origin += ", " + value->origin;
  context_.origins[key_path(key)] = std::move(origin);
  return std::move(value->text);
}

bool Section::read_text(std::string_view key, std::string& out) const {
  std::optional<std::string> text = scalar(key);
  const bool is_there = text.has_value();
  if (is_there) out = *std::move(text);
  return is_there;
}

bool Section::read_flag(std::string_view key, bool& out) const {
  const std::optional<std::string> text = scalar(key);
  if (!text) return false;
  if (*text != "true" && *text != "false") return report(key, "expected true or false"), false;
  out = *text == "true";
  return true;
}

bool Section::read_address(std::string_view key, Address& out) const {
  const std::optional<std::string> text = scalar(key);
  if (!text) return false;
  Result<Address> address = parse_address(*text);
  if (!address) return report(key, address.error().message), false;
  out = *std::move(address);
  return true;
}

bool Section::read_path(std::string_view key, std::filesystem::path& out) const {
  const std::optional<std::string> text = scalar(key);
  if (!text) return false;
  if (text->empty()) return report(key, "expected a path"), false;
  out = (context_.folder / *text).lexically_normal();
  return true;
}

bool Section::read_duration(std::string_view key, milliseconds& out, const Bounds<milliseconds>& bounds) const {
  const std::optional<std::string> text = scalar(key);
  if (!text) return false;
  const Result<milliseconds> value = parse_duration(*text);
  if (!value) return report(key, value.error().message), false;
  if (!within(*this, key, *value, bounds, [](milliseconds v) { return to_text(v); })) return false;
  out = *value;
  return true;
}

bool Section::read_size(std::string_view key, std::uint64_t& out, const Bounds<std::uint64_t>& bounds) const {
  const std::optional<std::string> text = scalar(key);
  if (!text) return false;
  const Result<std::uint64_t> value = parse_size(*text);
  if (!value) return report(key, value.error().message), false;
  if (!within(*this, key, *value, bounds, size_to_text)) return false;
  out = *value;
  return true;
}

bool Section::read_count(std::string_view key, std::uint64_t& out, const Bounds<std::uint64_t>& bounds) const {
  const std::optional<std::string> text = scalar(key);
  if (!text) return false;
  const Result<std::uint64_t> value = parse_count(*text);
  if (!value) return report(key, value.error().message), false;
  if (!within(*this, key, *value, bounds, [](std::uint64_t v) { return std::to_string(v); })) return false;
  out = *value;
  return true;
}

std::optional<milliseconds> read_duration(Context& context, const Node& node, const std::string& what,
                                          const Bounds<milliseconds>& bounds) {
  const std::optional<Expanded> text = expand(context, node, what);
  if (!text) return std::nullopt;
  const auto report = [&](const std::string& wrong) {
    context.problems.error(node.mark, what + " " + quoted(node) + ": " + wrong);
    return std::nullopt;
  };
  const Result<milliseconds> value = parse_duration(text->text);
  if (!value) return report(value.error().message);
  if (*value < bounds.min) return report("at least " + to_text(bounds.min) + ": " + std::string(bounds.reason));
  if (*value > bounds.max) return report("at most " + to_text(bounds.max) + ": " + std::string(bounds.reason));
  return value.value();
}

}  // namespace modhost::config
