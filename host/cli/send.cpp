// `modhost send`: make, sign and post an event, the way the platform does.
#include <condition_variable>
#include <map>

#include "base/mutex.hpp"
#include "cli/event_maker.hpp"
#include "cli/json.hpp"
#include "cli/options.hpp"
#include "cli/signing.hpp"
#include "config/values.hpp"
#include "event/json_reader.hpp"
#include "platform/curl_client.hpp"
#include "signature/verifier.hpp"

namespace modhost::cli {
namespace {

constexpr auto kAnswerTimeout = std::chrono::seconds(30);
constexpr std::size_t kInFlightMax = 256;
constexpr std::size_t kShownBytesMax = 4096;

struct Corruption {
  bool signature = false, timestamp = false, json = false;
};

Result<Corruption> corruption_of(const std::vector<std::string>& names) {
  Corruption out;
  for (const std::string& name : names) {
    if (name == "signature")
      out.signature = true;
    else if (name == "timestamp")
      out.timestamp = true;
    else if (name == "json")
      out.json = true;
    else
      return invalid("--corrupt " + name + ": expected signature, timestamp or json");
  }
  return out;
}

std::string url_of(const config::Config& config, const config::App& app) {
  config::Address address = config.listen;
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  return "http://" + config::to_text(address) + app.path;
}

struct Outcome {
  std::uint64_t accepted = 0, refused = 0, unreachable = 0;
  std::map<std::string, std::uint64_t> counts;  // "200 accepted" -> how often
  platform::HttpResponse last;
};

// " accepted" of {"status":"accepted"}.
std::string status_word(const std::string& body) {
  const auto json = parse_json(body);
  if (!json || !json->IsObject()) return {};
  const std::string_view word = string_member(*json, "status");
  return word.empty() ? std::string() : " " + std::string(word.substr(0, 40));
}

// Counts answers as they come in on the client's thread, and bounds the requests that wait for theirs.
class Tally {
 public:
  void add(const Result<platform::HttpResponse>& answer) {
    MutexLock lock(mutex_);
    --in_flight_;
    if (!answer) {
      ++outcome_.unreachable;
      ++outcome_.counts["no answer: " + answer.error().message];
    } else {
      ++(answer->status >= 200 && answer->status < 300 ? outcome_.accepted : outcome_.refused);
      ++outcome_.counts[std::to_string(answer->status) + status_word(answer->body)];
      outcome_.last = *answer;
    }
    changed_.notify_all();
  }

  // Takes a place for one more request: not before `at`, and not while there are `limit` already.
  void begin(SteadyTime at, std::size_t limit) {
    MutexLock lock(mutex_);
    while (std::chrono::steady_clock::now() < at) lock.wait_until(changed_, at);
    while (in_flight_ >= limit) lock.wait(changed_);
    ++in_flight_;
  }

  Outcome wait_for_all() {
    MutexLock lock(mutex_);
    while (in_flight_ > 0) lock.wait(changed_);
    return outcome_;
  }

