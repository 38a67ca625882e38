// Notices that files are not any more what was read from them. Watches their folders, because editors and deployments
// rename a new file over the old one, and compares contents, because most events change nothing.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "base/mutex.hpp"
#include "base/unique_fd.hpp"
#include "telemetry/log.hpp"

namespace modhost::reload {

// Thread-safe.
class FileWatch {
 public:
  using Files = std::map<std::filesystem::path, std::string>;  // with the fingerprint of what was read from each

  struct Options {
    std::chrono::milliseconds settle{500};       // without an event before the files are looked at: one save is several
    std::chrono::milliseconds settle_max{5000};  // a file that is written all the time puts it off no longer
  };

  // `changed` runs on a thread of this object, once for each new state of the files.
  FileWatch(telemetry::Log& log, Options options, std::function<void()> changed);
  ~FileWatch();  // no `changed` runs after it
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Instead of those before. What has changed since it was read is noticed, too.
  void watch(Files files);

 private:
  struct Pending {
    bool is_any = false;
    std::chrono::steady_clock::time_point first{}, last{};
  };
  void run();
  [[nodiscard]] bool read_events();
  void watch_folders(const Files& files);
  void look(const Files& files);
  void wake();

  telemetry::Log& log_;
  const Options options_;
  const std::function<void()> changed_;
  const UniqueFd inotify_, wake_;

  Mutex mutex_;
  Files files_ GUARDED_BY(mutex_);
  bool is_new_ GUARDED_BY(mutex_) = false;
  bool is_stopping_ GUARDED_BY(mutex_) = false;

  // The thread's own.
  std::map<int, std::set<std::string>> folders_;  // by watch descriptor: the names that count
  Files seen_;                                    // what `changed` was last told of, since watch()
  std::thread thread_;
};

}  // namespace modhost::reload
