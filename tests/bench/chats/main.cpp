// The stand-in for the platform with many chats that wait for an answer: writes their signed-to-be events to a file,
// one a line, and says at the end whether every chat got its own answer. Its user says "echo <word>", a random word in
// each chat, so the answer of the built-in model names the chat it was made for.
//
// usage: bench_chats --count N --delay-ms N --module NAME --api-key TEXT --secret TEXT --bodies FILE. One line of JSON
// when it serves; then, for each line on standard input, one about the chats: {"right", "wrong", "open"}.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "platform/curl_client.hpp"
#include "playground/platform.hpp"
#include "playground/playground.hpp"

namespace modhost::bench {
namespace {

struct Asked {
  std::string chat_id, message_id, word;
};

std::string random_word(std::mt19937_64& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string word(24, '0');
  for (char& digit : word) digit = kHex[random() & 15];
  return word;
}

// One turn of the user in a new chat; its event goes to the file.
Result<Asked> ask(playground::Platform& platform, const playground::PlaygroundOptions& options, std::string word,
                  std::ofstream& bodies) {
  playground::TurnRequest request;
  request.space_id = platform.spaces().front().id;
  request.text = "echo " + word;
  request.user_id = options.user_id;
  request.company_id = options.company_id;
  auto turn = platform.begin_turn(request);
  if (!turn) return turn.error();
  for (const std::string& key : turn->event_keys) {
    const auto event = platform.event(key);
    if (!event) return event.error();
    if (event->body.find("external-module.chosen") != std::string::npos) bodies << event->body << '\n';
  }
  return Asked{turn->assistant.chat_id, turn->assistant.id, std::move(word)};
}

void print_verdict(const playground::Platform& platform, const std::vector<Asked>& all) {
  std::size_t right = 0, wrong = 0, open = 0;
  for (const Asked& one : all) {
    const auto message = platform.message(one.chat_id, one.message_id);
    const bool has_ended = message && message->completed_at.has_value();
    const bool is_right = message && message->text == one.word;
    ++(!has_ended ? open : is_right ? right : wrong);
  }
  std::printf("{\"right\": %zu, \"wrong\": %zu, \"open\": %zu}\n", right, wrong, open);
  std::fflush(stdout);
}

int run(std::map<std::string, std::string> words) {
  playground::PlaygroundOptions options;
  options.app_id = "app_bench";
  options.api_key = Secret(words["--api-key"]);
  options.endpoint_secret = Secret(words["--secret"]);
  options.modules = {words["--module"]};
  options.model.delay = std::chrono::milliseconds(std::stol(words["--delay-ms"]));
  const SystemClock clock;
  auto client = platform::CurlClient::open(clock);
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;
  playground::Playground stand_in(options, clock, **client);
  if (auto bound = stand_in.bind(); !bound) return std::fprintf(stderr, "%s\n", bound.error().message.c_str()), 1;

  std::mt19937_64 random(std::random_device{}());
  std::vector<Asked> all;
  {
    std::ofstream bodies(words["--bodies"]);
    for (long i = std::stol(words["--count"]); i > 0; --i) {
      auto asked = ask(stand_in.platform(), options, random_word(random), bodies);
      if (!asked) return std::fprintf(stderr, "%s\n", asked.error().message.c_str()), 1;
      all.push_back(std::move(*asked));
    }
  }
  stand_in.start();
  std::printf("{\"api_base\": \"%s\", \"chats\": %zu}\n", stand_in.api_base().c_str(), all.size());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) print_verdict(stand_in.platform(), all);
  stand_in.stop();
  return 0;
}

}  // namespace
}  // namespace modhost::bench

int main(int argc, char** argv) {
  std::map<std::string, std::string> words;
  for (int i = 1; i + 1 < argc; i += 2) words[argv[i]] = argv[i + 1];
  for (const char* needed : {"--count", "--delay-ms", "--module", "--api-key", "--secret", "--bodies"})
    if (!words.contains(needed)) return std::fprintf(stderr, "bench_chats: %s is missing\n", needed), 2;
  return modhost::bench::run(std::move(words));
}
