// Delivers events to the host as the platform does: signed, over real HTTP, with all six headers, and again up to five
// times with growing pauses when the answer asks for it. (Dossier 1.1, 1.2, 1.6.)
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <string>

#include "base/mutex.hpp"
#include "base/secret.hpp"
#include "platform/http_client.hpp"
#include "playground/platform.hpp"
#include "playground/worker.hpp"

namespace modhost::playground {

// What to spoil on purpose, after signing.
enum class Corrupt { kNothing, kSignature, kTimestamp, kBody };
std::optional<Corrupt> corrupt_named(std::string_view name);  // "", "signature", "timestamp", "body"
std::string_view to_string(Corrupt corrupt);

struct SenderOptions {
  std::string webhook_url;
  Secret secret;
  unsigned retries = 5;
  std::chrono::milliseconds backoff_first{200};  // then doubled each time; the platform's own are longer
  std::chrono::milliseconds answer_timeout{10'000};
  std::function<void(const EventRecord&)> announce;  // told of every event that goes out unspoiled; may be empty
};

class Sender {
 public:
  // Borrows all four; the worker is stopped before this object goes.
  Sender(SenderOptions options, const Clock& clock, platform::HttpClient& client, Platform& platform, Worker& worker);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void set_webhook_url(std::string url) { options_.webhook_url = std::move(url); }  // before the first deliver()
  [[nodiscard]] const std::string& webhook_url() const { return options_.webhook_url; }

  // Sends the event kept under `key`; answers and retries are written into its record. [any thread]
  void deliver(const std::string& key, Corrupt corrupt = Corrupt::kNothing);

  // Cancels what is on its way and waits until no callback runs any more. [main thread]
  void stop();

 private:
  void attempt(const std::string& key, Corrupt corrupt, unsigned retries_left, std::chrono::milliseconds backoff);
  void on_answer(const std::string& key, Corrupt corrupt, unsigned retries_left, std::chrono::milliseconds backoff,
                 DeliveryTry attempt);
  platform::HttpRequest request_for(const EventRecord& record, Corrupt corrupt) const;
  std::uint64_t begin();  // a token, or 0 once stopped
  void finish(std::uint64_t token);

  SenderOptions options_;
  const Clock& clock_;
  platform::HttpClient& client_;
  Platform& platform_;
  Worker& worker_;

  Mutex mutex_;
  std::condition_variable idle_;
  std::uint64_t last_token_ GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, platform::CallId> on_the_way_ GUARDED_BY(mutex_);  // by token; 0 until start() has returned
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace modhost::playground
