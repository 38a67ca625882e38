// Answers the questions of a magic table: when a cell of the question column changes, the answer goes into the row's
// answer column.
#include <algorithm>
#include <array>
#include <modhost/sdk/attempt.hpp>
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/agentic_table.hpp>
#include <modhost/unique/chat_completion.hpp>
#include <modhost/unique/magic_table_event.hpp>
#include <modhost/unique/search.hpp>
#include <mutex>
#include <set>

namespace {

using modhost::Async;
using modhost::Event;
using modhost::Outcome;
using modhost::Result;
using modhost::unique::AgenticTable;
using modhost::unique::CellUpdated;
using modhost::unique::ChatCompletion;

// The tables that events of this instance work on just now.
class Tables {
 public:
  // Gone with its event, however that ends.
  class Hold {
   public:
    Hold(Tables& tables, std::string id) : tables_(tables), id_(std::move(id)) {
      const std::lock_guard lock(tables_.mutex_);
      is_held_ = tables_.ids_.insert(id_).second;
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() {
      const std::lock_guard lock(tables_.mutex_);
      if (is_held_) tables_.ids_.erase(id_);
    }
    [[nodiscard]] bool is_held() const { return is_held_; }

   private:
    Tables& tables_;
    const std::string id_;
    bool is_held_ = false;
  };

 private:
  std::mutex mutex_;
  std::set<std::string> ids_;
};

class CellFiller {
 public:
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit CellFiller(const modhost::Host& host)
      : host_(host),
        model_(host.config().text("/model", "AZURE_GPT_4o_2024_0513")),
        question_column_(host.config().integer("/question_column", 1)),
        answer_column_(host.config().integer("/answer_column", 2)),
        limit_(host.config().integer("/limit", 5)),
        prompt_(host.config().text("/prompt",
                                   "Answer the question in one sentence from the context. Without an answer "
                                   "there, say: not found.")) {
    const modhost::JsonDocument names = host.config().json("/names");
    for (std::size_t i = 0; i < names.root().size(); ++i) names_.push_back(names[i].text());
    if (names_.empty()) names_.emplace_back(host.module());
    if (question_column_ == answer_column_)
      throw modhost::Error(
          modhost::bad_config("config /answer_column is the column of the questions: an answer would "
                              "ask for the next one"));
  }

  Async<Outcome> on_event(Event event) {
    const auto cell = CellUpdated::of(event);
    // Every app hears of every table, and what is written into another module's is lost to its user.
    if (!cell || std::find(names_.begin(), names_.end(), cell->module) == names_.end()) co_return {};
    // Row 0 names the columns. What this module writes changes a cell too, and brings another event.
    const bool is_question = cell->row_order > 0 && cell->column_order == question_column_;
    if (!is_question || cell->text.empty()) co_return {};

    const Tables::Hold hold(tables_, cell->table_id);
    if (!hold.is_held()) co_return modhost::retry("table " + cell->table_id + " is locked by another event");
    if (Outcome locked = co_await lock(event, cell->table_id); !locked) co_return locked;
    const Outcome filled = co_await modhost::attempt(fill(event, *cell));
    const Outcome unlocked = co_await unlock(event, *cell, static_cast<bool>(filled));
    co_return filled ? unlocked : filled;
  }

