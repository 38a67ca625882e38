// What all connections of one server share. Held by shared_ptr: an answer may come after the server has gone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "http/server.hpp"

namespace modhost::http {

// One block an http thread, so that the threads do not fight for a cache line. Only counters: all relaxed.
struct alignas(64) Counters {  // NOLINT(clang-analyzer-optin.performance.Padding): meant
  std::atomic<std::uint64_t> opened{0}, closed{0}, refused{0}, requests{0}, bad{0}, timeouts{0}, too_large{0};
  alignas(64) std::atomic<std::uint64_t> answered{0};  // by any thread
};

inline void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

struct Core {
  Core(ServerOptions server_options, const Clock& server_clock)
      : options(std::move(server_options)), clock(server_clock) {}

  const ServerOptions options;
  const Clock& clock;            // touched only while the server lives
  Server::Handler handler;       // [http thread]
  Server::HeadCheck head_check;  // [http thread]
  std::atomic<bool> is_draining{false};
  std::atomic<std::size_t> open_connections{0};
  std::atomic<std::size_t> receiving_bytes{0};  // bodies received and not yet answered
};

}  // namespace modhost::http
