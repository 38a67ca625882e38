// verify -> decode -> append: from the raw bytes of a delivery to its answer. The answer comes after the commit, on the
// journal's thread; nothing is written before the signature holds.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "event/decode.hpp"
#include "event/raw_request.hpp"
#include "ingest/failure_budget.hpp"
#include "journal/journal.hpp"
#include "signature/secret_watch.hpp"
#include "signature/verifier.hpp"
#include "telemetry/log.hpp"
#include "telemetry/log_limiter.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::ingest {

enum class Answer {
  kAccepted,      // 200: durable, will be run
  kDuplicate,     // 200: known id
  kIgnored,       // 200: nobody here wants it; nothing written
  kDeadLettered,  // 200: signed, but not an event; kept as dead
  kExpired,       // 200: older than max_event_age; kept as expired, never run
  kRefused,       // 401: the signature does not hold
  kThrottled,     // 429: this address has failed the signature too often; not looked at
  kUnavailable    // 503: not durable; the platform sends it again
};
std::string_view to_string(Answer answer);

struct Options {
  std::chrono::milliseconds max_event_age = limits::kMaxEventAge;  // by the signed createdAt; 0: any
  signature::SecretWatch* secret_watch = nullptr;                  // told which secret matched; may be null
};

class Ingest {
 public:
  // The module that runs an event; nothing: it is ignored. Set by the composition root from the router.
  using Route = std::function<std::optional<std::string>(const Event&)>;
  using Done = std::function<void(Answer, const std::string& id)>;

  // Borrows everything for its life.
  Ingest(const signature::Verifier& verifier, journal::Journal& journal, Route route, const Clock& clock,
         telemetry::Log& log, telemetry::Metrics& metrics, Options options = {});

  // done runs exactly once: on this thread, or on the journal's after the commit. [any thread]
  void accept(RawRequest request, Done done);

 private:
  void report_refusal(const signature::Verdict& verdict, const RawRequest& request);
  void report_throttled(const RawRequest& request);
  void check_company(const RawRequest& request, const Event& event);
  void report_future(const signature::Verdict& verdict);
  void report_ignored(const Event& event);
  void report_too_old(const Event& event);
  [[nodiscard]] bool is_too_old(const Event& event) const;
  void append(Decoded decoded, std::string module, SteadyTime received, Done done);
  void count(Answer answer, SteadyTime received);

  const signature::Verifier& verifier_;
  journal::Journal& journal_;
  const Route route_;
  const Clock& clock_;
  telemetry::Log& log_;
  const Options options_;
  telemetry::LogLimiter refusals_, clock_warnings_, failures_, dead_letters_, too_old_, throttled_, strangers_;
  std::vector<telemetry::Counter> outcomes_;  // by answer
  telemetry::Counter future_, company_mismatches_;
  telemetry::Histogram ack_seconds_;

  FailureBudget budget_;
  Mutex mutex_;
  std::set<std::string> ignored_names_ GUARDED_BY(mutex_);  // logged once each, bounded
};

}  // namespace modhost::ingest
