// Checks the platform's signature over the raw bytes, in constant time over all secrets of the path, before anything is
// parsed. (Dossier 1.2, 1.3; recommended verdicts of fixtures/signatures.json.)
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "event/raw_request.hpp"
#include "event/trusted_body.hpp"

namespace modhost::signature {

enum class Failure {
  kNone,
  kSignatureMissing,
  kSignatureMalformed,
  kTimestampMissing,
  kTimestampMalformed,
  kTimestampTooOld,
  kMismatch
};
std::string_view to_string(Failure failure);

struct Verdict {
  Failure failure = Failure::kNone;
  std::int64_t age_s = 0;    // header timestamp against our clock; negative: the future
  bool mac_matches = false;  // with kTimestampTooOld: the sender is right and a clock is off
  std::string app, key_id;
};

class Verifier {
 public:
  Verifier(const std::vector<config::App>& apps, std::chrono::milliseconds tolerance, const Clock& clock);
  ~Verifier();

  // Takes the place of apps and tolerance; what is being verified goes on with those before. [any thread]
  void replace(const std::vector<config::App>& apps, std::chrono::milliseconds tolerance);

  // Takes the body only when the signature holds; otherwise the request keeps it and verdict says why. [any thread]
  Result<TrustedBody> verify(RawRequest& request, Verdict& verdict) const;

  // The verdict alone: for `modhost verify`.
  [[nodiscard]] Verdict explain(const RawRequest& request) const;

 private:
  class Impl;
  [[nodiscard]] std::shared_ptr<const Impl> impl() const;

  const Clock& clock_;
  mutable Mutex mutex_;
  std::shared_ptr<const Impl> impl_ GUARDED_BY(mutex_);
};

// 64 lower-case hex digits: what the platform puts into X-Unique-Signature.
std::string sign(std::string_view secret, std::string_view body);

}  // namespace modhost::signature
