// The shapes of a completion.
#include "playground/model_job.hpp"

#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr std::size_t kBytesPerToken = 4;

struct Usage {
  std::int64_t prompt, completion;
};

Usage usage_of(const ModelJob& job, const Completion& completion) {
  std::size_t bytes = completion.text.size();
  for (const ToolCall& call : completion.tool_calls) bytes += call.name.size() + call.arguments.size();
  return {static_cast<std::int64_t>(job.prompt_bytes / kBytesPerToken + 1),
          static_cast<std::int64_t>(bytes / kBytesPerToken + 1)};
}

std::string usage_json(const ModelJob& job, const Completion& completion, bool is_open_ai) {
  const Usage usage = usage_of(job, completion);
  return JsonObject()
      .number(is_open_ai ? "prompt_tokens" : "promptTokens", usage.prompt)
      .number(is_open_ai ? "completion_tokens" : "completionTokens", usage.completion)
      .number(is_open_ai ? "total_tokens" : "totalTokens", usage.prompt + usage.completion)
      .str();
}

std::string call_json(const ToolCall& call) {  // as models write them
  return JsonObject()
      .text("id", call.id)
      .text("type", "function")
      .raw("function", JsonObject().text("name", call.name).text("arguments", call.arguments).str())
      .str();
}

std::string flat_call_json(const ToolCall& call) {  // as the integrated calls write them
  return JsonObject().text("id", call.id).text("name", call.name).text("arguments", call.arguments).str();
}

std::string chunk(const ModelJob& job, UnixMillis at, const std::string& delta, const std::string& finish_reason) {
  const std::string choice =
      JsonObject().number("index", 0).raw("delta", delta).raw("finish_reason", finish_reason).str();
  return "data: " +
         JsonObject()
             .text("id", job.id)
             .text("object", "chat.completion.chunk")
             .number("created", std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count())
             .text("model", job.model)
             .raw("choices", "[" + choice + "]")
             .str() +
         "\n\n";
}

std::string_view finish_reason(const Completion& completion) {
  return completion.tool_calls.empty() ? "stop" : "tool_calls";
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Cited cite(const std::string& text, const std::vector<ContextSource>& sources) {
  Cited cited;
  std::vector<std::size_t> mentioned;  // indexes into sources, by first mention
  std::size_t at = 0;
  while (at < text.size()) {
    const auto begin = text.find("[source", at);
    cited.text += text.substr(at, begin - at);
    if (begin == std::string::npos) break;
    std::size_t end = begin + 7;
    std::size_t number = 0;
    while (end < text.size() && is_digit(text[end]) && end - begin < 12) number = number * 10 + (text[end++] - '0');
    const bool is_marker = end > begin + 7 && end < text.size() && text[end] == ']';
    if (!is_marker || number >= sources.size()) {
      cited.text += text.substr(begin, 7);
      at = begin + 7;
      continue;
    }
    auto known = std::find(mentioned.begin(), mentioned.end(), number);
    if (known == mentioned.end()) known = mentioned.insert(mentioned.end(), number);
    cited.text += "<sup>" + std::to_string(known - mentioned.begin() + 1) + "</sup>";
    at = end + 1;
  }
  std::int64_t sequence = 0;
  cited.references = json_array(mentioned, [&](std::size_t index) {
    const ContextSource& source = sources[index];
    return JsonObject()
        .text("name", source.name)
        .raw("description", "null")
        .text("url", source.url)
        .number("sequenceNumber", ++sequence)
        .raw("originalIndex", "[" + std::to_string(index) + "]")
        .text("sourceId", source.source_id)
        .text("source", "node-ingestion-chunks")
        .str();
  });
  return cited;
}

std::vector<std::string> pieces_of(const std::string& text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= text.size(); ++i)
    if (i == text.size() || (text[i - 1] == ' ' && text[i] != ' ')) {
      words.push_back(text.substr(begin, i - begin));
      begin = i;
    }
  if (words.size() <= kPiecesMax) return words;
  std::vector<std::string> pieces(kPiecesMax);
  for (std::size_t i = 0; i < words.size(); ++i) pieces[i * kPiecesMax / words.size()] += words[i];
  return pieces;
}

