// The built-in language model: deterministic, it only quotes. Its one rule, also in docs/dev.md:
//
// 1. The question is the last user message's last sentence that ends in '?', else its last sentence. If that message
//    begins with "echo ", the answer is the rest of it.
// 2. The context is what the messages mark as sources: <sourceN>...</sourceN>, lines that begin with [sourceN] or [N],
//    JSON items with "source_number" and "content". If nothing is marked: all text of the messages before the question.
// 3. A sentence of the context is a candidate when it has at least three tenths of the question's words. Candidates are
//    ranked by the weight of these words, rare ones weigh more; the best and up to two within three fifths of its rank
//    are the answer, each followed by its source's marker.
// 4. Without a candidate: a tool that may be called is called, once, else "I found nothing about this ...".
//
// Equal requests give equal answers. Pure.
#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>
#include <vector>

namespace modhost::playground {

struct Prompt {
  std::string role, content;
};

struct ToolCall {
  std::string id, name, arguments;  // arguments: JSON text
};

struct Completion {
  std::string text;
  std::vector<ToolCall> tool_calls;  // then the text is empty
};

inline constexpr std::string_view kNothingFound = "I found nothing about this in what I was given.";

// What a request may ask beside its messages.
struct ModelOptions {
  const rapidjson::Value* tools = nullptr;            // [{"type":"function","function":{"name","parameters"}}]
  const rapidjson::Value* tool_choice = nullptr;      // "none", "auto", "required" or {"function":{"name"}}
  const rapidjson::Value* response_format = nullptr;  // {"type":"json_schema","json_schema":{"schema"}}: JSON comes out
};

Completion complete(const std::vector<Prompt>& messages, const ModelOptions& options = {});

// The smallest value that a JSON schema allows, with `text` wherever it takes one.
std::string fill_schema(const rapidjson::Value& schema, std::string_view text);

// Deterministic and of length one: words hashed into 64 places.
std::vector<double> embed(std::string_view text);

}  // namespace modhost::playground
