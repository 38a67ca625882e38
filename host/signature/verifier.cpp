#include "signature/verifier.hpp"

#include <cstdlib>

#include "crypto/digest.hpp"
#include "signature/timestamp.hpp"

namespace modhost::signature {

std::string_view to_string(Failure failure) {
  switch (failure) {
    case Failure::kNone:
      return "none";
    case Failure::kSignatureMissing:
      return "signature-missing";
    case Failure::kSignatureMalformed:
      return "signature-malformed";
    case Failure::kTimestampMissing:
      return "timestamp-missing";
    case Failure::kTimestampMalformed:
      return "timestamp-not-integer";
    case Failure::kTimestampTooOld:
      return "timestamp-too-old";
    case Failure::kMismatch:
      return "mismatch";
  }
  return "mismatch";
}

class Verifier::Impl {
 public:
  struct Key {
    std::string path, app, id;
    crypto::HmacSha256 mac;
    std::optional<UnixMillis> not_before, not_after;
  };

  Impl(const std::vector<config::App>& apps, std::chrono::milliseconds tolerance, const Clock& clock)
      : tolerance_(tolerance), clock_(clock) {
    for (const config::App& app : apps)
      for (const config::EndpointSecret& secret : app.secrets)
        keys_.push_back(Key{app.path, app.id, secret.id, crypto::HmacSha256(secret.value.reveal()), secret.not_before,
                            secret.not_after});
  }

  [[nodiscard]] Verdict check(const RawRequest& request) const {
    Verdict verdict;
    const Timestamp timestamp = parse_timestamp(request.timestamp);
    verdict.failure = check_headers(request, timestamp);
    const UnixMillis now = clock_.unix_now();
    const bool has_age = timestamp.kind == Timestamp::Kind::kValue;
    if (has_age) verdict.age_s = age_seconds(timestamp, now);

    // The MAC is computed whatever else is wrong with a well-formed signature: `verify` and the clock diagnosis need
    // to know, and the time an attacker sees says nothing.
    crypto::Digest claimed{};
    if (!request.signature || !crypto::parse_hex_digest(*request.signature, claimed)) return verdict;
    const Key* const key = match(request, claimed, now);
    verdict.mac_matches = key != nullptr;
    if (key != nullptr) {
      verdict.app = key->app;
      verdict.key_id = key->id;
    }
    if (verdict.failure != Failure::kNone) return verdict;
    if (key == nullptr)
      verdict.failure = Failure::kMismatch;
    else if (tolerance_.count() != 0 && is_older_than(timestamp, now, tolerance_))
      verdict.failure = Failure::kTimestampTooOld;
    return verdict;
  }

 private:
  static Failure check_headers(const RawRequest& request, const Timestamp& timestamp) {
    switch (timestamp.kind) {
      case Timestamp::Kind::kMissing:
        return Failure::kTimestampMissing;
      case Timestamp::Kind::kMalformed:
        return Failure::kTimestampMalformed;
      case Timestamp::Kind::kValue:
        break;
    }
    if (!request.signature || request.signature->empty()) return Failure::kSignatureMissing;
    crypto::Digest ignored{};
    if (!crypto::parse_hex_digest(*request.signature, ignored)) return Failure::kSignatureMalformed;
    return Failure::kNone;
  }

  // Every active key of the path is tried, with no early exit.
  [[nodiscard]] const Key* match(const RawRequest& request, const crypto::Digest& claimed, UnixMillis now) const {
    const Key* matched = nullptr;
    for (const Key& key : keys_) {
      if (key.path != request.path) continue;
      if ((key.not_before && now < *key.not_before) || (key.not_after && now >= *key.not_after)) continue;
      const crypto::Digest mac = key.mac.mac(request.body);
      if (crypto::equal_constant_time(crypto::bytes_of(mac), crypto::bytes_of(claimed)) && matched == nullptr)
        matched = &key;
    }
    return matched;
  }

  std::vector<Key> keys_;
  std::chrono::milliseconds tolerance_;
  const Clock& clock_;
};

Verifier::Verifier(const std::vector<config::App>& apps, std::chrono::milliseconds tolerance, const Clock& clock)
    : clock_(clock), impl_(std::make_shared<const Impl>(apps, tolerance, clock)) {}
Verifier::~Verifier() = default;

void Verifier::replace(const std::vector<config::App>& apps, std::chrono::milliseconds tolerance) {
  auto next = std::make_shared<const Impl>(apps, tolerance, clock_);
  MutexLock lock(mutex_);
  impl_.swap(next);
}

std::shared_ptr<const Verifier::Impl> Verifier::impl() const {
  MutexLock lock(mutex_);
  return impl_;
}

Result<TrustedBody> Verifier::verify(RawRequest& request, Verdict& verdict) const {
  verdict = impl()->check(request);
  if (verdict.failure != Failure::kNone)
    return Error{Code::kDenied, "signature refused: " + std::string(to_string(verdict.failure))};
  return TrustedBody(TrustedBody::Origin::kSigned, std::move(request.body), verdict.app, verdict.key_id);
}

Verdict Verifier::explain(const RawRequest& request) const { return impl()->check(request); }

std::string sign(std::string_view secret, std::string_view body) {
  return crypto::hex(crypto::HmacSha256(secret).mac(body));
}

}  // namespace modhost::signature
