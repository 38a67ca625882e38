// A completion that a client waits for: what was asked, and how the answer is shaped. (Dossier 3.8, 3.9, 5.1.)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/server.hpp"
#include "playground/model.hpp"
#include "playground/model_answer.hpp"
#include "playground/platform.hpp"

namespace modhost::playground {

// Where a citation [sourceN] leads: item N of a request's searchContext.
struct ContextSource {
  std::string name, source_id, url;
};

struct ModelJob {
  enum class Shape {
    kPlatform,         // /openai/chat/completions
    kOpenAi,           // /openai-proxy/chat/completions
    kIntoMessage,      // /integrated/chat/stream-completions: the answer grows in the message, then the client hears
    kItemsIntoMessage  // /integrated/chat/stream-responses
  };
  Shape shape = Shape::kPlatform;
  bool is_stream = false;     // server-sent chunks in OpenAI's form, for kOpenAi only
  std::string model, id;      // id: of the completion
  Completion completion;      // the built-in model's
  std::string upstream_body;  // the request as an OpenAI-compatible server takes it
  std::size_t prompt_bytes = 0;

  // Only for the last two shapes.
  std::string chat_id, message_id, start_text;
  std::optional<std::string> debug_info;
  std::string user_message_id;
  std::vector<ContextSource> sources;
};

// `text` with every [sourceN] that leads somewhere as <sup>n</sup>, numbered by first mention, and the references.
struct Cited {
  std::string text, references = "[]";  // JSON
};
Cited cite(const std::string& text, const std::vector<ContextSource>& sources);

// The text so far, in at most kPiecesMax steps of whole words, last one complete.
inline constexpr std::size_t kPiecesMax = 400;
std::vector<std::string> pieces_of(const std::string& text);  // they add up to the text

http::Response completion_answer(const ModelJob& job, const Completion& completion);
// One server-sent chunk; `is_last` carries the reason of the end instead of text.
std::string completion_chunk(const ModelJob& job, const std::string& piece, UnixMillis at);
std::string completion_end(const ModelJob& job, const Completion& completion, UnixMillis at);

// What the message becomes when the whole answer is in it, and what the client is told then.
MessageFields final_fields(const ModelJob& job, const Completion& completion, UnixMillis now);
http::Response integrated_answer(const ModelJob& job, const Completion& completion, const Message& message);

// Everything at once, without delay or pace.
http::Response finish_now(Platform& platform, const ModelJob& job, UnixMillis now);

}  // namespace modhost::playground
