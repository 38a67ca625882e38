// The machine's part of `modhost check`: ports, disk, descriptors, clock.
#include <fcntl.h>
#include <netdb.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "cli/findings.hpp"
#include "config/values.hpp"
#include "loader/source_file.hpp"

namespace modhost::cli {
namespace {

constexpr int kSyncs = 50;
constexpr std::size_t kSyncBytes = 4096;   // a page of the journal
constexpr rlim_t kSpareDescriptors = 256;  // plugins, journal, outbound calls

// Who runs on this state folder: "process 4711 on bank-1", or empty. The lock is not taken.
std::string running_host(const std::filesystem::path& state_dir) {
  const UniqueFd fd(::open((state_dir / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.is_open() || ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return {};
  std::array<char, 256> text{};
  const ssize_t size = ::pread(fd.get(), text.data(), text.size(), 0);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string("another process");
}

void check_port(const config::Address& address, const std::string& key, const std::string& host, Findings& out) {
  const std::string shown = config::to_text(address);
  if (address.port == 0) return out.push_back({Level::kOk, "port", key + " " + shown + ": any free port"});
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int lookup = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (lookup != 0)
    return out.push_back(
        {Level::kError, "port", key + " " + shown + ": the host is not known here (" + ::gai_strerror(lookup) + ")"});
  const UniqueFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (fd.is_open()) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool is_free =
      fd.is_open() && ::bind(fd.get(), found->ai_addr, found->ai_addrlen) == 0 && ::listen(fd.get(), 1) == 0;
  const int number = errno;
  ::freeaddrinfo(found);
  if (is_free) return out.push_back({Level::kOk, "port", key + " " + shown + " is free"});
  if (number == EADDRINUSE && !host.empty())
    return out.push_back(
        {Level::kOk, "port", key + " " + shown + " is taken while this state_dir's host runs (" + host + ")"});
  std::string cure = ": choose an address of this machine";
  if (number == EADDRINUSE) cure = ": something listens there, perhaps another modhost: stop it or change " + key;
  if (number == EACCES) cure = ": ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher one";
  out.push_back({Level::kError, "port", key + " " + shown + " can not be used (" + std::strerror(number) + ")" + cure});
}

std::string in_milliseconds(std::chrono::nanoseconds duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f ms", static_cast<double>(duration.count()) / 1e6);
  return text.data();
}

// Sorted durations of writing and syncing one page; empty when that fails.
std::vector<std::chrono::nanoseconds> time_syncs(int fd) {
  std::vector<std::chrono::nanoseconds> out;
  const std::vector<char> page(kSyncBytes, 'x');
  for (int i = 0; i < kSyncs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (::pwrite(fd, page.data(), page.size(), static_cast<off_t>(i) * static_cast<off_t>(page.size())) !=
            static_cast<ssize_t>(page.size()) ||
        ::fdatasync(fd) != 0)
      return {};
    out.push_back(std::chrono::steady_clock::now() - start);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void report_syncs(const std::vector<std::chrono::nanoseconds>& syncs, Findings& out) {
  const auto p50 = syncs[syncs.size() / 2], p99 = syncs[syncs.size() * 99 / 100];
  const double per_second = 1e9 / static_cast<double>(std::max<std::int64_t>(p50.count(), 1));
  const auto single = static_cast<std::uint64_t>(per_second);
  const bool is_slow = p99 > std::chrono::milliseconds(50);
  out.push_back({is_slow ? Level::kWarning : Level::kOk, "disk",
                 "a sync takes " + in_milliseconds(p50) + " (p50), " + in_milliseconds(p99) +
                     " (p99): one sender alone gets at most " + std::to_string(single) +
                     " events/s, many together share a sync among up to " + std::to_string(limits::kCommitBatchMax) +
                     (is_slow ? ": put state_dir on a faster disk, answers wait for it" : "")});
}

// The nearest folder that exists: state_dir itself is made by `run`.
std::filesystem::path existing(std::filesystem::path folder) {
  std::error_code ignored;
  while (!std::filesystem::exists(folder, ignored) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  return folder;
}

void check_space(const std::filesystem::path& folder, const config::Config& config, Findings& out) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return;
  const std::uint64_t free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  const std::uint64_t needed = config.limits.ready_bytes;
  const std::string mib = std::to_string(free >> 20) + " MiB free";
  if (free < needed)
    out.push_back({Level::kWarning, "disk",
                   mib + ", less than limits.ready_bytes (" + config::size_to_text(needed) +
                       "): a long backlog would fill the disk: lower it or make room"});
  else
    out.push_back({Level::kOk, "disk",
                   mib + ", room for the backlog of limits.ready_bytes (" + config::size_to_text(needed) +
                       ") and limits.ready_events (" + std::to_string(config.limits.ready_events) + ")"});
}

}  // namespace

void check_ports(const config::Config& config, Findings& out) {
  const std::string host = running_host(config.state_dir);
  if (!host.empty())
    out.push_back({Level::kOk, "host", "runs on this state_dir: " + host + "; another `modhost run` would be refused"});
  check_port(config.listen, "listen", host, out);
  check_port(config.admin, "admin", host, out);
}

void check_state(const config::Config& config, Findings& out) {
  const std::filesystem::path folder = existing(config.state_dir);
  if (folder == config.state_dir)
    if (const std::string exposed = loader::exposure_of(folder); !exposed.empty())
      return out.push_back({Level::kError, "disk", "state_dir " + exposed});
  std::string name = (folder / "modhost-check-XXXXXX").string();
  const UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd.is_open())
    return out.push_back({Level::kError, "disk",
                          "state_dir " + config.state_dir.string() + " can not be written (" + std::strerror(errno) +
                              "): change its owner or state_dir"});
  const auto syncs = time_syncs(fd.get());
  const int number = errno;
  ::unlink(name.c_str());
  if (syncs.empty())
    return out.push_back({Level::kError, "disk", "a sync in " + folder.string() + " fails: " + std::strerror(number)});
  out.push_back({Level::kOk, "disk", "state_dir " + config.state_dir.string() + " can be written"});
  report_syncs(syncs, out);
  check_space(folder, config, out);
}

void check_descriptors(const config::Config& config, Findings& out) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t needed = config.limits.connections + kSpareDescriptors;
  if (limit.rlim_max < needed)
    out.push_back({Level::kWarning, "limits",
                   "at most " + std::to_string(limit.rlim_max) + " open files, limits.connections " +
                       std::to_string(config.limits.connections) + " needs " + std::to_string(needed) +
                       ": raise LimitNOFILE (ulimit -n) or lower it"});
}

void check_clock(Findings& out) {
  const UnixMillis now = SystemClock().unix_now();
  const UnixMillis built{std::chrono::sys_days(std::chrono::year(2025) / 1 / 1)};  // before this code was written
  if (now < built || now > built + std::chrono::years(50))
    return out.push_back(
        {Level::kError, "clock",
         "it is not " + config::to_text(now) + ": set this machine's clock, or every delivery will be too old"});
  timex state{};
  const int sync = ::adjtimex(&state);
  if (sync == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    return out.push_back({Level::kWarning, "clock",
                          "it is " + config::to_text(now) + " and nothing keeps it right: install an NTP client, " +
                              "a clock that is 300 s off refuses every delivery"});
  out.push_back({Level::kOk, "clock", "it is " + config::to_text(now) + ", kept right by NTP"});
}

}  // namespace modhost::cli
