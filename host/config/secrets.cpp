#include "config/secrets.hpp"

#include <cctype>

#include "config/text_file.hpp"

namespace modhost::config {
namespace {

constexpr std::size_t kSecretFileBytesMax = 64 * 1024;

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::optional<Secret> from_env(Context& context, const Node& node, const std::string& what) {
  if (node.kind != Node::Kind::kScalar || !is_variable_name(node.text)) {
    // Not repeated: somebody may have put the secret itself here.
    context.problems.error(node.mark, what + ".env: expected the name of a variable, without $ and {}");
    return std::nullopt;
  }
  std::optional<Variable> found = context.environment.find(node.text);
  if (!found) {
    const bool is_credential = node.text.starts_with("usig_") || node.text.starts_with("ukey_");
    context.problems.error(node.mark, what + ".env: " +
                                          (is_credential ? "expected the name of a variable, this is a secret itself"
                                                         : "the variable " + node.text + " is not set: looked in " +
                                                               context.environment.searched()));
    return std::nullopt;
  }
  context.origins[what] = found->origin;
  return Secret(std::move(found->value));
}

std::optional<Secret> from_file(Context& context, const Node& node, const std::string& what) {
  const std::optional<Expanded> name = expand(context, node, what + ".file");
  if (!name) return std::nullopt;
  const std::filesystem::path path = context.folder / name->text;
  const std::string shown = what + ".file " + quoted(node);
  Result<TextFile> file = read_text_file(path, kSecretFileBytesMax);
  context.files[path] = fingerprint(file);
  if (!file) {
    context.problems.error(node.mark, shown + ": " + file.error().message);
    return std::nullopt;
  }
  Secret secret(std::move(file->text));
  if (file->others_can_read) {
    context.problems.error(node.mark, shown + ": other users can read this secret: chmod 600 it");
    return std::nullopt;
  }
  std::string_view value = secret.reveal();
  if (value.ends_with('\n')) value.remove_suffix(1);
  if (value.ends_with('\r')) value.remove_suffix(1);
  context.origins[what] = "file " + node.text;
  return Secret(std::string(value));
}

void read_time(Context& context, const Node* node, const std::string& what, std::optional<UnixMillis>& out) {
  if (node == nullptr) return;
  const std::optional<Expanded> text = expand(context, *node, what);
  if (!text) return;
  const Result<UnixMillis> time = parse_time(text->text);
  if (!time) return context.problems.error(node->mark, what + " " + quoted(*node) + ": " + time.error().message);
  out = *time;
}

}  // namespace

std::optional<Secret> read_secret(Context& context, const Node& node, const std::string& what, schema::Keys keys) {
  if (node.kind != Node::Kind::kMap) {
    std::optional<Expanded> value = expand(context, node, what);
    if (!value) return std::nullopt;
    context.origins[what] = value->has_variables ? value->origin : context.problems.at(node.mark);
    if (!value->has_variables && !value->text.empty())
      context.problems.warning(node.mark, what +
                                              ": a secret in clear text: put it into the environment or unique.env and "
                                              "write \"${NAME}\" here");
    return Secret(std::move(value->text));
  }
  const Section section(context, &node, what, keys);
  const Node* env = section.find("env");
  const Node* file = section.find("file");
  if ((env == nullptr) == (file == nullptr)) {
    context.problems.error(node.mark, what + ": expected either env: (the name of a variable) or file: (a path)");
    return std::nullopt;
  }
  return env != nullptr ? from_env(context, *env, what) : from_file(context, *file, what);
}

bool check_endpoint_secret(Context& context, Mark mark, const std::string& what, const Secret& secret) {
  const std::string_view value = secret.reveal();
  const auto refuse = [&](std::string_view why) {
    context.problems.error(mark, what + ": " + std::string(why));
    return false;
  };
  if (value.empty()) return refuse("the secret is empty: reveal it in the app's endpoint, it starts with usig_");
  if (value == "dummy_secret")
    return refuse("dummy_secret is a placeholder that everybody knows: use the endpoint's own secret");
  if (is_blank(value.front()) || is_blank(value.back()))
    return refuse("the secret has white space around it: it belongs to the key, so no signature would match");
  if (value.starts_with("ukey_"))
    return refuse("this is an API key (ukey_): it goes to api_key; here goes the endpoint's secret (usig_)");
  if (value.starts_with("app_"))
    return refuse("this is an app id (app_): it goes to id; here goes the endpoint's secret (usig_)");
  return true;
}

std::optional<EndpointSecret> read_endpoint_secret(Context& context, const Node& node, const std::string& what) {
  EndpointSecret out;
  std::optional<Secret> value = read_secret(context, node, what, schema::kEndpointSecret);
  if (node.kind == Node::Kind::kMap) {
    if (const Node* id = node.find("id"))
      if (std::optional<Expanded> text = expand(context, *id, what + ".id")) out.id = std::move(text->text);
    read_time(context, node.find("not_before"), what + ".not_before", out.not_before);
    read_time(context, node.find("not_after"), what + ".not_after", out.not_after);
    if (out.not_before && out.not_after && *out.not_after <= *out.not_before)
      context.problems.error(node.mark, what + ": not_after is before not_before: the secret would never be valid");
  }
  if (!value || !check_endpoint_secret(context, node.mark, what, *value)) return std::nullopt;
  out.value = *std::move(value);
  return out;
}

}  // namespace modhost::config