 private:
  // As every module of magic tables does it: a table that is not IDLE is somebody's. The mark says that it was ours,
  // for an event that was cut off could not give it back.
  Async<Outcome> lock(Event event, std::string table_id) {
    const auto state = co_await AgenticTable::get_state(event, table_id);
    if (!state) co_return state.failure();
    const auto mark = host_.kv().get(kMark + table_id);
    if (!mark) co_return mark.failure();
    const bool is_left_behind = *state == "PROCESSING" && mark->has_value();
    if (*state == "PROCESSING" && !is_left_behind)
      co_return modhost::retry("table " + table_id + " is locked: PROCESSING");
    if (*state != "IDLE" && !is_left_behind) co_return modhost::failed("table " + table_id + " is locked: " + *state);
    const auto marked = host_.kv().put(kMark + table_id, event.id(), {.lifetime = std::chrono::hours(24)});
    if (!marked) co_return marked.failure();
    const auto busy = co_await AgenticTable::update_sheet(event, table_id, "PROCESSING");
    if (!busy && busy.failure().http_status != 0) static_cast<void>(host_.kv().remove(kMark + table_id));
    co_return busy ? Outcome() : Outcome(busy.failure());
  }
  // The activity is for the eyes only; the state is what everybody waits for.
  Async<Outcome> unlock(Event event, const CellUpdated& cell, bool is_filled) {
    co_await say(event, cell, is_filled ? "COMPLETED" : "FAILED", is_filled ? "Answered" : "Not answered");
    if (const auto idle = co_await AgenticTable::update_sheet(event, cell.table_id, "IDLE"); !idle)
      co_return idle.failure();
    co_return host_.kv().remove(kMark + cell.table_id);
  }
  static Async<void> say(Event event, const CellUpdated& cell, std::string_view status, std::string_view text) {
    const auto said = co_await AgenticTable::set_activity(event, cell.table_id, "UpdateCell", status, text);
    if (!said) event.log().warn("the activity of a table is not shown", {{"why", said.failure().detail}});
  }

  // The reference lives in the frame that awaits this.
  Async<Outcome> fill(Event event, const CellUpdated& cell) {
    co_await say(event, cell, "IN_PROGRESS", "Looking for an answer");
    const Result<std::string> answer = co_await modhost::attempt(ask(event, cell));
    // Another attempt will fill the cell, or the last one says that nobody will.
    if (!answer && answer.failure().status == MODHOST_E_RETRY && !event.is_last_attempt()) co_return answer.failure();
    const std::string text = answer ? *answer : "The answer could not be found out.";
    const auto written = co_await modhost::unique::AgenticCell::set(
        event, cell.table_id, {.row_order = cell.row_order, .column_order = answer_column_, .text = text});
    if (!written) co_return written.failure();
    co_return answer ? Outcome() : Outcome(answer.failure());
  }
  Async<Result<std::string>> ask(Event event, const CellUpdated& cell) {
    const std::string filter = cell.metadata_filter ? cell.metadata_filter.dump() : "";
    const std::vector<std::string_view> sources(cell.sources.source_file_ids.begin(),
                                                cell.sources.source_file_ids.end());
    const auto found = co_await modhost::unique::Search::search(
        event, {.search_string = cell.text, .limit = limit_, .content_ids = sources, .meta_data_filter = {filter}});
    if (!found) co_return found.failure();
    std::string context = cell.sources.context;
    for (const auto& chunk : *found) context += "\n---\n" + chunk.text;
    const std::string system = prompt_ + "\n\nContext:\n" + context;
    const std::array<ChatCompletion::Turn, 2> turns = {{{"system", system}, {"user", cell.text}}};
    const auto completion = co_await ChatCompletion::create(event, {.model = model_, .messages = turns});
    if (!completion) co_return completion.failure();
    co_return completion->text;
  }

  static inline const std::string kMark = "processing:";
  const modhost::Host host_;
  const std::string model_;
  const std::int64_t question_column_, answer_column_, limit_;
  const std::string prompt_;
  std::vector<std::string> names_;
  Tables tables_;
};

}  // namespace

MODHOST_PLUGIN(CellFiller, "org.modhost.cell-filler", "1.1.0", "Answers the questions of a magic table.", R"({
  "type": "object",
  "properties": {
    "names": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    "model": {"type": "string", "minLength": 1},
    "question_column": {"type": "integer", "minimum": 0},
    "answer_column": {"type": "integer", "minimum": 0},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
    "prompt": {"type": "string"}
  },
  "additionalProperties": false
})");
