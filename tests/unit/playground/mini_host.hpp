// The smallest thing that behaves like the host towards the stand-in: verifies deliveries over a real socket, knows
// duplicates, and answers a chosen event as DemoApp does.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "http/server.hpp"
#include "platform/http_client.hpp"
#include "signature/verifier.hpp"

namespace modhost::playground::test {

class MiniHost {
 public:
  // Borrows both. The API's address is known later: see answer_through().
  MiniHost(const Clock& clock, platform::HttpClient& client, const std::string& secret);
  ~MiniHost();

  void answer_through(std::string api_base, std::string app_id, std::string api_key);
  // The next deliveries get these statuses without being read.
  void refuse_with(std::deque<int> statuses);

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<http::Request> deliveries() const;

 private:
  void on_request(const http::Request& request, http::Responder responder);
  http::Response receive(const http::Request& request);
  void answer(const std::string& body);
  void call(std::string method, const std::string& target, std::string body, const std::string& user_id,
            const std::string& company_id, const std::string& traceparent);

  const Clock& clock_;
  platform::HttpClient& client_;
  const signature::Verifier verifier_;
  mutable Mutex mutex_;
  std::string api_base_ GUARDED_BY(mutex_), app_id_ GUARDED_BY(mutex_), api_key_ GUARDED_BY(mutex_);
  std::deque<int> refusals_ GUARDED_BY(mutex_);
  std::set<std::string> seen_ GUARDED_BY(mutex_);
  std::vector<http::Request> deliveries_ GUARDED_BY(mutex_);
  http::Server server_;
};

}  // namespace modhost::playground::test
