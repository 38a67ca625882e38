// Does what the user's text says, word by word, for the tests that kill the host. First it appends a line "<event id>
// <attempt> <prior run>" to the file `runs` of its config: a run that began stays known, whatever happens to the host.
// Steps, keys and checkpoints that the disk does not take are left out: they decide no event's end.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/message.hpp>
#include <modhost/unique/message_log.hpp>
#include <sstream>
#include <stdexcept>

namespace {

using modhost::Async;
using modhost::Event;
using modhost::Outcome;
using modhost::unique::Message;
using modhost::unique::MessageLog;

class Scripted {
 public:
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit Scripted(const modhost::Host& host) {
    const std::string file = host.config().text("/runs", "");
    runs_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (runs_ < 0) throw std::runtime_error("config.runs: '" + file + "' can not be written");
  }
  ~Scripted() { ::close(runs_); }
  Scripted(const Scripted&) = delete;
  Scripted& operator=(const Scripted&) = delete;

  Async<Outcome> on_event(Event event) {
    note_run(event);
    std::istringstream script(event.payload()["userMessage"]["text"].text());
    for (std::string word; script >> word;) {
      Outcome done = co_await act(event, word);
      if (!done) co_return done;
    }
    co_return Outcome();
  }

 private:
  void note_run(const Event& event) const {
    const std::string line = std::string(event.id()) + " " + std::to_string(event.attempt()) + " " +
                             (event.has_prior_run() ? "1" : "0") + "\n";
    if (::write(runs_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }

  // "name:number"; 0 without one.
  static unsigned number(const std::string& word) {
    const auto colon = word.find(':');
    return colon == std::string::npos ? 0 : static_cast<unsigned>(std::stoul(word.substr(colon + 1)));
  }

  Async<Outcome> act(Event event, std::string word) {
    const std::string id(event.id());
    const std::string name = word.substr(0, word.find(':'));
    if (name == "say") {
      const std::string text = "token " + id;
      Message::New message{.text = text};
      const auto made = co_await Message::create(event, message);
      if (!made) co_return made.failure();
    } else if (name == "turn") {
      const std::string text = "turn of " + id;
      Message::Change change{.text = text, .completed_at = "2026-01-01T00:00:00.000Z"};
      const auto made = co_await Message::modify_answer(event, change);
      if (!made) co_return made.failure();
    } else if (name == "step" || name == "open") {
      co_await open_step(event, name == "step");
    } else if (name == "checkpoint") {
      static_cast<void>(event.save_checkpoint("mark of " + id));
    } else if (name == "key") {
      static_cast<void>(event.host().kv().put("key of " + id, "1"));
    } else if (name == "snooze") {  // once
      modhost::KvPut first{.expected_version = MODHOST_KV_ABSENT};
      if (event.host().kv().put("snoozed " + id, "1", first)) co_return modhost::snooze(std::chrono::milliseconds(20));
    } else if (name == "sleep") {
      co_await event.sleep(std::chrono::milliseconds(number(word)));
    } else if (name == "retry") {
      if (event.attempt() < number(word)) co_return modhost::retry("not yet");
    } else if (name == "fail") {
      co_return modhost::failed("as asked");
    } else {
      co_return modhost::failed("unknown word " + word);
    }
    co_return Outcome();
  }

  Async<void> open_step(Event event, bool closes) {
    const std::string text = "step of " + std::string(event.id());
    MessageLog::New with{.text = text};
    const auto opened = co_await MessageLog::create(event, with);
    if (!opened || !closes) co_return;
    MessageLog::Change change{.status = "COMPLETED"};
    static_cast<void>(co_await MessageLog::update(event, opened->id, change));
  }

  int runs_;
};

}  // namespace

MODHOST_PLUGIN(Scripted, "org.modhost.test.scripted", "1.0.0");