 private:
  Mutex mutex_;
  std::condition_variable changed_;
  std::size_t in_flight_ GUARDED_BY(mutex_) = 0;
  Outcome outcome_ GUARDED_BY(mutex_);
};

platform::HttpRequest make_request(const Corruption& corruption, const std::string& url,
                                   const config::EndpointSecret& secret, std::string body, const Clock& clock) {
  if (corruption.json) body.resize(body.size() / 2);  // before signing: a signed body that can not be read
  std::string mac = signature::sign(secret.value.reveal(), body);
  if (corruption.signature) mac.back() = mac.back() == '0' ? '1' : '0';
  const UnixMillis time = clock.unix_now() - (corruption.timestamp ? std::chrono::hours(1) : std::chrono::hours(0));
  platform::HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = delivery_headers(body, mac, unix_seconds(time));
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  request.deadline = Deadline::after(clock, kAnswerTimeout);
  request.attempts_max = 1;
  return request;
}

std::string header(const platform::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return {};
}

// `sent` is the last request.
int report(const SendOptions& options, const Outcome& outcome, const platform::HttpRequest& sent, Terminal& terminal) {
  const int code = outcome.accepted == options.count ? kOk
                   : outcome.accepted > 0            ? kPartial
                   : outcome.refused > 0             ? kFailed
                                                     : kUnreachable;
  const platform::HttpResponse& last = outcome.last;
  const bool is_single = options.count == 1 && last.status != 0;
  if (outcome.counts.contains("200 ignored"))
    terminal.err
        << "modhost: ignored: no module takes such an event: map its name under `modules:`, or the event under "
           "`subscriptions:`\n";
  if (outcome.counts.contains("200 expired"))
    terminal.err << "modhost: expired: the event's createdAt is older than limits.max_event_age"
                 << (options.keep ? ": without --keep it is renewed\n" : "\n");
  if (options.json) {
    JsonObject out;
    out.field("url", sent.url).field("sent", options.count).field("accepted", outcome.accepted);
    out.field("refused", outcome.refused).field("unreachable", outcome.unreachable);
    if (is_single)
      out.field("status", last.status)
          .field("body", last.body.substr(0, kShownBytesMax))
          .field("signature", header(sent, "X-Unique-Signature"))
          .field("timestamp", header(sent, "X-Unique-Created-At"))
          .field("event", sent.body);
    out.begin_object("answers");
    for (const auto& [answer, count] : outcome.counts) out.field(answer, count);
    terminal.out << out.end_object().finish() << '\n';
    return code;
  }
  if (is_single) {
    terminal.out << last.status << ' ' << last.body.substr(0, kShownBytesMax) << '\n';
    if (last.status == 401)
      terminal.err
          << "modhost: the signature was refused: `modhost verify` says why, given the body (`--json` shows it as "
             "`event`) and\n  --signature "
          << header(sent, "X-Unique-Signature") << " --timestamp " << header(sent, "X-Unique-Created-At") << '\n';
    return code;
  }
  for (const auto& [answer, count] : outcome.counts) terminal.out << count << " x " << answer << '\n';
  if (code == kUnreachable)
    terminal.err << "modhost: nothing answers at " << sent.url
                 << ": is `modhost run` or `modhost dev` up? --url names another place\n";
  return code;
}

}  // namespace

int run_send(const SendOptions& options, Terminal& terminal) {
  const Result<Corruption> corruption = corruption_of(options.corrupt);
  if (!corruption) return fail(terminal, options.json, corruption.error().message, kUsage);
  const Result<EventMaker> events =
      EventMaker::open({options.what, options.module, options.text, options.overrides, options.keep});
  if (!events) return fail(terminal, options.json, events.error().message, kUsage);
  const Result<config::Config> config = load_for_signing(options, options.secret);
  if (!config) return fail(terminal, options.json, config.error().message);
  const SystemClock clock;
  const auto [app, secret] = signing_secret(*config, clock.unix_now());
  const std::string url = options.url.empty() ? url_of(*config, *app) : options.url;

  Tally tally;  // outlives the client, whose thread writes to it
  platform::CurlClientOptions client_options;
  client_options.http.ca_file = config->http_client.ca_file;  // and no proxy: the endpoint is ours
  const auto client = platform::CurlClient::open(clock, client_options);
  if (!client) return fail(terminal, options.json, client.error().message);
  const SteadyTime start = clock.steady_now();
  platform::HttpRequest sent;
  for (std::uint64_t i = 0; i < options.count; ++i) {
    const std::chrono::duration<double> delay(options.rate > 0 ? static_cast<double>(i) / options.rate : 0.0);
    tally.begin(start + std::chrono::duration_cast<std::chrono::nanoseconds>(delay),
                options.rate > 0 ? kInFlightMax : 1);
    auto request = make_request(*corruption, url, *secret, events->next(clock.unix_now()), clock);
    sent = request;
    const auto started = (*client)->start(
        std::move(request),
        platform::collect([&tally](const Result<platform::HttpResponse>& answer) { tally.add(answer); }));
    if (!started) return fail(terminal, options.json, started.error().message, kUsage);
  }
  return report(options, tally.wait_for_all(), sent, terminal);
}

}  // namespace modhost::cli
