// What this process runs, in a file that outlives it: after a kill or a crash the next start tells events that had
// begun from those that only stood in a queue, and knows which plugin a fatal signal came from. The file is mapped and
// never synced: it survives the process, not the machine, and after a restart of the machine it says nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace modhost::executor {

class RunRecord {
 public:
  struct Fault {  // a fatal signal in plugin code
    UnixMillis at{};
    std::string module;
    std::int64_t event = 0;  // 0: not in the code of one event
    int signal = 0;
    bool is_of_last_run = false;
  };
  struct LastRun {
    bool is_known = false;    // else another boot, another file, or more events than it holds
    std::uint64_t epoch = 0;  // of the journal it belongs to
    std::set<std::int64_t> begun;
    std::vector<Fault> faults;  // oldest first, at most kFaultsMax, of earlier runs too
  };
  static constexpr std::size_t kEventsMax = 65536;  // begun at once; past it nothing is known
  static constexpr std::size_t kFaultsMax = 64;

  // Makes or opens the file, mode 0600, and reads what the last process left. kUnavailable: it can not be mapped.
  static Result<std::unique_ptr<RunRecord>> open(const std::filesystem::path& file);
  ~RunRecord();
  RunRecord(const RunRecord&) = delete;
  RunRecord& operator=(const RunRecord&) = delete;

  [[nodiscard]] const LastRun& last() const { return last_; }
  // From here on it is about this process. Faults are kept.
  void begin(std::uint64_t epoch);
  // Plugin code is about to see the event; and its attempt's end is durable. [any thread]
  void begun(std::int64_t event);
  void settled(std::int64_t event);
  // Fatal signals in plugin code are written here before they end the process as ever. Once per process; not where
  // another handler is installed (sanitizers). Undone by the destructor.
  void catch_faults();

 private:
  class File;
  struct Slots;
  RunRecord(std::unique_ptr<File> file, LastRun last);

  const std::unique_ptr<File> file_;
  const LastRun last_;
  const std::unique_ptr<Slots> slots_;
};

// A thread that runs plugin code needs a stack of its own for the handler: a plugin may have used up the other.
// Made once per thread, freed with it.
void prepare_thread_for_faults();

}  // namespace modhost::executor
