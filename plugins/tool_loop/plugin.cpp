// Lets the model call tools, a few rounds of them, before it answers: each round's calls run side by side, each in a
// step of its own, and what they said is kept for the turns after this one.
#include <array>
#include <ctime>
#include <deque>
#include <modhost/sdk/attempt.hpp>
#include <modhost/sdk/plugin.hpp>
#include <modhost/sdk/when_all.hpp>
#include <modhost/unique/chat_completion.hpp>
#include <modhost/unique/events.hpp>
#include <modhost/unique/message.hpp>
#include <modhost/unique/message_tool.hpp>
#include <modhost/unique/search.hpp>
#include <modhost/unique/split_text.hpp>
#include <modhost/unique/step.hpp>

namespace {

using modhost::Async;
using modhost::Event;
using modhost::JsonDocument;
using modhost::Outcome;
using modhost::Result;
using modhost::unique::ChatCompletion;
using modhost::unique::MessageTool;
using modhost::unique::Step;

constexpr const char* kTools = R"({"tools": [
  {"type": "function", "function": {"name": "search", "description": "Searches the documents of the company.",
    "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}}},
  {"type": "function", "function": {"name": "today", "description": "The date of today.",
    "parameters": {"type": "object", "properties": {}}}}]})";

// Owns what a Turn only looks at.
struct Said {
  std::string role, content, tool_call_id, tool_calls;
};
struct Used {
  modhost::unique::ToolCall call;
  std::int64_t round = 0, place = 0;
  std::string answer;
};

class ToolLoop {
 public:
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit ToolLoop(const modhost::Host& host)
      : model_(host.config().text("/model", "AZURE_GPT_4o_2024_0513")),
        rounds_(host.config().integer("/rounds", 4)),
        prompt_(host.config().text("/prompt", "Answer from what the tools say. Call them as often as you need.")) {}

  Async<Outcome> on_event(Event event) {
    const auto chat = modhost::unique::ChatEvent::of(event);
    if (!chat) co_return {};
    std::deque<Said> said = {{"system", prompt_, "", ""}, {"user", chat->user_text, "", ""}};
    std::deque<Used> used;
    for (std::int64_t round = 0;; ++round) {
      const bool may_call = round < rounds_;  // in the last round it has to answer
      const auto answer = co_await ask(event, said, may_call);
      if (!answer) co_return answer.failure();
      if (!may_call || answer->tool_calls.empty()) co_return co_await finish(event, answer->text, used);
      said.push_back({"assistant", answer->text, "", json_of(answer->tool_calls)});
      std::vector<Async<std::string>> running;
      for (const auto& call : answer->tool_calls) running.push_back(run(event, call));
      const std::vector<std::string> answers = co_await modhost::when_all(std::move(running));
      for (std::size_t i = 0; i < answers.size(); ++i) {
        said.push_back({"tool", answers[i], answer->tool_calls[i].id, ""});
        used.push_back({answer->tool_calls[i], round, static_cast<std::int64_t>(i), answers[i]});
      }
    }
  }

 private:
  // The reference lives in the frame that awaits this.
  Async<Result<ChatCompletion>> ask(Event event, const std::deque<Said>& said, bool may_call) {
    std::vector<ChatCompletion::Turn> turns;
    for (const Said& one : said) {
      ChatCompletion::Turn& turn = turns.emplace_back(ChatCompletion::Turn{one.role, one.content});
      if (!one.tool_call_id.empty()) turn.tool_call_id = one.tool_call_id;
      turn.tool_calls = {one.tool_calls};
    }
    const std::string_view options = may_call ? kTools : "";
    co_return co_await ChatCompletion::create(event, {.model = model_, .messages = turns, .options = {options}});
  }
  // What a tool says to the model, also that it failed: the model may do without it. A cancel goes through.
  static Async<std::string> run(Event event, modhost::unique::ToolCall call) {
    const std::string title = "**" + call.name + "**";
    auto begun = co_await Step::begin(event, {.text = title});
    if (!begun) co_return "The tool can not be used now.";
    Step step = std::move(begun).value();
    const Result<std::string> found = co_await modhost::attempt(use(event, call));
    const std::string outcome = title + (found ? "\nDone" : "\nNothing came of it");
    if (!found) event.log().warn("a tool failed", {{"tool", call.name}, {"why", found.failure().detail}});
    auto end = found ? step.complete(outcome) : step.fail(outcome);  // not within co_await, see the guide on GCC 12
    static_cast<void>(co_await std::move(end));
    co_return found ? *found : "The tool failed.";
  }
  static Async<Result<std::string>> use(Event event, modhost::unique::ToolCall call) {
    const JsonDocument arguments = JsonDocument::parse(call.arguments.empty() ? "{}" : call.arguments).value();
    if (call.name == "today") co_return today();
    if (call.name != "search") co_return modhost::failed("there is no tool " + call.name);
    const std::string query = arguments["query"].text();
    if (query.empty()) co_return std::string("The query is missing.");
    const auto chunks = co_await modhost::unique::Search::search(event, {.search_string = query, .limit = 5});
    if (!chunks) co_return chunks.failure();
    // By name: numbers would mean another document in each call. knowledge_assistant shows numbered references.
    std::string text;
    for (const auto& chunk : *chunks)
      text += (text.empty() ? "From " : "\n---\nFrom ") + (chunk.title.empty() ? chunk.key : chunk.title) + ":\n" +
              chunk.text;
    if (text.empty()) co_return std::string("Nothing was found.");
    co_return std::string(modhost::unique::first_part(text, 20'000));
  }
  static std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
  }
  // As the model wants its own calls back.
  static std::string json_of(const std::vector<modhost::unique::ToolCall>& calls) {
    std::vector<modhost::JsonText> all;
    for (const auto& call : calls)
      all.push_back(modhost::object("id", call.id, "type", "function", "function",
                                    modhost::object("name", call.name, "arguments", call.arguments)));
    return modhost::array(all).text();
  }
  static Async<Outcome> finish(Event event, std::string text, const std::deque<Used>& used) {
    std::vector<MessageTool::New> kept;
    for (const Used& one : used)
      if (kept.size() < 50)  // the platform's limit
        kept.push_back({.external_tool_call_id = one.call.id,
                        .function_name = one.call.name,
                        .arguments = {one.call.arguments},
                        .round_index = one.round,
                        .sequence_index = one.place,
                        .response = one.answer});
    if (!kept.empty())
      if (const auto written = co_await MessageTool::create_many(event, kept); !written)
        event.log().warn("the tool calls are not kept", {{"why", written.failure().detail}});
    if (text.empty()) co_return modhost::failed("the model said nothing");
    co_return co_await modhost::unique::Message::modify_answer(event, {.text = text});
  }

  const std::string model_;
  const std::int64_t rounds_;
  const std::string prompt_;
};

}  // namespace

MODHOST_PLUGIN(ToolLoop, "org.modhost.tool-loop", "1.0.0", "Lets the model call tools before it answers.", R"({
  "type": "object",
  "properties": {
    "model": {"type": "string", "minLength": 1},
    "rounds": {"type": "integer", "minimum": 1, "maximum": 20},
    "prompt": {"type": "string"}
  },
  "additionalProperties": false
})");
