#include "reload/file_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "config/text_file.hpp"

namespace modhost::reload {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;  // more than any of these files may have

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

}  // namespace

FileWatch::FileWatch(telemetry::Log& log, Options options, std::function<void()> changed)
    : log_(log),
      options_(options),
      changed_(std::move(changed)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!inotify_.is_open() || !wake_.is_open()) {
    log_.warn(std::string("the files of the configuration are not watched: ") + std::strerror(errno) +
              "; send SIGHUP after a change");
    return;
  }
  thread_ = std::thread([this] { run(); });
}

FileWatch::~FileWatch() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
}

void FileWatch::watch(Files files) {
  {
    MutexLock lock(mutex_);
    files_ = std::move(files);
    is_new_ = true;
  }
  wake();
}

void FileWatch::wake() {
  const std::uint64_t one = 1;
  if (::write(wake_.get(), &one, sizeof one) < 0) return;  // full: it is awake already
}

void FileWatch::run() {
  Pending pending;
  for (;;) {
    int timeout_ms = -1;
    if (pending.is_any) {
      const auto at = std::min(pending.last + options_.settle, pending.first + options_.settle_max);
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(at - steady_clock::now());
      timeout_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    }
    pollfd sources[] = {{inotify_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    if (timeout_ms != 0) ::poll(sources, 2, timeout_ms);
    Files files;
    bool is_new = false;
    {
      MutexLock lock(mutex_);
      if (is_stopping_) return;
      files = files_;
      is_new = std::exchange(is_new_, false);
    }
    std::uint64_t ignored = 0;
    while (::read(wake_.get(), &ignored, sizeof ignored) > 0) {
    }
    const auto now = steady_clock::now();
    if (is_new) seen_.clear();         // what was told then has been read: to go back to it is a change
    if (is_new) watch_folders(files);  // what happens from here on is an event, what did before is seen by the look
    if (read_events() || is_new) {
      if (!pending.is_any) pending.first = now;
      pending.is_any = true;
      pending.last = now;
    }
    const bool is_settled =
        pending.is_any && (now >= pending.last + options_.settle || now >= pending.first + options_.settle_max);
    if (!is_settled) continue;
    watch_folders(files);  // a folder may have come or gone
    pending = {};
    look(files);
  }
}

// True when one of them may be about our files.
bool FileWatch::read_events() {
  bool is_ours = false;
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t got = ::read(inotify_.get(), buffer, sizeof buffer);
    if (got <= 0) return is_ours;
    for (const char* at = buffer; at < buffer + got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event->len;
      const auto folder = folders_.find(event->wd);
      const std::string name = event->len > 0 ? event->name : "";
      is_ours = is_ours || folder == folders_.end() || name.empty() || folder->second.contains(name);
      if ((event->mask & IN_IGNORED) != 0) folders_.erase(event->wd);
    }
  }
}

void FileWatch::watch_folders(const Files& files) {
  std::map<fs::path, std::set<std::string>> wanted;
  for (const auto& [file, read] : files) {
    wanted[folder_of(file)].insert(file.filename().string());
    // A folder of a container's configuration is changed by turning this link round.
    wanted[folder_of(file)].insert("..data");
    std::error_code failed;
    const fs::path real = fs::canonical(file, failed);
    if (!failed) wanted[folder_of(real)].insert(real.filename().string());
  }
  std::map<int, std::set<std::string>> folders;
  for (const auto& [folder, names] : wanted)
    if (const int watch = ::inotify_add_watch(inotify_.get(), folder.c_str(), kEvents); watch >= 0)
      folders[watch].insert(names.begin(), names.end());  // two spellings of one folder share their watch
  for (const auto& [watch, names] : folders_)
    if (!folders.contains(watch)) ::inotify_rm_watch(inotify_.get(), watch);
  folders_ = std::move(folders);
}

void FileWatch::look(const Files& files) {
  Files now;
  for (const auto& [file, read] : files) now[file] = config::fingerprint(config::read_text_file(file, kFileBytesMax));
  if (now == files || now == seen_) return;
  seen_ = std::move(now);
  changed_();
}

}  // namespace modhost::reload
