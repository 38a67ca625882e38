// Reads and writes the state file.
#include "playground/state_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/unique_fd.hpp"
#include "event/json_reader.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

using namespace std::chrono_literals;

constexpr auto kWriteInterval = 2s;
constexpr std::size_t kPlatformBytes = 32 * 1024 * 1024, kLibraryBytes = 32 * 1024 * 1024,
                      kRecordBytes = 8 * 1024 * 1024;
constexpr const char* kFormat = "modhost-stand-in/1";

Error failed(const std::filesystem::path& path, const char* what) {
  return unavailable(path.string() + " can not be " + what + ": " + std::strerror(errno));
}

Result<void> write_all(int fd, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failed(path, "written");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> replace(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path draft = path.string() + ".new";
  {
    const UniqueFd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return failed(draft, "opened");
    if (auto written = write_all(file.get(), text, draft); !written) return written;
    if (::fchmod(file.get(), 0600) != 0 || ::fsync(file.get()) != 0) return failed(draft, "made durable");
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return failed(path, "replaced");
  const UniqueFd folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) return failed(path.parent_path(), "made durable");
  return {};
}

std::string member(const rapidjson::Value& document, const char* name) {
  const rapidjson::Value* value = find_member(document, name);
  return value == nullptr ? "null" : to_json(*value);
}

}  // namespace

StateFile::StateFile(std::filesystem::path path, const Clock& clock, Worker& worker, Platform& platform,
                     Library& library, Records& records)
    : path_(std::move(path)),
      clock_(clock),
      worker_(worker),
      platform_(platform),
      library_(library),
      records_(records) {}

Result<void> StateFile::load() {
  std::error_code error;
  if (path_.empty() || !std::filesystem::exists(path_, error)) return {};
  std::stringstream text;
  text << std::ifstream(path_, std::ios::binary).rdbuf();
  const auto document = parse_json(text.str());
  if (!document || !document->IsObject() || string_member(*document, "format") != kFormat)
    return invalid(path_.string() + " is no state of this stand-in: move it away to start without it");
  platform_.restore(member(*document, "platform"));
  library_.restore(member(*document, "library"));
  records_.restore(member(*document, "records"));
  return {};
}

void StateFile::touch() {
  if (path_.empty()) return;
  is_changed_ = true;
  if (is_due_.exchange(true)) return;
  const bool is_posted = worker_.at(clock_.steady_now() + kWriteInterval, [this] {
    is_due_ = false;
    if (const auto written = flush(); !written) is_changed_ = true;  // the next change tries again, and so does the end
  });
  if (!is_posted) is_due_ = false;
}

Result<void> StateFile::flush() {
  if (path_.empty() || !is_changed_.exchange(false)) return {};
  return replace(path_, JsonObject()
                            .text("format", kFormat)
                            .raw("platform", platform_.snapshot(kPlatformBytes))
                            .raw("library", library_.snapshot(kLibraryBytes))
                            .raw("records", records_.snapshot(kRecordBytes))
                            .str());
}

}  // namespace modhost::playground
