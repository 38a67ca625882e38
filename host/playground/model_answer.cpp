// Finds the sources of a prompt and quotes the best sentences.
#include "playground/model_answer.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "crypto/digest.hpp"
#include "event/json_reader.hpp"
#include "playground/json_object.hpp"
#include "playground/text_match.hpp"

namespace modhost::playground {

namespace {

constexpr double kShareMin = 0.3, kRankMin = 0.6;
constexpr std::size_t kSentencesMax = 3;
constexpr int kSchemaDepthMax = 8;

struct Source {
  std::string marker;  // "[source0]", "[1]" or empty
  std::string text;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "[source 3]" or "[3]" at the start of the line: its length, else 0.
std::size_t marker_length(std::string_view line) {
  if (!line.starts_with('[')) return 0;
  std::size_t at = line.starts_with("[source") ? 7 : 1;
  while (at < line.size() && (line[at] == ' ' || line[at] == '_')) ++at;
  const std::size_t digits = at;
  while (at < line.size() && is_digit(line[at])) ++at;
  return at > digits && at - digits <= 4 && at < line.size() && line[at] == ']' ? at + 1 : 0;
}

// Without <|document|>...<|/document|> and the like: descriptions of the source, not its text.
std::string without_tags(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto begin = text.find("<|");
    plain += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const auto name_end = text.find("|>", begin);
    if (name_end == std::string_view::npos) break;
    const std::string closing = "<|/" + std::string(text.substr(begin + 2, name_end - begin - 2)) + "|>";
    const auto end = text.find(closing, name_end);
    text.remove_prefix(end == std::string_view::npos ? name_end + 2 : end + closing.size());
    plain += '\n';
  }
  return plain;
}

void add_blocks(std::string_view text, std::vector<Source>& sources) {
  for (std::size_t at = 0; (at = text.find("<source", at)) != std::string_view::npos;) {
    const auto name_end = text.find('>', at);
    if (name_end == std::string_view::npos) return;
    const std::string name(text.substr(at + 1, name_end - at - 1));  // "source0"
    const auto end = text.find("</" + name + ">", name_end);
    at = name_end;
    if (end == std::string_view::npos || name.size() > 11 ||
        !std::all_of(name.begin() + 6, name.end(), [](char c) { return is_digit(c); }))
      continue;
    sources.push_back({"[" + name + "]", without_tags(text.substr(name_end + 1, end - name_end - 1))});
    at = end;
  }
}

void add_marked_lines(std::string_view text, std::vector<Source>& sources) {
  bool is_open = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (const std::size_t length = marker_length(line); length > 0) {
      sources.push_back({std::string(line.substr(0, length)), std::string(line.substr(length))});
      is_open = true;
    } else if (line == "---" || line.empty()) {
      is_open = false;
    } else if (is_open) {
      sources.back().text.append("\n").append(line);
    }
  }
}

void add_json_items(std::string_view text, std::vector<Source>& sources) {
  if (text.find("\"source_number\"") == std::string_view::npos) return;
  const auto begin = text.find('['), end = text.rfind(']');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return;
  const auto items = parse_json(text.substr(begin, end + 1 - begin));
  if (!items || !items->IsArray()) return;
  for (const auto& item : items->GetArray()) {
    if (!item.IsObject()) continue;
    const rapidjson::Value* number = find_member(item, "source_number");
    if (number == nullptr || !number->IsUint()) continue;
    sources.push_back(
        {"[source" + std::to_string(number->GetUint()) + "]", std::string(string_member(item, "content"))});
  }
}

std::vector<Source> sources_of(const std::vector<Prompt>& messages, std::string_view question) {
  std::vector<Source> sources;
  for (const Prompt& message : messages) {
    add_blocks(message.content, sources);
    add_json_items(message.content, sources);
    if (sources.empty()) add_marked_lines(message.content, sources);
  }
  if (!sources.empty()) return sources;
  for (const Prompt& message : messages) {
    std::string text = message.content;
    if (const auto at = text.rfind(question); !question.empty() && at != std::string::npos)
      text.erase(at, question.size());
    if (const auto at = text.find("Context:"); at != std::string::npos) text.erase(0, at);  // what the model is told
    sources.push_back({"", std::move(text)});
  }
  return sources;
}

std::string_view question_in(std::string_view message) {
  const auto sentences = sentences_of(message);
  for (auto one = sentences.rbegin(); one != sentences.rend(); ++one)
    if (one->ends_with('?')) return *one;
  return sentences.empty() ? std::string_view() : sentences.back();
}

// A heading says what a text is about, not what is so.
bool is_statement(std::string_view sentence) {
  return sentence.ends_with('.') || sentence.ends_with('!') || sentence.starts_with("- ") || sentence.starts_with("* ");
}

std::string quote_best(const std::vector<Source>& sources, std::string_view question) {
  struct Candidate {
    std::string_view sentence;
    const Source* source;
    Words words;
    double rank = 0;
  };
  const Words wanted = words_of(question);
  std::vector<Candidate> all;
  for (const Source& source : sources)
    for (const std::string_view sentence : sentences_of(source.text))
      if (is_statement(sentence)) all.push_back({sentence, &source, words_of(sentence)});
  std::vector<const Words*> texts;
  for (const Candidate& one : all) texts.push_back(&one.words);
  const std::vector<double> weights = weights_of(wanted, texts);
  for (Candidate& one : all)
    one.rank = overlap(wanted, one.words) >= kShareMin ? weighted_overlap(wanted, weights, one.words) : 0;
  std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) { return a.rank > b.rank; });
  std::string answer;
  std::vector<std::string_view> said;
  for (const Candidate& one : all) {
    if (one.rank <= 0 || one.rank < all.front().rank * kRankMin || said.size() == kSentencesMax) break;
    if (std::find(said.begin(), said.end(), one.sentence) != said.end()) continue;
    said.push_back(one.sentence);
    std::string_view sentence = one.sentence;
    if (sentence.starts_with("- ") || sentence.starts_with("* ")) sentence.remove_prefix(2);
    answer.append(answer.empty() ? "" : " ").append(sentence).append(one.source->marker);
  }
  return answer;
}

