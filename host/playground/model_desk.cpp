// Delays, streams and passes on completions.
#include "playground/model_desk.hpp"

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr std::size_t kUpstreamErrorBytes = 300;

bool is_into_message(const ModelJob& job) {
  return job.shape == ModelJob::Shape::kIntoMessage || job.shape == ModelJob::Shape::kItemsIntoMessage;
}

http::Response model_failed(const std::string& why) {
  const std::string error = JsonObject()
                                .text("message", "the language model failed: " + why)
                                .text("type", "api_error")
                                .text("code", "MODEL_ERROR")
                                .raw("params", "{}")
                                .str();
  return json_answer(502, JsonObject().raw("error", error).str());
}

// What a server of OpenAI's form said; kInvalid when it said something else.
Result<Completion> completion_in(std::string_view body) {
  const auto document = parse_json(body);
  const rapidjson::Value* choices = document ? find_member(*document, "choices") : nullptr;
  if (choices == nullptr || !choices->IsArray() || choices->Empty() || !(*choices)[0].IsObject())
    return invalid("its answer has no choices");
  const rapidjson::Value* message = find_member((*choices)[0], "message");
  if (message == nullptr || !message->IsObject()) return invalid("its answer has no message");
  Completion completion{std::string(string_member(*message, "content")), {}};
  if (const auto* calls = find_member(*message, "tool_calls"); calls != nullptr && calls->IsArray())
    for (const auto& call : calls->GetArray()) {
      const rapidjson::Value* function = call.IsObject() ? find_member(call, "function") : nullptr;
      if (function != nullptr && function->IsObject())
        completion.tool_calls.push_back({std::string(string_member(call, "id")),
                                         std::string(string_member(*function, "name")),
                                         std::string(string_member(*function, "arguments"))});
    }
  return completion;
}

}  // namespace

struct ModelDesk::Run {
  ModelJob job;
  Reply reply;
  Completion completion;
  std::vector<std::string> pieces;
  std::size_t next = 0;
  std::string said;  // the pieces so far
};

ModelDesk::ModelDesk(ModelSettings settings, const Clock& clock, platform::HttpClient& client, Platform& platform,
                     Worker& worker)
    : settings_(std::move(settings)), clock_(clock), client_(client), platform_(platform), worker_(worker) {
  MutexLock lock(gate_->mutex);
  gate_->desk = this;
}

void ModelDesk::stop() {
  MutexLock lock(gate_->mutex);
  gate_->desk = nullptr;
}

void ModelDesk::run(ModelJob job, Reply reply) {
  auto run = std::make_shared<Run>(Run{std::move(job), std::move(reply), {}, {}, 0, {}});
  if (!settings_.upstream_url.empty()) return ask_upstream(run);
  run->completion = std::move(run->job.completion);
  run->job.upstream_body = {};  // ten thousand may wait: keep nothing that is not needed
  if (settings_.delay.count() == 0) return begin(run);
  if (!worker_.at(clock_.steady_now() + settings_.delay, [this, run] { begin(run); }))
    run->reply.respond(nest_error(429, "too many completions wait"));
}

void ModelDesk::ask_upstream(const std::shared_ptr<Run>& run) {
  const std::string& model = settings_.upstream_model.empty() ? run->job.model : settings_.upstream_model;
  platform::HttpRequest request;
  request.method = "POST";
  request.url = settings_.upstream_url + "/chat/completions";
  request.headers = {{"Content-Type", "application/json"}};
  if (!settings_.upstream_key.reveal().empty())
    request.headers.push_back({"Authorization", "Bearer " + std::string(settings_.upstream_key.reveal())});
  request.body = "{\"model\":" + quote_json(model) + "," + run->job.upstream_body.substr(1);
  request.deadline = Deadline::after(clock_, settings_.upstream_timeout);
  const auto started = client_.start(
      std::move(request), platform::collect([gate = gate_, run](const Result<platform::HttpResponse>& answer) {
        MutexLock lock(gate->mutex);
        if (gate->desk != nullptr) gate->desk->on_upstream(run, answer);
      }));
  if (!started) run->reply.respond(model_failed(started.error().message));
}

void ModelDesk::on_upstream(const std::shared_ptr<Run>& run, const Result<platform::HttpResponse>& answer) {
  if (!answer) return run->reply.respond(model_failed(answer.error().message));
  if (answer->status < 200 || answer->status >= 300) {
    const std::string said = is_utf8(answer->body) ? answer->body.substr(0, kUpstreamErrorBytes) : "";
    return run->reply.respond(
        model_failed("it answered " + std::to_string(answer->status) + (is_utf8(said) ? " " + said : "")));
  }
  auto completion = completion_in(answer->body);
  if (!completion) return run->reply.respond(model_failed(completion.error().message));
  run->completion = *std::move(completion);
  // A worker that takes no more drops the task and with it the reply: the client gets 503.
  worker_.post([this, run] { begin(run); });
}

void ModelDesk::begin(const std::shared_ptr<Run>& run) {
  if (!is_into_message(run->job) && !run->job.is_stream)
    return run->reply.respond(completion_answer(run->job, run->completion));
  run->pieces = pieces_of(run->completion.text);
  if (run->job.is_stream)
    run->reply.begin_stream({200, "text/event-stream", {}, {{"Cache-Control", "no-cache"}}, false});
  if (is_into_message(run->job) && run->completion.tool_calls.empty()) {
    MessageFields fields;
    fields.started_streaming_at = clock_.unix_now();
    if (const auto begun = platform_.update_message(run->job.chat_id, run->job.message_id, fields); !begun)
      return run->reply.respond(application_error(begun.error()));
  }
  step(run);
}

void ModelDesk::step(const std::shared_ptr<Run>& run) {
  if (run->next == run->pieces.size() || !put_piece(*run)) return finish(*run);
  if (!worker_.at(clock_.steady_now() + settings_.piece_interval, [this, run] { step(run); })) finish(*run);
}

bool ModelDesk::put_piece(Run& run) {
  const std::string& piece = run.pieces[run.next++];
  run.said += piece;
  if (run.job.is_stream) return run.reply.write(completion_chunk(run.job, piece, clock_.unix_now()));
  const Cited cited = cite(run.job.start_text + run.said, run.job.sources);
  MessageFields fields;
  fields.text = cited.text;
  fields.references = cited.references;
  const auto shown = platform_.show_message(run.job.chat_id, run.job.message_id, fields);
  if (shown && !shown->user_aborted_at) return true;
  run.completion.text = run.said;  // the stop button: what was said stays
  return false;
}

void ModelDesk::finish(Run& run) {
  const UnixMillis now = clock_.unix_now();
  if (run.job.is_stream) {
    run.reply.write(completion_end(run.job, run.completion, now));
    return run.reply.end_stream();
  }
  const auto message =
      platform_.update_message(run.job.chat_id, run.job.message_id, final_fields(run.job, run.completion, now));
  run.reply.respond(message ? integrated_answer(run.job, run.completion, *message)
                            : application_error(message.error()));
}

}  // namespace modhost::playground
