// Bytes that are known to come from the platform. Only the signature verifier (and, later, the event-socket client) can
// make one and decode() takes nothing else: a path around the signature does not compile (tests/tidy proves it).
#pragma once

#include <string>
#include <utility>

namespace modhost {

namespace signature {
class Verifier;
}

class TrustedBody {
 public:
  enum class Origin { kSigned, kEventStream };

  TrustedBody(TrustedBody&&) = default;
  TrustedBody& operator=(TrustedBody&&) = default;
  TrustedBody(const TrustedBody&) = delete;
  TrustedBody& operator=(const TrustedBody&) = delete;

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] Origin origin() const { return origin_; }
  [[nodiscard]] const std::string& app() const { return app_; }        // id of the app whose secret matched
  [[nodiscard]] const std::string& key_id() const { return key_id_; }  // id of that secret
  [[nodiscard]] std::string release() && { return std::move(bytes_); }

 private:
  friend class signature::Verifier;
  TrustedBody(Origin origin, std::string bytes, std::string app, std::string key_id)
      : origin_(origin), bytes_(std::move(bytes)), app_(std::move(app)), key_id_(std::move(key_id)) {}

  Origin origin_;
  std::string bytes_;
  std::string app_;
  std::string key_id_;
};

}  // namespace modhost