std::string fill(const rapidjson::Value& schema, std::string_view text, int depth = 0) {
  if (!schema.IsObject() || depth > kSchemaDepthMax) return "null";
  if (const auto* values = find_member(schema, "enum"); values != nullptr && values->IsArray() && !values->Empty())
    return to_json((*values)[0]);
  const std::string_view type = string_member(schema, "type");
  if (type == "string") return quote_json(text);
  if (type == "integer" || type == "number") return "1";
  if (type == "boolean") return "true";
  const rapidjson::Value* items = find_member(schema, "items");
  if (type == "array") return items == nullptr ? "[]" : "[" + fill(*items, text, depth + 1) + "]";
  const rapidjson::Value* properties = find_member(schema, "properties");
  JsonObject object;
  if (properties != nullptr && properties->IsObject())
    for (const auto& property : properties->GetObject())
      object.raw({property.name.GetString(), property.name.GetStringLength()}, fill(property.value, text, depth + 1));
  return object.str();
}

const rapidjson::Value* function_of(const rapidjson::Value& tool) {
  const rapidjson::Value* function = find_member(tool, "function");
  return function != nullptr && function->IsObject() ? function : &tool;  // the responses API has no inner object
}

// Which tool a request must or may call; null: none.
const rapidjson::Value* tool_named(const ModelOptions& options) {
  const auto is_named = [](const rapidjson::Value& tool) {
    return tool.IsObject() && !string_member(*function_of(tool), "name").empty();
  };
  if (options.tools == nullptr || !options.tools->IsArray()) return nullptr;
  std::string_view wanted;
  if (options.tool_choice != nullptr && options.tool_choice->IsObject())
    wanted = string_member(*function_of(*options.tool_choice), "name");
  for (const auto& tool : options.tools->GetArray())
    if (is_named(tool) && (wanted.empty() || string_member(*function_of(tool), "name") == wanted))
      return function_of(tool);
  return nullptr;
}

std::string_view choice_of(const ModelOptions& options) {
  if (options.tool_choice == nullptr) return "auto";
  if (options.tool_choice->IsString())
    return {options.tool_choice->GetString(), options.tool_choice->GetStringLength()};
  return options.tool_choice->IsObject() ? "required" : "auto";
}

Completion call_of(const rapidjson::Value& function, std::string_view question) {
  const rapidjson::Value* parameters = find_member(function, "parameters");
  ToolCall call;
  call.name = string_member(function, "name");
  call.arguments = parameters == nullptr ? "{}" : fill(*parameters, question);
  call.id = "call_" + crypto::hex(crypto::sha256(call.name + call.arguments)).substr(0, 24);
  return {"", {std::move(call)}};
}

std::string formatted(std::string text, const ModelOptions& options) {
  if (options.response_format == nullptr || !options.response_format->IsObject()) return text;
  const std::string_view type = string_member(*options.response_format, "type");
  if (type == "json_object") return JsonObject().text("answer", text).str();
  if (type != "json_schema") return text;
  const rapidjson::Value* inner = find_member(*options.response_format, "json_schema");
  if (inner == nullptr) inner = find_member(*options.response_format, "jsonSchema");
  const rapidjson::Value* schema = inner == nullptr ? nullptr : find_member(*inner, "schema");
  return schema == nullptr ? JsonObject().text("answer", text).str() : fill(*schema, text);
}

}  // namespace

Completion complete(const std::vector<Prompt>& messages, const ModelOptions& options) {
  std::size_t last_user = messages.size();
  for (std::size_t i = 0; i < messages.size(); ++i)
    if (messages[i].role == "user") last_user = i;
  const std::string_view asked =
      last_user < messages.size() ? trimmed(messages[last_user].content) : std::string_view();
  if (asked.size() > 5 && words_of(asked.substr(0, 5)) == Words{"echo"} && asked[4] == ' ')
    return {formatted(std::string(trimmed(asked.substr(5))), options), {}};
  const std::string_view question = question_in(asked);
  const bool has_tool_answer =
      last_user < messages.size() && std::any_of(messages.begin() + static_cast<std::ptrdiff_t>(last_user),
                                                 messages.end(), [](const Prompt& one) { return one.role == "tool"; });
  const rapidjson::Value* tool = choice_of(options) == "none" || has_tool_answer ? nullptr : tool_named(options);
  if (tool != nullptr && choice_of(options) == "required") return call_of(*tool, question);
  std::string answer = quote_best(sources_of(messages, question), question);
  if (answer.empty() && tool != nullptr) return call_of(*tool, question);
  if (answer.empty()) answer = kNothingFound;
  return {formatted(std::move(answer), options), {}};
}

std::string fill_schema(const rapidjson::Value& schema, std::string_view text) { return fill(schema, text); }

std::vector<double> embed(std::string_view text) {
  constexpr std::size_t kPlaces = 64;
  std::vector<double> places(kPlaces, 0.0);
  for (const std::string& word : words_of(text)) {
    const crypto::Digest digest = crypto::sha256(word);
    places[digest[0] % kPlaces] += digest[1] % 2 == 0 ? 1.0 : -1.0;
  }
  double square = 0;
  for (const double place : places) square += place * place;
  if (square == 0) places[0] = square = 1;
  for (double& place : places) place /= std::sqrt(square);
  return places;
}

}  // namespace modhost::playground
