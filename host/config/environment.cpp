#include "config/environment.hpp"

#include <algorithm>
#include <cctype>

#include "config/text_file.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves the declaration to the program

namespace modhost::config {
namespace {

constexpr std::size_t kEnvFileBytesMax = 1024 * 1024;

// Which names mean the same, in the order of the platform's toolkit. `in_file` count inside .env files only: API_KEY or
// KEY in a process environment is most likely something else's.
struct Synonyms {
  std::string_view name;
  std::vector<std::string_view> anywhere, in_file;
};

const std::vector<Synonyms>& synonyms() {
  static const std::vector<Synonyms> table = {
      {"UNIQUE_API_BASE_URL", {"UNIQUE_API_BASE"}, {"BASE_URL", "API_BASE"}},
      {"UNIQUE_APP_ID", {}, {"APP_ID"}},
      {"UNIQUE_APP_KEY", {"UNIQUE_API_KEY"}, {"KEY", "API_KEY"}},
      {"UNIQUE_APP_ENDPOINT_SECRET", {"UNIQUE_ENDPOINT_SECRET"}, {"ENDPOINT_SECRET"}},
  };
  return table;
}

bool equal_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::toupper(x) == std::toupper(y);
         });
}

// Exact first; the toolkit does not mind case, so neither does a second look.
const std::pair<const std::string, std::string>* look(const Variables& variables, std::string_view name) {
  if (const auto exact = variables.find(std::string(name)); exact != variables.end()) return &*exact;
  for (const auto& variable : variables)
    if (equal_without_case(variable.first, name)) return &variable;
  return nullptr;
}

}  // namespace

Variables process_variables() {
  Variables out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0)
      out.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  return out;
}

Environment Environment::discover(Variables process, std::vector<std::filesystem::path> folders, Problems& problems) {
  Environment out(std::move(process));
  if (const auto* named = look(out.process_, "ENVIRONMENT_FILE_PATH"); named != nullptr && !named->second.empty()) {
    if (!out.read(named->second, problems))
      problems.error_in("ENVIRONMENT_FILE_PATH",
                        "there is no file " + named->second + ": correct the variable or unset it");
    return out;
  }
  if (const auto* config = look(out.process_, "XDG_CONFIG_HOME"); config != nullptr && !config->second.empty()) {
    folders.emplace_back(std::filesystem::path(config->second) / "unique");
  } else if (const auto* home = look(out.process_, "HOME"); home != nullptr && !home->second.empty()) {
    folders.emplace_back(std::filesystem::path(home->second) / ".config/unique");
  }
  for (const char* name : {"unique.env", ".env"})
    for (const std::filesystem::path& folder : folders)
      if (out.read(folder / name, problems)) return out;
  return out;
}

bool Environment::read(const std::filesystem::path& file, Problems& problems) {
  tried_.push_back(file.string());
  const Result<TextFile> opened = read_text_file(file, kEnvFileBytesMax);
  files_[file] = fingerprint(opened);
  if (!opened) {
    if (opened.error().code == Code::kNotFound) return false;
    problems.error_in(file.string(), opened.error().message);
    return true;
  }
  file_path_ = file;
  file_ = parse_env_file(opened->text, file.string(), problems);
  if (opened->others_can_read)
    problems.warning_in(file.string(), "other users can read it: chmod 600 " + file.string());
  return true;
}

std::optional<Variable> Environment::find(const std::string& name) const {
  std::vector<std::string_view> anywhere = {name}, in_file;
  for (const Synonyms& entry : synonyms())
    if (entry.name == name) {
      anywhere.insert(anywhere.end(), entry.anywhere.begin(), entry.anywhere.end());
      in_file = entry.in_file;
    }
  for (const std::string_view candidate : anywhere)
    if (const auto* found = look(process_, candidate)) return Variable{found->second, "environment " + found->first};
  anywhere.insert(anywhere.end(), in_file.begin(), in_file.end());
  for (const std::string_view candidate : anywhere)
    if (const auto* found = look(file_, candidate))
      return Variable{found->second, file_path_.filename().string() + " " + found->first};
  return std::nullopt;
}

std::string Environment::searched() const {
  if (!file_path_.empty()) return "the environment and " + file_path_.string();
  if (tried_.empty()) return "the environment";
  std::string out = "the environment; there is";
  for (std::size_t i = 0; i < tried_.size(); ++i) out += (i == 0 ? " no " : ", no ") + tried_[i];
  return out;
}

}  // namespace modhost::config
