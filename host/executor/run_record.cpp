#include "executor/run_record.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <unordered_map>
#include <utility>

#include "base/mutex.hpp"
#include "base/plugin_code.hpp"

namespace modhost::executor {

namespace {

constexpr std::uint64_t kMagic = 0x31306e757268646dull;  // "mdhrun01"
constexpr std::array kFatal = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};

// The file, byte for byte. Only this program reads it, on the machine that wrote it.
struct FaultRow {
  std::uint64_t run;
  std::int64_t at, event;
  std::int32_t signal;
  char module[100];
};
struct Contents {
  std::uint64_t magic;
  char boot[40];      // of the machine: /proc/sys/kernel/random/boot_id
  std::uint64_t run;  // raised by begin()
  std::uint64_t epoch;
  std::uint64_t is_overfull;
  std::uint64_t fault_count;  // ever; the newest kFaultsMax are kept
  FaultRow faults[RunRecord::kFaultsMax];
  std::int64_t events[RunRecord::kEventsMax];
};

// Where the handler writes; null while nothing is to be caught.
std::atomic<Contents*> fault_target{nullptr};
std::array<struct sigaction, kFatal.size()> before_us;
std::atomic<bool> has_handlers{false};

std::string boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

void restore_handlers() {
  has_handlers.store(false);
  for (std::size_t i = 0; i < kFatal.size(); ++i) ::sigaction(kFatal[i], &before_us[i], nullptr);
}

// Nothing but plain stores and async-signal-safe calls (signal-safety(7)).
void on_fatal_signal(int signal) {
  Contents* const to = fault_target.load();
  const PluginCode code = plugin_code;
  if (to != nullptr && code.module != nullptr) {
    const std::uint64_t number = __atomic_fetch_add(&to->fault_count, 1, __ATOMIC_SEQ_CST);
    FaultRow& row = to->faults[number % RunRecord::kFaultsMax];
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    row.run = to->run;
    row.at = static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
    row.event = code.event;
    row.signal = signal;
    std::size_t i = 0;
    for (; i + 1 < sizeof row.module && code.module[i] != '\0'; ++i) row.module[i] = code.module[i];
    row.module[i] = '\0';
  }
  restore_handlers();
  // A fault of an instruction comes again when this returns; one that was sent does not.
  ::raise(signal);
}

RunRecord::LastRun read(const Contents& contents) {
  RunRecord::LastRun last;
  if (contents.magic != kMagic) return last;
  const std::string boot = boot_id();
  last.is_known = contents.is_overfull == 0 && contents.run != 0 && !boot.empty() && boot == contents.boot;
  last.epoch = contents.epoch;
  for (const std::int64_t event : contents.events)
    if (event != 0) last.begun.insert(event);
  const std::uint64_t first =
      contents.fault_count - std::min<std::uint64_t>(contents.fault_count, RunRecord::kFaultsMax);
  for (std::uint64_t i = first; i < contents.fault_count; ++i) {
    const FaultRow& row = contents.faults[i % RunRecord::kFaultsMax];
    last.faults.push_back({UnixMillis(std::chrono::milliseconds(row.at)),
                           std::string(row.module, ::strnlen(row.module, sizeof row.module)), row.event, row.signal,
                           row.run == contents.run});
  }
  return last;
}

}  // namespace

