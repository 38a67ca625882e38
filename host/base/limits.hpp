// A limit on everything, each named once and with its reason. `limits:` in modules.yaml changes those that an operator
// may change; the others are facts of the design.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace modhost::limits {

using namespace std::chrono_literals;

// Receiving. Real deliveries are a few KiB; the rest is room for growth, not for an attacker.
inline constexpr std::size_t kHeadBytesMax = 16 * 1024;
inline constexpr std::size_t kHeadersMax = 100;
inline constexpr std::size_t kBodyBytesMax = 1024 * 1024;
inline constexpr auto kHeadTimeout = 10s;
inline constexpr auto kBodyTimeout = 20s;  // then at least kBodyRateMin bytes a second
inline constexpr std::size_t kBodyRateMin = 1024;
inline constexpr auto kKeepAliveTimeout = 60s;
inline constexpr auto kWriteTimeout = 20s;                       // a client that does not read for so long is cut off
inline constexpr std::size_t kUnsentBytesMax = 4 * 1024 * 1024;  // per connection, then cut off
inline constexpr std::size_t kPipelineMax = 64;        // requests of one connection read ahead of their answers
inline constexpr std::size_t kConnectionsMax = 16384;  // 10,000 idle ones must fit beside busy ones
inline constexpr int kListenBacklog = 4096;
inline constexpr auto kAckTimeout = 5s;  // append to answer; then 503 and the platform's retry is a duplicate
inline constexpr std::size_t kReceivingBytesMax = 256 * 1024 * 1024;  // bodies held by the receiving half

// Outside JSON: deeper documents overflow nothing here, but no real event comes near.
inline constexpr std::size_t kJsonDepthMax = 128;

// Signature header: timestamps of any length are parsed without overflow, none longer is real.
inline constexpr auto kTimestampTolerance = 300s;
inline constexpr std::size_t kSecretsMax = 16;  // every active secret costs one MAC a request

// Replays. An ended event's id is known for so long: an older one could come again and run again.
inline constexpr auto kDedupeRetention = 24h * 30;
inline constexpr auto kMaxEventAge = 24h * 7;  // by the signed createdAt; at most kDedupeRetention

// Failed signatures of one address, only when trusted_proxies says which address is real: the MACs of a flood cost more
// than its bytes.
inline constexpr unsigned kFailuresMax = 20;
inline constexpr auto kFailureWindow = 60s;
inline constexpr auto kVerifiedFor = 10min;  // an address that verified within it is not held back
inline constexpr std::size_t kFailingAddressesMax = 4096;
inline constexpr std::size_t kVerifiedAddressesMax = 1024;
inline constexpr std::size_t kForwardedHopsMax = 32;  // proxies between the client and us that are looked at

// Journal.
inline constexpr std::size_t kCommitBatchMax =
    256;  // appends in one transaction: past this the tail grows, not the rate
inline constexpr std::size_t kAppendQueueMax = 4096;  // appends waiting for the writer, then 503
inline constexpr std::size_t kReadyInMemoryMax =
    256;                                             // events per module kept with their bodies; the rest stays on disk
inline constexpr std::size_t kKeptBackMax = 10'000;  // events per module that wait for their chats, numbers in memory
inline constexpr std::uint64_t kReadyMax = 100'000;  // backlog, then 503
inline constexpr std::uint64_t kReadyBytesMax = 4ull << 30;

// Running.
inline constexpr unsigned kThreadsDefault = 1;
inline constexpr unsigned kThreadsMax = 256;
inline constexpr unsigned kInFlightDefault = 64;
inline constexpr unsigned kInFlightMax = 100'000;
inline constexpr auto kAttemptDeadline = 5min;
inline constexpr auto kEventDeadline = 10min;
inline constexpr auto kOrderWaitMax = 30s;            // a chat waits so long for an event that is tried again
inline constexpr auto kCancelGrace = 2s;              // from the cancel to giving an attempt up
inline constexpr std::size_t kDetailBytesMax = 2048;  // an attempt's message in the journal

// Loading.
inline constexpr std::size_t kPluginFileBytesMax = 256 * 1024 * 1024;
inline constexpr auto kPreloadTimeout = 10s;  // the child that maps each file first

// Calling the platform.
inline constexpr auto kConnectTimeout = 10s;
inline constexpr auto kCallTimeoutMax = 600s;  // as the platform's own client
inline constexpr std::size_t kResponseBytesMax = 16 * 1024 * 1024;
inline constexpr std::size_t kCallsMax = 20'000;           // outbound calls alive at once
inline constexpr std::size_t kCallsPerModuleMax = 15'000;  // of one module: never all of them
inline constexpr long kConnectionsPerOriginMax = 16'384;   // a chat that waits for its model holds one
inline constexpr int kCallAttemptsMax = 3;

// Stopping, together within kStopMax so that a 30 s kill never comes first.
inline constexpr auto kStopMax = 28s;
inline constexpr auto kDrainDelay = 3s;
inline constexpr auto kDrainGrace = 20s;
inline constexpr auto kDrainCancel = 2s;
inline constexpr auto kDrainPlugins = 1s;   // their stop and destroy
inline constexpr auto kDrainEndpoint = 2s;  // the last answers

}  // namespace modhost::limits