http::Response completion_answer(const ModelJob& job, const Completion& completion) {
  const bool is_open_ai = job.shape == ModelJob::Shape::kOpenAi;
  const std::string calls = json_array(completion.tool_calls, call_json);
  JsonObject message;
  message.text("role", "assistant");
  if (completion.tool_calls.empty())
    message.text("content", completion.text);
  else
    message.raw("content", "null");
  if (!is_open_ai)
    message.raw("toolCalls", completion.tool_calls.empty() ? "null" : calls);
  else if (!completion.tool_calls.empty())
    message.raw("tool_calls", calls);
  const std::string choice = JsonObject()
                                 .number("index", 0)
                                 .text(is_open_ai ? "finish_reason" : "finishReason", finish_reason(completion))
                                 .raw("message", message.str())
                                 .str();
  JsonObject answer;
  if (is_open_ai) answer.text("id", job.id).text("object", "chat.completion").number("created", 0);
  if (!is_open_ai) answer.text("object", "openai.chat.completion");
  answer.text("model", job.model)
      .raw("choices", "[" + choice + "]")
      .raw("usage", usage_json(job, completion, is_open_ai));
  return json_answer(is_open_ai ? 200 : 201, answer.str());
}

std::string completion_chunk(const ModelJob& job, const std::string& piece, UnixMillis at) {
  return chunk(job, at, JsonObject().text("role", "assistant").text("content", piece).str(), "null");
}

std::string completion_end(const ModelJob& job, const Completion& completion, UnixMillis at) {
  std::string end;
  if (!completion.tool_calls.empty()) {
    std::int64_t index = 0;
    const std::string calls = json_array(completion.tool_calls, [&](const ToolCall& call) {
      const std::string json = call_json(call);
      return "{\"index\":" + std::to_string(index++) + "," + json.substr(1);
    });
    end = chunk(job, at, JsonObject().text("role", "assistant").raw("content", "null").raw("tool_calls", calls).str(),
                "null");
  }
  return end + chunk(job, at, "{}", quote_json(finish_reason(completion))) + "data: [DONE]\n\n";
}

MessageFields final_fields(const ModelJob& job, const Completion& completion, UnixMillis now) {
  MessageFields fields;
  if (!completion.tool_calls.empty()) {
    fields.original_text = completion.text;
    return fields;  // a round of tool calls leaves the bubble as it is: more is to come
  }
  const Cited cited = cite(job.start_text + completion.text, job.sources);
  fields.text = cited.text;
  fields.original_text = job.start_text + completion.text;
  fields.references = cited.references;
  fields.stopped_streaming_at = now;
  return fields;
}

http::Response integrated_answer(const ModelJob& job, const Completion& completion, const Message& message) {
  const bool has_items = job.shape == ModelJob::Shape::kItemsIntoMessage;
  JsonObject answer;
  if (has_items)
    answer.text("id", job.id);
  else
    answer.text("object", "streamResult");
  answer.raw("message", to_json(message)).raw("toolCalls", json_array(completion.tool_calls, flat_call_json));
  if (has_items) {
    std::string output = json_array(completion.tool_calls, [](const ToolCall& call) {
      return JsonObject()
          .text("type", "function_call")
          .text("call_id", call.id)
          .text("name", call.name)
          .text("arguments", call.arguments)
          .text("status", "completed")
          .str();
    });
    if (completion.tool_calls.empty()) {
      const std::string part =
          JsonObject().text("type", "output_text").text("text", completion.text).raw("annotations", "[]").str();
      output = "[" +
               JsonObject()
                   .text("type", "message")
                   .text("id", "msg_" + job.id)
                   .text("role", "assistant")
                   .text("status", "completed")
                   .raw("content", "[" + part + "]")
                   .str() +
               "]";
    }
    answer.raw("output", output);
  }
  return json_answer(201, answer.raw("usage", usage_json(job, completion, false)).str());
}

http::Response finish_now(Platform& platform, const ModelJob& job, UnixMillis now) {
  const bool is_into_message =
      job.shape == ModelJob::Shape::kIntoMessage || job.shape == ModelJob::Shape::kItemsIntoMessage;
  if (is_into_message) {
    MessageFields fields = final_fields(job, job.completion, now);
    if (fields.text) fields.started_streaming_at = now;
    const auto message = platform.update_message(job.chat_id, job.message_id, fields);
    return message ? integrated_answer(job, job.completion, *message) : application_error(message.error());
  }
  if (!job.is_stream) return completion_answer(job, job.completion);
  std::string body;
  for (const std::string& piece : pieces_of(job.completion.text)) body += completion_chunk(job, piece, now);
  body += completion_end(job, job.completion, now);
  return {200, "text/event-stream", std::move(body), {}, false};
}

}  // namespace modhost::playground
