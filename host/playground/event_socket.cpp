// Keeps the open event streams.
#include "playground/event_socket.hpp"

#include <algorithm>
#include <memory>

#include "event/json_reader.hpp"
#include "http/query.hpp"
#include "playground/answer.hpp"

namespace modhost::playground {

namespace {

constexpr std::size_t kStreamsMax = 64;

std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (comma != 0) names.emplace_back(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return names;
}

}  // namespace

EventSocket::EventSocket(const Clock& clock, Worker& worker, Credentials credentials,
                         std::chrono::milliseconds lifetime)
    : clock_(clock), worker_(worker), credentials_(std::move(credentials)), lifetime_(lifetime) {}

void EventSocket::watch(const http::Request& request, http::Responder responder) {
  Watcher watcher;
  watcher.company_id = request.header("x-company-id").value_or("");
  for (const auto& [name, value] : http::parse_query(request.query()))
    if (name == "subscriptions") watcher.names = names_in(value);
  if (!credentials_.are_in(request.header("authorization"))) return responder.respond(nest_error(401, "Unauthorized"));
  if (request.header("x-app-id") != credentials_.app_id)
    return responder.respond(nest_error(403, "x-app-id is missing or names an app that does not own this API key"));
  std::vector<std::string> complaints;
  if (watcher.company_id.empty()) complaints.emplace_back("x-company-id header is missing");
  if (watcher.names.empty()) complaints.emplace_back("subscriptions should not be empty");
  if (!complaints.empty()) return responder.respond(validation_error(complaints));
  watcher.responder = std::move(responder);
  auto shared = std::make_shared<Watcher>(std::move(watcher));  // a task is copyable, a responder is not
  worker_.post([this, shared] { add(std::move(*shared)); });
}

void EventSocket::add(Watcher watcher) {
  if (watchers_.size() >= kStreamsMax) return watcher.responder.respond(nest_error(429, "too many event streams"));
  watcher.responder.begin_stream({200, "text/event-stream", {}, {{"Cache-Control", "no-cache"}}, false});
  watcher.number = ++last_number_;
  const std::uint64_t number = watcher.number;
  watchers_.push_back(std::move(watcher));
  if (!worker_.at(clock_.steady_now() + lifetime_, [this, number] { close(number); })) close(number);
}

void EventSocket::close(std::uint64_t number) {
  const auto found =
      std::find_if(watchers_.begin(), watchers_.end(), [&](const Watcher& one) { return one.number == number; });
  if (found == watchers_.end()) return;
  found->responder.end_stream();
  watchers_.erase(found);
}

void EventSocket::publish(const EventRecord& event) {
  const auto body = parse_json(event.body);
  if (!body) return;  // the stream carries documents only; one line each, however they were written
  worker_.post([this, frame = "data: " + to_json(*body) + "\n\n", name = event.name, company = event.company_id] {
    std::erase_if(watchers_, [&](Watcher& one) {
      const bool is_wanted =
          one.company_id == company && std::find(one.names.begin(), one.names.end(), name) != one.names.end();
      return is_wanted && !one.responder.write(frame);
    });
  });
}

void EventSocket::end() {
  for (Watcher& one : watchers_) one.responder.end_stream();
  watchers_.clear();
}

}  // namespace modhost::playground
