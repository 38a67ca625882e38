// The load generator of ./dev bench: signed events over keep-alive connections, closed loop or at a given rate, one
// line of JSON as the result. Every id is used once, so an answer "duplicate" is an error of the server.
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "requests.hpp"

namespace modhost::bench {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 64;
  double seconds = 5;
  double rate = 0;  // requests a second over all connections; 0: as fast as the answers come
  std::size_t requests_max = 100'000;
  std::string module = "Bench", secret, token = "0000000000", accepted_file, bodies_file;
};

struct Tally {
  std::vector<std::uint32_t> latencies_us;
  std::map<std::string, std::size_t> answers;  // "200 accepted" -> count
  std::vector<std::size_t> accepted;           // indices
  std::size_t failures = 0;
  double seconds = 0;
};

class Run {
 public:
  Run(const Options& options, const Requests& requests)
      : options_(options), requests_(requests), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    clients_.reserve(options.connections);
    for (std::size_t i = 0; i < options.connections; ++i) clients_.emplace_back(options.port, requests.blank());
    tally_.latencies_us.reserve(requests.count());
  }

  Tally go() {
    start_ = steady_clock::now();
    end_ = start_ + duration_cast<steady_clock::duration>(std::chrono::duration<double>(options_.seconds));
    for (std::uint64_t i = 0; i < clients_.size(); ++i) idle_.push_back(i);
    while (true) {
      const auto now = steady_clock::now();
      const bool sending = now < end_ && next_ < requests_.count();
      if (sending) begin_due(now);
      if (!sending && (busy_ == 0 || now > end_ + std::chrono::seconds(10))) break;
      wait();
    }
    tally_.seconds = std::chrono::duration<double>(std::min(end_, last_answer_) - start_).count();
    tally_.failures += busy_;
    return std::move(tally_);
  }

 private:
  void begin_due(steady_clock::time_point now) {
    while (!idle_.empty() && next_ < requests_.count()) {
      if (options_.rate > 0 && std::chrono::duration<double>(now - start_).count() * options_.rate <= double(next_))
        break;
      const std::uint64_t number = idle_.back();
      idle_.pop_back();
      begin(number);
    }
  }

  void begin(std::uint64_t number) {
    Client& client = clients_[number];
    requests_.patch(client.request(), next_);
    if (!client.begin(next_++)) {
      fail(number);
      return;
    }
    ++busy_;
    if (client.is_new()) {
      epoll_event event{};
      event.events = EPOLLIN | EPOLLOUT | EPOLLET;
      event.data.u64 = number;
      ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, client.fd(), &event);
    }
  }

  void wait() {
    epoll_event events[256];
    const int ready = ::epoll_wait(poll_.get(), events, 256, options_.rate > 0 ? 1 : 100);
    for (int i = 0; i < ready; ++i) {
      const std::uint64_t number = events[i].data.u64;
      Client& client = clients_[number];
      if (!client.is_busy()) continue;  // the server closed an idle connection
      const Client::Step step = client.advance();
      if (step == Client::Step::kWaiting) continue;
      --busy_;
      if (step == Client::Step::kFailed) {
        fail(number);
        continue;
      }
      record(client);
      const auto now = steady_clock::now();
      if (options_.rate == 0 && now < end_ && next_ < requests_.count()) {
        begin(number);
      } else {
        idle_.push_back(number);
      }
    }
  }

  void record(const Client& client) {
    last_answer_ = steady_clock::now();
    if (last_answer_ <= end_) {
      tally_.latencies_us.push_back(
          static_cast<std::uint32_t>(duration_cast<microseconds>(last_answer_ - client.began()).count()));
    }
    const Answer& answer = client.answer();
    ++tally_.answers[std::to_string(answer.status) + (answer.outcome.empty() ? "" : " " + answer.outcome)];
    if (answer.outcome == "accepted") tally_.accepted.push_back(client.index());
  }

  void fail(std::uint64_t number) {
    ++tally_.failures;
    idle_.push_back(number);
    if (tally_.failures > 10'000) next_ = requests_.count();  // the server is not there: no use going on
  }

  const Options& options_;
  const Requests& requests_;
  UniqueFd poll_;
  std::vector<Client> clients_;
  std::vector<std::uint64_t> idle_;
  std::size_t next_ = 0, busy_ = 0;
  steady_clock::time_point start_, end_, last_answer_;
  Tally tally_;
};

