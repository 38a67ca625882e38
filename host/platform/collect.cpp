// The simplest sink: a whole answer in memory, handed over once.
#include <utility>

#include "platform/http_client.hpp"

namespace modhost::platform {
namespace {

class CollectingSink final : public Sink {
 public:
  explicit CollectingSink(std::function<void(Result<HttpResponse>)> done) : done_(std::move(done)) {}
  bool on_head(int status, const HeaderList& headers) override {
    response_.status = status;
    response_.headers = headers;
    return true;
  }
  bool on_data(std::string_view chunk) override {
    response_.body += chunk;
    return true;
  }
  void on_done(Result<void> outcome) override {
    const auto done = std::exchange(done_, nullptr);  // what it holds is freed with the call, not with the sink
    if (outcome)
      done(std::move(response_));
    else
      done(std::move(outcome).error());
  }

 private:
  std::function<void(Result<HttpResponse>)> done_;
  HttpResponse response_;
};

}  // namespace

std::shared_ptr<Sink> collect(std::function<void(Result<HttpResponse>)> done) {
  return std::make_shared<CollectingSink>(std::move(done));
}

}  // namespace modhost::platform
