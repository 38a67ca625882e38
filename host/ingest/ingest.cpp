#include "ingest/ingest.hpp"

#include <utility>

#include "base/fault_point.hpp"

namespace modhost::ingest {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kIgnoredNamesMax = 1000;
constexpr std::int64_t kFutureSeconds = 300;

std::vector<telemetry::Counter> outcome_counters(telemetry::Metrics& metrics) {
  std::vector<telemetry::Counter> out;
  for (int answer = 0; answer <= static_cast<int>(Answer::kUnavailable); ++answer)
    out.push_back(metrics.counter("webhook_requests_total", "Deliveries by outcome",
                                  {{"outcome", std::string(to_string(static_cast<Answer>(answer)))}}));
  return out;
}

}  // namespace

std::string_view to_string(Answer answer) {
  switch (answer) {
    case Answer::kAccepted:
      return "accepted";
    case Answer::kDuplicate:
      return "duplicate";
    case Answer::kIgnored:
      return "ignored";
    case Answer::kDeadLettered:
      return "dead_lettered";
    case Answer::kExpired:
      return "expired";
    case Answer::kRefused:
      return "refused";
    case Answer::kThrottled:
      return "throttled";
    case Answer::kUnavailable:
      return "unavailable";
  }
  return "unavailable";
}

Ingest::Ingest(const signature::Verifier& verifier, journal::Journal& journal, Route route, const Clock& clock,
               telemetry::Log& log, telemetry::Metrics& metrics, Options options)
    : verifier_(verifier),
      journal_(journal),
      route_(std::move(route)),
      clock_(clock),
      log_(log),
      options_(options),
      refusals_(clock, 5, 1s),
      clock_warnings_(clock, 1, 1min),
      failures_(clock, 5, 1s),
      dead_letters_(clock, 20, 1s),
      too_old_(clock, 5, 1s),
      throttled_(clock, 1, 1s),
      strangers_(clock, 5, 1s),
      outcomes_(outcome_counters(metrics)),
      future_(metrics.counter("webhook_future_timestamps_total", "Accepted deliveries stamped over 300 s ahead")),
      company_mismatches_(metrics.counter("webhook_company_mismatches_total",
                                          "Deliveries whose X-Unique-Company-Id is not the companyId of their body")),
      ack_seconds_(
          metrics.histogram("webhook_ack_seconds", "From the request read to its answer", telemetry::latency_bounds())),
      budget_(clock) {}

void Ingest::accept(RawRequest request, Done done) {
  const SteadyTime received = request.received_steady;
  if (request.client_address && !budget_.admits(*request.client_address)) {
    report_throttled(request);
    count(Answer::kThrottled, received);
    return done(Answer::kThrottled, {});
  }
  fault_point("ingest.read");
  signature::Verdict verdict;
  Result<TrustedBody> trusted = verifier_.verify(request, verdict);
  if (!trusted) {
    // With a wrong clock the sender is right.
    if (request.client_address && !verdict.mac_matches) budget_.failed(*request.client_address);
    report_refusal(verdict, request);
    count(Answer::kRefused, received);
    return done(Answer::kRefused, {});
  }
  if (request.client_address) budget_.verified(*request.client_address);
  if (options_.secret_watch != nullptr) options_.secret_watch->matched(verdict.app, verdict.key_id);
  fault_point("ingest.verified");
  if (verdict.age_s < -kFutureSeconds) report_future(verdict);

  Decoded decoded = decode(std::move(*trusted), request);
  std::string module;
  if (decoded.unusable.empty()) {
    check_company(request, decoded.event);
    std::optional<std::string> routed = route_(decoded.event);
    if (!routed) {
      report_ignored(decoded.event);
      count(Answer::kIgnored, received);
      return done(Answer::kIgnored, decoded.event.id);
    }
    module = std::move(*routed);
  }
  append(std::move(decoded), std::move(module), received, std::move(done));
}

bool Ingest::is_too_old(const Event& event) const {
  if (options_.max_event_age.count() == 0 || !event.created_at_s) return false;
  const auto oldest = std::chrono::floor<std::chrono::seconds>(clock_.unix_now() - options_.max_event_age);
  return *event.created_at_s < oldest.time_since_epoch().count();
}