class RunRecord::File {
 public:
  static Result<std::unique_ptr<File>> map(const std::filesystem::path& path) {
    const auto failed = [&](const char* what) {
      return unavailable(std::string("can not ") + what + " " + path.string() + ": " + std::strerror(errno));
    };
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return failed("open");
    // Its blocks are there before a store needs them: a full disk would be a SIGBUS then.
    const int refused = ::posix_fallocate(descriptor, 0, sizeof(Contents));
    if (refused != 0) errno = refused;
    void* const memory = refused != 0
                             ? MAP_FAILED
                             : ::mmap(nullptr, sizeof(Contents), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) {
      const auto error = failed("map");
      ::close(descriptor);
      return error;
    }
    ::close(descriptor);
    return std::make_unique<File>(static_cast<Contents*>(memory));
  }
  explicit File(Contents* contents) : contents_(contents) {}
  ~File() { ::munmap(contents_, sizeof(Contents)); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  Contents* operator->() const { return contents_; }
  Contents& operator*() const { return *contents_; }

 private:
  Contents* const contents_;
};

struct RunRecord::Slots {
  Mutex mutex;
  std::unordered_map<std::int64_t, std::uint32_t> used GUARDED_BY(mutex);
  std::vector<std::uint32_t> free GUARDED_BY(mutex);
  std::uint32_t next GUARDED_BY(mutex) = 0;
  bool catches = false;
};

RunRecord::RunRecord(std::unique_ptr<File> file, LastRun last)
    : file_(std::move(file)), last_(std::move(last)), slots_(std::make_unique<Slots>()) {}

Result<std::unique_ptr<RunRecord>> RunRecord::open(const std::filesystem::path& file) {
  auto mapped = File::map(file);
  if (!mapped) return std::move(mapped.error());
  LastRun last = read(***mapped);
  return std::unique_ptr<RunRecord>(new RunRecord(std::move(*mapped), std::move(last)));
}

RunRecord::~RunRecord() {
  if (!slots_->catches) return;
  fault_target.store(nullptr);
  restore_handlers();
}

void RunRecord::begin(std::uint64_t epoch) {
  Contents& contents = **file_;
  const bool is_ours = contents.magic == kMagic;
  if (!is_ours) std::memset(&contents, 0, sizeof contents);
  std::memset(contents.events, 0, sizeof contents.events);
  contents.is_overfull = 0;
  contents.epoch = epoch;
  ++contents.run;
  const std::string boot = boot_id();
  std::memset(contents.boot, 0, sizeof contents.boot);
  boot.copy(contents.boot, sizeof contents.boot - 1);
  contents.magic = kMagic;
}

void RunRecord::begun(std::int64_t event) {
  if (event == 0) return;
  const MutexLock lock(slots_->mutex);
  if (slots_->used.contains(event)) return;
  std::uint32_t slot = slots_->next;
  if (!slots_->free.empty()) {
    slot = slots_->free.back();
    slots_->free.pop_back();
  } else if (slots_->next < kEventsMax) {
    ++slots_->next;
  } else {
    (*file_)->is_overfull = 1;
    return;
  }
  slots_->used.emplace(event, slot);
  (*file_)->events[slot] = event;
}

void RunRecord::settled(std::int64_t event) {
  const MutexLock lock(slots_->mutex);
  const auto found = slots_->used.find(event);
  if (found == slots_->used.end()) return;
  (*file_)->events[found->second] = 0;
  slots_->free.push_back(found->second);
  slots_->used.erase(found);
}

void RunRecord::catch_faults() {
  fault_target.store(&**file_);
  slots_->catches = true;
  struct sigaction action {};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  ::sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    ::sigaction(kFatal[i], nullptr, &before_us[i]);
    if (before_us[i].sa_handler != SIG_DFL) continue;
    ::sigaction(kFatal[i], &action, nullptr);
    has_handlers.store(true);
  }
}

void prepare_thread_for_faults() {
  if (!has_handlers.load()) return;  // a sanitizer's handler has its own
  // Freed after the thread's last use of it: the kernel is told first.
  struct Stack {
    Stack() {
      stack_t stack{};
      stack.ss_sp = bytes.data();
      stack.ss_size = bytes.size();
      ::sigaltstack(&stack, nullptr);
    }
    ~Stack() {
      stack_t none{};
      none.ss_flags = SS_DISABLE;
      ::sigaltstack(&none, nullptr);
    }
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;
    std::vector<char> bytes = std::vector<char>(16 * 1024);
  };
  thread_local const Stack stack;
}

}  // namespace modhost::executor
