// Answers from the company's knowledge base: searches it, asks a model with what was found, and shows the answer while
// it is written, with its sources. What fails is told to the user by the host, see `on_failure`.
#include <array>
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/chat_stream.hpp>
#include <modhost/unique/events.hpp>
#include <modhost/unique/live_answer.hpp>
#include <modhost/unique/search.hpp>
#include <modhost/unique/split_text.hpp>
#include <modhost/unique/step.hpp>

namespace {

using modhost::Async;
using modhost::Event;
using modhost::Outcome;
using modhost::Result;
using modhost::unique::ChatCompletion;
using modhost::unique::Chunk;
using modhost::unique::Step;

class KnowledgeAssistant {
 public:
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit KnowledgeAssistant(const modhost::Host& host) {
    const modhost::Config config = host.config();
    model_ = config.text("/model", "AZURE_GPT_4o_2024_0513");
    search_ = config.text("/search", "COMBINED");
    limit_ = config.integer("/limit", 3);
    characters_ = static_cast<std::size_t>(config.integer("/document_characters", 500));
    options_ = modhost::object("temperature", config.number("/temperature", 0.3)).text();
    system_ =
        config.text("/prompts/system",
                    "You help the people of a company. Answer the question from the context below, which comes from "
                    "the company's knowledge base.");
    citations_ = config.text("/prompts/citations",
                             "Each document of the context begins with its mark. Put the marks of the documents a "
                             "sentence rests on behind it, such as [source0] or [source1].");
    nothing_found_ = config.text("/prompts/nothing_found", "No relevant documents found.");
  }

  Async<Outcome> on_event(Event event) {
    const auto chat = modhost::unique::ChatEvent::of(event);
    if (!chat) co_return {};
    auto searching = co_await Step::begin(event, {.text = "Searching knowledge base...", .order = 1});
    const std::string filter = chat->metadata_filter ? chat->metadata_filter.dump() : "";
    const auto found = co_await modhost::unique::Search::search(
        event,
        {.search_string = chat->user_text, .search_type = search_, .limit = limit_, .meta_data_filter = {filter}});
    if (!found) co_return found.failure();
    co_await complete(searching, "Found " + std::to_string(found->size()) + " relevant documents");

    auto writing = co_await Step::begin(event, {.text = "Generating response...", .order = 2});
    const std::string system = system_ + "\n" + citations_ + "\n\nContext:\n" + context(*found);
    const std::array<ChatCompletion::Turn, 2> turns = {{{"system", system}, {"user", chat->user_text}}};
    modhost::unique::ChatStream model(event, {.model = model_, .messages = turns, .options = {options_}});
    modhost::unique::LiveAnswer bubble(event, {.sources = *found});
    while (const auto delta = co_await model.next()) bubble.write(delta->text);
    if (bubble.original_text().empty()) co_return modhost::failed("the model said nothing: " + model.finish_reason());
    co_await complete(writing, "Response generated");
    co_return co_await bubble.finish();
  }

 private:
  // Steps are decoration: one that can not be written stops no answer. Left open, it becomes FAILED.
  static Async<> complete(Result<Step>& step, std::string text) {
    if (step) static_cast<void>(co_await step->complete(text));
  }

  [[nodiscard]] std::string context(const std::vector<Chunk>& found) const {
    std::string context;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (i > 0) context += "\n---\n";
      if (!citations_.empty()) context += "[source" + std::to_string(i) + "] ";
      context += modhost::unique::first_characters(found[i].text, characters_);
    }
    return context.empty() ? nothing_found_ : context;
  }

  std::string model_, search_, options_, system_, citations_, nothing_found_;
  std::int64_t limit_ = 0;
  std::size_t characters_ = 0;
};

}  // namespace

MODHOST_PLUGIN(KnowledgeAssistant, "org.modhost.knowledge-assistant", "1.0.0",
               "Answers from the company's knowledge base, with sources.", R"({
  "type": "object",
  "properties": {
    "model": {"type": "string", "minLength": 1},
    "search": {"enum": ["VECTOR", "COMBINED", "FULL_TEXT", "POSTGRES_FULL_TEXT"]},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
    "temperature": {"type": "number", "minimum": 0, "maximum": 2},
    "document_characters": {"type": "integer", "minimum": 1},
    "prompts": {
      "type": "object",
      "properties": {
        "system": {"type": "string"},
        "citations": {"type": "string"},
        "nothing_found": {"type": "string"}
      },
      "additionalProperties": false
    }
  },
  "additionalProperties": false
})");
