// Completions: the platform's own, an OpenAI-compatible one, and those that grow in a message.
// (Dossier 3.0.1, 3.8, 3.9.)
#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr const char* kModelDefault = "AZURE_GPT_4o_2024_1120";

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

void read_prompts(BodyCheck& check, const char* member, std::vector<Prompt>& prompts) {
  const rapidjson::Value* messages = check.array(member);
  if (messages == nullptr) return;
  if (messages->Empty()) check.complain(std::string(member) + " should not be empty");
  for (rapidjson::SizeType i = 0; i < messages->Size(); ++i) {
    const rapidjson::Value& one = (*messages)[i];
    const std::string at = std::string(member) + "." + std::to_string(i) + ".";
    if (!one.IsObject()) {
      check.complain(at + "must be an object");
      continue;
    }
    std::string_view role = string_member(one, "role");
    if (string_member(one, "type") == "function_call") continue;  // the responses API's own items have no role
    if (string_member(one, "type") == "function_call_output") {
      prompts.push_back({"tool", std::string(string_member(one, "output"))});
      continue;
    }
    const auto content = content_of(one);
    if (role != "system" && role != "developer" && role != "user" && role != "assistant" && role != "tool")
      check.complain(at + "role must be one of the following values: system, developer, user, assistant, tool");
    if (!content) check.complain(at + "content must be a string or an array of parts");
    prompts.push_back({std::string(role), content.value_or("")});
  }
}

// From the body itself or its options, in either spelling.
const rapidjson::Value* option(const rapidjson::Value& body, std::string_view name, std::string_view other) {
  const rapidjson::Value* options = find_member(body, "options");
  for (const rapidjson::Value* from : {&body, options})
    for (const std::string_view spelled : {name, other})
      if (from != nullptr && from->IsObject())
        if (const rapidjson::Value* value = find_member(*from, spelled); value != nullptr && !value->IsNull())
          return value;
  return nullptr;
}

ModelOptions options_of(const rapidjson::Value& body) {
  return {option(body, "tools", "tools"), option(body, "tool_choice", "toolChoice"),
          option(body, "response_format", "responseFormat")};
}

// The request in OpenAI's form: what the platform adds is left out, its options come up into the body.
std::string upstream_body(const rapidjson::Value& body, const std::string& messages) {
  JsonObject request;
  request.raw("messages", messages);
  for (const auto& [name, other] :
       std::initializer_list<std::pair<const char*, const char*>>{{"temperature", "temperature"},
                                                                  {"top_p", "topP"},
                                                                  {"max_tokens", "maxTokens"},
                                                                  {"max_completion_tokens", "maxCompletionTokens"},
                                                                  {"tools", "tools"},
                                                                  {"tool_choice", "toolChoice"},
                                                                  {"response_format", "responseFormat"},
                                                                  {"stop", "stop"},
                                                                  {"seed", "seed"}})
    if (const rapidjson::Value* value = option(body, name, other)) request.raw(name, to_json(*value));
  return request.str();
}

std::string messages_json(const std::vector<Prompt>& prompts) {
  return json_array(prompts, [](const Prompt& one) {
    return JsonObject().text("role", one.role == "tool" ? "user" : one.role).text("content", one.content).str();
  });
}

void start(ModelJob& job, const std::vector<Prompt>& prompts, const rapidjson::Value& body) {
  job.id = new_id("chatcmpl-");
  job.completion = complete(prompts, options_of(body));
  for (const Prompt& prompt : prompts) job.prompt_bytes += prompt.content.size();
}

ModelOutcome complete_chat(const ApiCall& call, ModelJob::Shape shape) {
  BodyCheck check(call.body);
  ModelJob job;
  job.shape = shape;
  // The proxy's clients name the platform's model in a header: their library wants a model of its own in the body.
  job.model = call.request.header("x-model").value_or("");
  if (job.model.empty()) job.model = check.optional_text("model").value_or(kModelDefault);
  std::vector<Prompt> prompts;
  read_prompts(check, "messages", prompts);
  check.optional_integer("timeout", 1, 3'600'000);
  check.optional_object("options");
  check.optional_number("temperature");  // real modules put it here too; anything else is passed to the model unchecked
  if (const rapidjson::Value* stream = option(call.body, "stream", "stream")) {
    if (!stream->IsBool()) check.complain("stream must be a boolean value");
    job.is_stream = stream->IsTrue();
    if (job.is_stream && shape == ModelJob::Shape::kPlatform)
      check.complain("stream is not a parameter of this call: openai-proxy/chat/completions streams");
  }
  if (!check.is_good()) return validation_error(check.complaints());
  start(job, prompts, call.body);
  job.upstream_body = upstream_body(call.body, to_json(*find_member(call.body, "messages")));
  return job;
}