void Ingest::append(Decoded decoded, std::string module, SteadyTime received, Done done) {
  journal::NewEvent entry{std::move(decoded.event), std::move(module), {}, {}, std::move(decoded.body_sha256)};
  Answer stored = Answer::kAccepted;
  if (!decoded.unusable.empty()) {
    stored = Answer::kDeadLettered;
    entry.ended_as = journal::State::kDead;
    entry.reason = std::move(decoded.unusable);
    if (std::uint64_t suppressed = 0; dead_letters_.admit(suppressed))
      log_.warn(
          "a signed body is not an event: kept as dead letter",
          {{"id", entry.event.id}, {"reason", entry.reason}, {"app", entry.event.app}, {"suppressed", suppressed}});
  } else if (is_too_old(entry.event)) {  // through the journal all the same: a duplicate is one however old it is
    stored = Answer::kExpired;
    entry.ended_as = journal::State::kExpired;
    entry.reason = "too_old";
    report_too_old(entry.event);
  }
  const std::string id = entry.event.id;
  journal_.append(std::move(entry), [this, stored, id, received,
                                     done = std::move(done)](const Result<journal::Appended>& appended) {
    Answer answer = stored;
    if (!appended) {
      answer = Answer::kUnavailable;
      if (std::uint64_t suppressed = 0; failures_.admit(suppressed))
        log_.error("event not stored, answered 503: " + appended.error().message, {{"suppressed", suppressed}});
    } else if (*appended == journal::Appended::kDuplicate) {
      answer = Answer::kDuplicate;
    } else if (*appended == journal::Appended::kConflict) {
      answer = Answer::kDuplicate;
      if (std::uint64_t suppressed = 0; failures_.admit(suppressed))
        log_.error("a known event id came with another body: not run. A forged retry, or a fault of the platform",
                   {{"event_id", id}, {"suppressed", suppressed}});
    }
    count(answer, received);
    done(answer, id);
  });
}

void Ingest::report_refusal(const signature::Verdict& verdict, const RawRequest& request) {
  std::uint64_t suppressed = 0;
  if (verdict.failure == signature::Failure::kTimestampTooOld && verdict.mac_matches) {
    if (clock_warnings_.admit(suppressed))
      log_.warn("timestamps are " + std::to_string(verdict.age_s) +
                    " s old: check this machine's clock (the signature itself holds)",
                {{"key", verdict.key_id}, {"client", request.client}, {"suppressed", suppressed}});
    return;
  }
  if (refusals_.admit(suppressed))
    log_.warn("delivery refused (401)", {{"reason", signature::to_string(verdict.failure)},
                                         {"client", request.client},
                                         {"path", request.path},
                                         {"suppressed", suppressed}});
}

void Ingest::report_throttled(const RawRequest& request) {
  if (std::uint64_t suppressed = 0; throttled_.admit(suppressed))
    log_.warn("too many bad signatures from one address: its deliveries are answered 429 for a while",
              {{"client", request.client}, {"suppressed", suppressed}});
}

// The header is not signed, so the body wins. A difference is somebody's mistake, and worth knowing.
void Ingest::check_company(const RawRequest& request, const Event& event) {
  if (!request.company || *request.company == event.company_id) return;
  company_mismatches_.add();
  if (std::uint64_t suppressed = 0; strangers_.admit(suppressed))
    log_.warn("X-Unique-Company-Id is not the companyId of the signed body, which counts",
              {{"event_id", event.id}, {"app", event.app}, {"company", event.company_id}, {"suppressed", suppressed}});
}

void Ingest::report_future(const signature::Verdict& verdict) {
  future_.add();
  if (std::uint64_t suppressed = 0; clock_warnings_.admit(suppressed))
    log_.warn("timestamps are " + std::to_string(-verdict.age_s) +
                  " s ahead: check this machine's clock; the replay check has no effect on such deliveries",
              {{"key", verdict.key_id}, {"suppressed", suppressed}});
}

void Ingest::report_too_old(const Event& event) {
  if (std::uint64_t suppressed = 0; too_old_.admit(suppressed))
    log_.warn("an event is older than limits.max_event_age: kept as expired, not run",
              {{"event_id", event.id},
               {"app", event.app},
               {"created_at", event.created_at_s.value_or(0)},
               {"suppressed", suppressed}});
}

void Ingest::report_ignored(const Event& event) {
  const bool by_module = event.name == kExternalModuleChosen;
  const std::string& name = by_module ? event.reference : event.name;
  {
    MutexLock lock(mutex_);
    if (ignored_names_.size() >= kIgnoredNamesMax || !ignored_names_.insert(name).second) return;
  }
  if (by_module)
    log_.info("ignoring events for a module that is not in modules.yaml (logged once)", {{"module", name}});
  else
    log_.info("ignoring events that no module subscribes to (logged once)", {{"event", name}});
}

void Ingest::count(Answer answer, SteadyTime received) {
  outcomes_[static_cast<std::size_t>(answer)].add();
  ack_seconds_.observe(std::chrono::duration<double>(clock_.steady_now() - received).count());
}

}  // namespace modhost::ingest
