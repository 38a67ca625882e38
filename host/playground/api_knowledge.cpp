// Search and the language model. (Dossier 3.7, 3.8.)
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api.hpp"
#include "playground/json_object.hpp"
#include "playground/knowledge.hpp"

namespace modhost::playground {

namespace {

constexpr std::int64_t kSearchLimitDefault = 20, kSearchLimitMax = 1000;
constexpr std::size_t kBytesPerToken = 4;
constexpr const char* kModelDefault = "AZURE_GPT_4o_2024_1120";

std::string chunk_json(const Hit& hit, UnixMillis stored_at) {
  const Chunk& chunk = *hit.chunk;
  return JsonObject()
      .text("id", chunk.content_id)
      .text("chunkId", chunk.chunk_id)
      .text("object", "search.search")
      .text("text", chunk.text)
      .text("key", chunk.key + " : " + std::to_string(chunk.page))
      .text("title", chunk.title)
      .raw("url", "null")
      .number("order", chunk.order)
      .number("startPage", chunk.page)
      .number("endPage", chunk.page)
      .raw("metadata", JsonObject().text("key", chunk.key).text("mimeType", "text/markdown").str())
      .raw("score", std::to_string(hit.score))
      .time("internallyStoredAt", stored_at)
      .time("createdAt", stored_at)
      .time("updatedAt", stored_at)
      .str();
}

// A message's content: text, or the text parts of a list. Nothing when it is neither.
std::optional<std::string> content_of(const rapidjson::Value& message) {
  const rapidjson::Value* content = find_member(message, "content");
  if (content == nullptr || content->IsNull()) return "";
  if (content->IsString()) return std::string(content->GetString(), content->GetStringLength());
  if (!content->IsArray()) return std::nullopt;
  std::string text;
  for (const auto& part : content->GetArray())
    if (part.IsObject()) text.append(text.empty() ? "" : "\n").append(string_member(part, "text"));
  return text;
}

std::vector<Prompt> read_prompts(BodyCheck& check) {
  std::vector<Prompt> prompts;
  const rapidjson::Value* messages = check.array("messages");
  if (messages == nullptr) return prompts;
  if (messages->Empty()) check.complain("messages should not be empty");
  for (rapidjson::SizeType i = 0; i < messages->Size(); ++i) {
    const rapidjson::Value& one = (*messages)[i];
    const std::string at = "messages." + std::to_string(i) + ".";
    if (!one.IsObject()) {
      check.complain(at + "must be an object");
      continue;
    }
    const std::string_view role = string_member(one, "role");
    const auto content = content_of(one);
    if (role != "system" && role != "developer" && role != "user" && role != "assistant" && role != "tool")
      check.complain(at + "role must be one of the following values: system, developer, user, assistant, tool");
    if (!content) check.complain(at + "content must be a string or an array of parts");
    prompts.push_back({std::string(role), content.value_or("")});
  }
  return prompts;
}

}  // namespace

http::Response Api::search(const Call& call) const {
  BodyCheck check(call.body);
  const std::string query = check.text("searchString");
  check.choice("searchType", {"VECTOR", "COMBINED", "FULL_TEXT", "POSTGRES_FULL_TEXT"});
  check.optional_text("chatId");
  check.optional_text("language");
  check.optional_object("reranker");
  check.optional_object("qdrantParams");
  check.optional_array("scopeIds");
  check.optional_array("contentIds");
  const auto filter = check.optional_object("metaDataFilter");
  if (filter == "{}") check.complain("metaDataFilter must not be empty: send null for no filter");
  const bool chat_only = check.optional_flag("chatOnly").value_or(false);
  const auto limit = check.optional_integer("limit", 1, kSearchLimitMax).value_or(kSearchLimitDefault);
  const auto page = check.optional_integer("page", 1, kSearchLimitMax).value_or(1);
  const double threshold = check.optional_number("scoreThreshold").value_or(0);
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());

  std::vector<Hit> hits = chat_only ? std::vector<Hit>() : search_knowledge(query);  // nobody uploads into these chats
  std::vector<std::string_view> wanted;
  if (const rapidjson::Value* ids = find_member(call.body, "contentIds"); ids != nullptr && ids->IsArray())
    for (const auto& id : ids->GetArray())
      if (id.IsString()) wanted.emplace_back(id.GetString(), id.GetStringLength());
  std::erase_if(hits, [&](const Hit& hit) {
    return hit.score < threshold ||
           (!wanted.empty() && std::find(wanted.begin(), wanted.end(), hit.chunk->content_id) == wanted.end());
  });
  const auto first = std::min(hits.size(), static_cast<std::size_t>((page - 1) * limit));
  const auto last = std::min(hits.size(), first + static_cast<std::size_t>(limit));
  const std::vector<Hit> shown(hits.begin() + static_cast<std::ptrdiff_t>(first),
                               hits.begin() + static_cast<std::ptrdiff_t>(last));
  const UnixMillis stored_at = platform_.started_at();
  return json_answer(201, json_array(shown, [&](const Hit& hit) { return chunk_json(hit, stored_at); }));
}

http::Response Api::search_string(const Call& call) const {
  BodyCheck check(call.body);
  const std::string prompt = check.text("prompt");
  check.optional_text("chatId");
  check.optional_array("messages");
  check.optional_text("languageModel");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return json_answer(201, JsonObject().text("object", "search.search-string").text("searchString", prompt).str());
}

http::Response Api::completion(const Call& call) const {
  BodyCheck check(call.body);
  const std::string model = check.optional_text("model").value_or(kModelDefault);
  const std::vector<Prompt> prompts = read_prompts(check);
  check.optional_integer("timeout", 1, 3'600'000);
  check.optional_object("options");
  check.optional_number("temperature");  // real modules put it here too; anything else is passed to the model unchecked
  if (!check.is_good()) return validation_error(check.complaints());

  const std::string answer = complete(prompts);
  std::size_t prompt_bytes = 0;
  for (const Prompt& prompt : prompts) prompt_bytes += prompt.content.size();
  const auto prompt_tokens = static_cast<std::int64_t>(prompt_bytes / kBytesPerToken + 1);
  const auto answer_tokens = static_cast<std::int64_t>(answer.size() / kBytesPerToken + 1);
  const std::string message =
      JsonObject().text("role", "assistant").text("content", answer).raw("toolCalls", "null").str();
  const std::string choice = JsonObject().number("index", 0).text("finishReason", "stop").raw("message", message).str();
  const std::string usage = JsonObject()
                                .number("promptTokens", prompt_tokens)
                                .number("completionTokens", answer_tokens)
                                .number("totalTokens", prompt_tokens + answer_tokens)
                                .str();
  return json_answer(201, JsonObject()
                              .text("object", "openai.chat.completion")
                              .text("model", model)
                              .raw("choices", "[" + choice + "]")
                              .raw("usage", usage)
                              .str());
}

http::Response Api::models(const Call&) const {
  return json_answer(200, R"({"object":"llm-models","models":["AZURE_GPT_4o_2024_1120","AZURE_o3_2025_0416"]})");
}

}  // namespace modhost::playground