ModelOutcome platform_completion(const ApiCall& call) { return complete_chat(call, ModelJob::Shape::kPlatform); }
ModelOutcome proxy_completion(const ApiCall& call) { return complete_chat(call, ModelJob::Shape::kOpenAi); }

std::vector<ContextSource> read_context(BodyCheck& check) {
  std::vector<ContextSource> sources;
  check.optional_array("searchContext");
  const rapidjson::Value* list = check.value("searchContext");
  if (list == nullptr || !list->IsArray()) return sources;
  for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
    const rapidjson::Value& one = (*list)[i];
    const std::string id(one.IsObject() ? string_member(one, "id") : std::string_view());
    if (id.empty()) {
      check.complain("searchContext." + std::to_string(i) + ".id must be a string");
      continue;
    }
    ContextSource source;
    source.name = string_member(one, "title");
    if (source.name.empty()) source.name = string_member(one, "key");
    if (source.name.empty()) source.name = id;
    const std::string chunk(string_member(one, "chunkId"));
    source.source_id = chunk.empty() ? id : id + "_" + chunk;
    source.url = string_member(one, "url");
    if (source.url.empty()) source.url = "unique://content/" + id;
    sources.push_back(std::move(source));
  }
  return sources;
}

ModelOutcome into_message(const ApiCall& call, ModelJob::Shape shape) {
  BodyCheck check(call.body);
  ModelJob job;
  job.shape = shape;
  job.chat_id = check.text("chatId");
  check.text("assistantId");
  job.message_id = check.text("assistantMessageId");
  job.user_message_id = check.text("userMessageId");
  job.model = check.optional_text("model").value_or(kModelDefault);
  std::vector<Prompt> prompts;
  if (shape == ModelJob::Shape::kIntoMessage) {
    read_prompts(check, "messages", prompts);
  } else if (const rapidjson::Value* input = check.value("input"); input != nullptr && input->IsString()) {
    prompts.push_back({"user", {input->GetString(), input->GetStringLength()}});
  } else {
    read_prompts(check, "input", prompts);
  }
  if (const rapidjson::Value* told = option(call.body, "instructions", "instructions"); told && told->IsString())
    prompts.insert(prompts.begin(), {"system", {told->GetString(), told->GetStringLength()}});
  job.sources = read_context(check);
  job.start_text = check.optional_text("startText").value_or("");
  job.debug_info = check.optional_object("debugInfo");
  check.optional_integer("timeout", 1, 3'600'000);
  check.optional_object("options");
  if (!check.is_good()) return validation_error(check.complaints());
  if (const auto known = call.on.platform.message(job.chat_id, job.message_id); !known)
    return application_error(known.error());
  if (job.debug_info && *job.debug_info != "{}") {
    MessageFields fields;
    fields.debug_info = job.debug_info;  // shown with the question; one that has gone meanwhile misses nothing
    [[maybe_unused]] const auto shown = call.on.platform.update_message(job.chat_id, job.user_message_id, fields);
  }
  start(job, prompts, call.body);
  const rapidjson::Value* messages = find_member(call.body, "messages");
  job.upstream_body = upstream_body(call.body, messages != nullptr ? to_json(*messages) : messages_json(prompts));
  return job;
}

ModelOutcome stream_completion(const ApiCall& call) { return into_message(call, ModelJob::Shape::kIntoMessage); }
ModelOutcome stream_responses(const ApiCall& call) { return into_message(call, ModelJob::Shape::kItemsIntoMessage); }

}  // namespace

void add_model_routes(Routes& routes) {
  const Routes mine = {{"POST", "openai/chat/completions", nullptr, platform_completion},
                       {"POST", "openai-proxy/chat/completions", nullptr, proxy_completion},
                       {"POST", "integrated/chat/stream-completions", nullptr, stream_completion},
                       {"POST", "integrated/chat/stream-responses", nullptr, stream_responses}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
