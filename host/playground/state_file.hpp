// `modhost dev --persist`: what the stand-in keeps, in one JSON file that its owner alone may read. Written whole and
// renamed into place, at most every two seconds, so that a crash leaves the file before or after.
#pragma once

#include <atomic>
#include <filesystem>

#include "playground/library.hpp"
#include "playground/platform.hpp"
#include "playground/records.hpp"
#include "playground/worker.hpp"

namespace modhost::playground {

class StateFile {
 public:
  // Borrows all. An empty path: nothing is kept and every call does nothing.
  StateFile(std::filesystem::path path, const Clock& clock, Worker& worker, Platform& platform, Library& library,
            Records& records);

  // Before anything else is done. No file: nothing to load. kInvalid: a file that is none of ours.
  Result<void> load();
  void touch();  // something changed: it will be written soon [any thread]
  // Writes now, if anything changed. kUnavailable: the disk does not take it. [worker's thread, or after it stopped]
  Result<void> flush();

 private:
  const std::filesystem::path path_;
  const Clock& clock_;
  Worker& worker_;
  Platform& platform_;
  Library& library_;
  Records& records_;
  std::atomic<bool> is_changed_{false}, is_due_{false};
};

}  // namespace modhost::playground