double percentile_ms(const std::vector<std::uint32_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[at] / 1000.0;
}

void print(Tally tally) {
  std::sort(tally.latencies_us.begin(), tally.latencies_us.end());
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  std::printf("{\"requests\": %zu, \"seconds\": %.3f, \"rps\": %.1f, \"p50_ms\": %.3f, \"p90_ms\": %.3f, ",
              tally.latencies_us.size(), tally.seconds, double(tally.latencies_us.size()) / tally.seconds,
              percentile_ms(tally.latencies_us, 0.5), percentile_ms(tally.latencies_us, 0.9));
  std::printf("\"p99_ms\": %.3f, \"max_ms\": %.3f, \"failures\": %zu, \"answers\": {",
              percentile_ms(tally.latencies_us, 0.99), percentile_ms(tally.latencies_us, 1), tally.failures);
  const char* comma = "";
  for (const auto& [answer, count] : tally.answers) {
    std::printf("%s\"%s\": %zu", comma, answer.c_str(), count);
    comma = ", ";
  }
  std::printf("}}\n");
}

// The value after --name; exits when a value is missing.
bool take(const std::vector<std::string_view>& words, std::size_t& at, std::string_view name, std::string& value) {
  if (words[at] != name || at + 1 == words.size()) return false;
  value = words[++at];
  return true;
}

bool parse(const std::vector<std::string_view>& words, Options& options) {
  std::string value;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (take(words, at, "--port", value)) {
      options.port = static_cast<std::uint16_t>(std::stoul(value));
    } else if (take(words, at, "--connections", value)) {
      options.connections = std::stoul(value);
    } else if (take(words, at, "--seconds", value)) {
      options.seconds = std::stod(value);
    } else if (take(words, at, "--rate", value)) {
      options.rate = std::stod(value);
    } else if (take(words, at, "--requests-max", value)) {
      options.requests_max = std::stoul(value);
    } else if (!take(words, at, "--module", options.module) && !take(words, at, "--secret", options.secret) &&
               !take(words, at, "--token", options.token) && !take(words, at, "--accepted", options.accepted_file) &&
               !take(words, at, "--bodies", options.bodies_file)) {
      return false;
    }
  }
  return options.port != 0 && !options.secret.empty();
}

std::vector<std::string> read_lines(const std::string& name) {
  std::vector<std::string> lines;
  std::ifstream file(name);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

int run(const std::vector<std::string_view>& words) {
  Options options;
  if (!parse(words, options)) {
    std::cerr << "usage: bench_load --port N --secret TEXT [--connections 64] [--seconds 5] [--rate 0]\n"
                 "       [--requests-max 100000] [--module Bench] [--token TEXT] [--accepted FILE]\n"
                 "       [--bodies FILE]: events to send once each, one a line\n";
    return 2;
  }
  const Requests requests =
      options.bodies_file.empty()
          ? Requests(options.module, options.secret, options.token, options.port, options.requests_max)
          : Requests(read_lines(options.bodies_file), options.secret, options.port);
  Tally tally = Run(options, requests).go();
  if (!options.accepted_file.empty()) {
    std::ofstream file(options.accepted_file);
    for (const std::size_t index : tally.accepted) file << requests.id(index) << '\n';
  }
  print(std::move(tally));
  return 0;
}

}  // namespace
}  // namespace modhost::bench

int main(int argc, char** argv) { return modhost::bench::run(std::vector<std::string_view>(argv + 1, argv + argc)); }
