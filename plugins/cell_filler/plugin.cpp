// Answers the questions of a magic table: when a cell of the question column changes, the answer goes into the row's
// answer column.
#include <array>
#include <modhost/sdk/attempt.hpp>
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/agentic_cell.hpp>
#include <modhost/unique/chat_completion.hpp>
#include <modhost/unique/events.hpp>
#include <modhost/unique/search.hpp>

namespace {

using modhost::Async;
using modhost::Event;
using modhost::Outcome;
using modhost::Result;
using modhost::unique::ChatCompletion;
using modhost::unique::MagicTableEvent;

class CellFiller {
 public:
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit CellFiller(const modhost::Host& host)
      : model_(host.config().text("/model", "AZURE_GPT_4o_2024_0513")),
        question_column_(host.config().integer("/question_column", 1)),
        answer_column_(host.config().integer("/answer_column", 2)),
        limit_(host.config().integer("/limit", 5)),
        prompt_(host.config().text("/prompt",
                                   "Answer the question in one sentence from the context. Without an answer "
                                   "there, say: not found.")) {
    if (question_column_ == answer_column_)
      throw modhost::Error(
          modhost::bad_config("config /answer_column is the column of the questions: an answer would "
                              "ask for the next one"));
  }

  Async<Outcome> on_event(Event event) {
    const auto table = MagicTableEvent::of(event);
    if (!table || table->action != "update-cell") co_return {};
    const std::int64_t row = table->payload["rowOrder"].integer();
    const std::string question = table->payload["data"].text();
    // Row 0 names the columns. What this module writes changes a cell too, and brings another event.
    const bool is_question = row > 0 && table->payload["columnOrder"].integer() == question_column_;
    if (!is_question || question.empty()) co_return {};

    const Result<std::string> answer = co_await modhost::attempt(ask(event, *table, question));
    // Another attempt will fill the cell, or the last one says that nobody will.
    if (!answer && answer.failure().status == MODHOST_E_RETRY && !event.is_last_attempt()) co_return answer.failure();
    const std::string text = answer ? *answer : "The answer could not be found out.";
    const auto written = co_await modhost::unique::AgenticCell::set(
        event, table->table_id, {.row_order = row, .column_order = answer_column_, .text = text});
    if (!written) co_return written.failure();
    co_return answer ? Outcome() : Outcome(answer.failure());
  }

 private:
  // The reference lives in the frame that awaits this.
  Async<Result<std::string>> ask(Event event, const MagicTableEvent& table, std::string question) {
    const std::string filter = table.metadata_filter ? table.metadata_filter.dump() : "";
    std::vector<std::string> sources;
    const modhost::Json files = table.metadata["sourceFileIds"];
    for (std::size_t i = 0; i < files.size(); ++i) sources.push_back(files[i].text());
    const std::vector<std::string_view> source_ids(sources.begin(), sources.end());
    const auto found = co_await modhost::unique::Search::search(
        event, {.search_string = question, .limit = limit_, .content_ids = source_ids, .meta_data_filter = {filter}});
    if (!found) co_return found.failure();
    std::string context = table.metadata["context"].text();
    for (const auto& chunk : *found) context += "\n---\n" + chunk.text;
    const std::string system = prompt_ + "\n\nContext:\n" + context;
    const std::array<ChatCompletion::Turn, 2> turns = {{{"system", system}, {"user", question}}};
    const auto completion = co_await ChatCompletion::create(event, {.model = model_, .messages = turns});
    if (!completion) co_return completion.failure();
    co_return completion->text;
  }

  const std::string model_;
  const std::int64_t question_column_, answer_column_, limit_;
  const std::string prompt_;
};

}  // namespace

MODHOST_PLUGIN(CellFiller, "org.modhost.cell-filler", "1.0.0", "Answers the questions of a magic table.", R"({
  "type": "object",
  "properties": {
    "model": {"type": "string", "minLength": 1},
    "question_column": {"type": "integer", "minimum": 0},
    "answer_column": {"type": "integer", "minimum": 0},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
    "prompt": {"type": "string"}
  },
  "additionalProperties": false
})");
