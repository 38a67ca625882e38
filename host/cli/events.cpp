// `modhost events list | tail | export`: which events there are.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "base/unique_fd.hpp"
#include "cli/event_filter.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "config/values.hpp"
#include "event/json_reader.hpp"

namespace modhost::cli {
namespace {

constexpr std::size_t kShownReason = 70;
constexpr std::size_t kShownId = 32;
constexpr auto kTailEvery = std::chrono::milliseconds(500);
constexpr std::size_t kTailedMax = 200;  // live events whose end is waited for

std::string reason_of(const rapidjson::Value& event) {
  std::string text(string_member(event, "reason"));
  if (const auto detail = string_member(event, "detail"); !detail.empty()) text.append(": ").append(detail);
  return shown(text, kShownReason);
}

std::string module_of(const rapidjson::Value& event) {
  const std::string_view module = string_member(event, "module");
  return module.empty() ? "-" : shown(module);
}

const rapidjson::Value& events_in(const rapidjson::Document& page) {
  static const rapidjson::Value kNone(rapidjson::kArrayType);
  const rapidjson::Value* const events = find_member(page, "events");
  return events != nullptr && events->IsArray() ? *events : kNone;
}

void print_line(Terminal& terminal, const rapidjson::Value& event, const char* time_member, bool json) {
  if (json) {
    terminal.out << to_json(event) << std::endl;
    return;
  }
  terminal.out << config::to_text(time(event, time_member)) << "  " << number(event, "seq") << "  "
               << string_member(event, "state") << "  " << module_of(event) << "  " << shown(string_member(event, "id"))
               << "  " << reason_of(event) << std::endl;
}

// Mode 0600: it may hold what users wrote.
Result<UniqueFd> make_file(const std::filesystem::path& file) {
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.is_open()) return fd;
  return invalid(file.string() + " can not be made (" + ::strerrordesc_np(errno) + "): name a new file");
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

int run_events_list(const ListOptions& options, Terminal& terminal) {
  auto client = AdminClient::open(options, "events list");
  if (!client) return fail(terminal, options, client.error());
  // A filter that finds little may have empty pages before the next full one.
  std::uint64_t left = options.limit;
  std::int64_t before = options.before;
  Table table({"SEQ", "RECEIVED", "STATE", "MODULE", "TRIES", "CHAT", "ID", "REASON"});
  std::string lines;
  while (true) {
    const auto page = client->get("/api/events" + query_of(options.filter, "limit=" + std::to_string(left) +
                                                                               "&before=" + std::to_string(before)));
    if (!page) return fail(terminal, options, page.error());
    for (const auto& event : events_in(*page).GetArray()) {
      lines.append(lines.empty() ? "" : ",").append(to_json(event));
      table.add(
          {std::to_string(number(event, "seq")), relative(time(event, "received_at_ms"), client->clock().unix_now()),
           std::string(string_member(event, "state")), module_of(event), std::to_string(number(event, "attempts")),
           shown(string_member(event, "chat_id")), shown(string_member(event, "id"), kShownId), reason_of(event)});
    }
    left -= std::min<std::uint64_t>(left, events_in(*page).Size());
    before = number(*page, "next_before");
    if (before == 0 || left == 0) break;
  }
  if (options.json) {
    terminal.out << "{\"events\":[" << lines << "],\"next_before\":" << before << "}\n";
    return kOk;
  }
  if (lines.empty()) {
    terminal.out << "no such event\n";
    return kOk;
  }
  table.print(terminal.out);
  terminal.out << "\nWhat happened to one: modhost events show SEQ" << host_arguments(options) << '\n';
  if (before != 0) terminal.out << "There are older ones: --before " << before << '\n';
  return kOk;
}

// New ones as they come, and the end of those that were seen coming.
int run_events_tail(const TailOptions& options, Terminal& terminal) {
  auto client = AdminClient::open(options, "events tail");
  if (!client) return fail(terminal, options, client.error());
  const auto newest = client->get("/api/events?limit=1");
  if (!newest) return fail(terminal, options, newest.error());
  // With --since the past comes first.
  const bool begins_now = options.filter.since.empty() && !events_in(*newest).Empty();
  std::int64_t after = begins_now ? number(events_in(*newest)[0], "seq") : 0;
  if (!options.json) terminal.err << "following, until Ctrl-C\n" << std::flush;
  std::map<std::int64_t, std::string> live;  // with the state that was shown last
  const auto is_live = [](std::string_view state) {
    return state == "ready" || state == "running" || state == "waiting";
  };
  for (std::uint64_t lines = 0;;) {
    const auto page =
        client->get("/api/events" + query_of(options.filter, "order=oldest&limit=500&after=" + std::to_string(after)));
    if (!page) return fail(terminal, options, page.error());
    for (const auto& event : events_in(*page).GetArray()) {
      after = number(event, "seq");
      print_line(terminal, event, "received_at_ms", options.json);
      if (++lines == options.count) return kOk;
      if (is_live(string_member(event, "state")) && live.size() < kTailedMax)
        live[after] = std::string(string_member(event, "state"));
    }
    for (auto one = live.begin(); one != live.end();) {
      const auto event = client->get("/api/events/" + std::to_string(one->first));
      if (!event && event.error().code == Code::kUnavailable) return fail(terminal, options, event.error());
      const bool is_over = !event || !is_live(string_member(*event, "state"));
      if (event && is_over) {
        print_line(terminal, *event, "updated_at_ms", options.json);
        if (++lines == options.count) return kOk;
      }
      one = is_over ? live.erase(one) : std::next(one);
    }
    if (number(*page, "next_after") == 0) client->pause(kTailEvery);
  }
}

int run_events_export(const ExportOptions& options, Terminal& terminal) {
  auto client = AdminClient::open(options, "events export");
  if (!client) return fail(terminal, options, client.error());
  UniqueFd file;
  if (!options.out.empty()) {
    auto made = make_file(options.out);
    if (!made) return fail(terminal, options.json, made.error().message);
    file = *std::move(made);
  }
  std::uint64_t events = 0;
  for (std::int64_t after = 0;;) {
    const std::string filter = json_of(options.filter, ",\"limit\":500,\"after\":" + std::to_string(after));
    const auto page = client->post(
        "/api/export", "{\"filter\":" + filter + ",\"bodies\":" + (options.bodies ? "true" : "false") + "}");
    if (!page) return fail(terminal, options, page.error());
    for (const auto& event : events_in(*page).GetArray()) {
      const std::string line = to_json(event) + "\n";
      ++events;
      if (!file.is_open())
        terminal.out << line;
      else if (!write_all(file.get(), line))
        return fail(terminal, options.json, options.out.string() + " can not be written: " + ::strerrordesc_np(errno));
    }
    after = number(*page, "next_after");
    if (after == 0) break;
  }
  if (file.is_open() && options.json)
    terminal.out << JsonObject().field("file", options.out.string()).field("events", events).finish() << '\n';
  else if (file.is_open())
    terminal.out << counted(events, "event") << " in " << options.out.string() << '\n';
  return kOk;
}

}  // namespace modhost::cli
