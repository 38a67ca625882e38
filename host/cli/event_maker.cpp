#include "cli/event_maker.hpp"

#include <rapidjson/document.h>

#include <charconv>
#include <fstream>

#include "config/problems.hpp"
#include "config/schema.hpp"
#include "crypto/digest.hpp"
#include "event/event.hpp"
#include "event/json_reader.hpp"

namespace modhost::cli {
namespace {

using rapidjson::Value;
using Allocator = rapidjson::Document::AllocatorType;

constexpr std::size_t kFileBytesMax = 64 * 1024 * 1024;
constexpr rapidjson::SizeType kListMax = 1000;

Value text_value(std::string_view text, Allocator& allocator) {
  return Value(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator);
}

void set_member(Value& object, std::string_view name, Value value, Allocator& allocator) {
  const Value key(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size())));
  const auto found = object.FindMember(key);
  if (found != object.MemberEnd())
    found->value = value;
  else
    object.AddMember(text_value(name, allocator), value, allocator);
}

// Invented ids of the platform's shape. The chat is new each time: a bug in one chat must not hide in another's
// history.
std::string id_of(std::string_view prefix) { return std::string(prefix) + crypto::random_token(24); }

std::string payload_of(std::string_view name) {
  const std::string chat = R"("chatId":")" + id_of("chat_") + R"(","assistantId":")" + id_of("assistant_") + '"';
  if (name == kExternalModuleChosen)
    return R"({"name":"DemoApp","description":"made by modhost send","configuration":{},)" + chat +
           R"(,"userMessage":{"id":")" + id_of("msg_") +
           R"(","text":"make me a demo please","createdAt":"2025-10-09T08:53:20.000Z"},"assistantMessage":{"id":")" +
           id_of("msg_") + R"(","createdAt":"2025-10-09T08:53:20.412Z"}})";
  if (name == "unique.chat.user-message.created") return "{" + chat + R"(,"text":"hello"})";
  if (name.starts_with("unique.ingestion.")) return R"({"contentId":")" + id_of("cont_") + R"("})";
  if (name.starts_with("unique.magic-table."))
    return R"({"name":"magic-table",)" + chat + R"(,"sheetName":"Sheet 1","tableId":")" + id_of("sheet_") + R"("})";
  return "{}";
}

std::string envelope_of(std::string_view name) {
  return R"({"id":"","version":"1.0.0","event":)" + quote_json(name) +
         R"(,"createdAt":0,"userId":"284719305518067713","companyId":"251906337744912385","payload":)" +
         payload_of(name) + "}";
}

Result<std::string> read_event_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return not_found(path + " can not be opened");
  std::string text;
  for (char chunk[16 * 1024]; file.read(chunk, sizeof chunk), file.gcount() > 0;) {
    text.append(chunk, static_cast<std::size_t>(file.gcount()));
    if (text.size() > kFileBytesMax) return invalid(path + " is larger than 64 MiB");
  }
  return text;
}

Result<std::string> body_of(const std::string& what) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(what, ignored)) return read_event_file(what);
  if (const std::string_view name = find_event_name(what); !name.empty()) return envelope_of(name);
  std::vector<std::string_view> known(config::schema::kEvents.begin(), config::schema::kEvents.end());
  for (const std::string_view event : config::schema::kEvents) known.push_back(event.substr(event.rfind('.') + 1));
  const std::string_view meant = config::nearest(what, known);
  if (what.starts_with("unique.") && meant.empty()) return envelope_of(what);
  std::string message = "there is no event and no file " + what;
  if (!meant.empty())
    message += ": did you mean " + std::string(meant) + "?";
  else
    message += ": events are " + std::string(kExternalModuleChosen) +
               " (or chosen), user-message.created, content.finished, ...";
  return not_found(message);
}

// Walks to the place a dotted path names, making objects on the way; null when something else is in the way.
Value* place_of(Value& root, std::string_view path, Allocator& allocator) {
  Value* at = &root;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string_view step = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    if (step.empty()) return nullptr;
    if (at->IsNull()) at->SetObject();
    if (at->IsArray()) {
      rapidjson::SizeType index = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
      if (error != std::errc() || end != step.data() + step.size() || index > at->Size() || index >= kListMax)
        return nullptr;
      if (index == at->Size()) at->PushBack(Value(), allocator);
      at = &(*at)[index];
    } else if (at->IsObject()) {
      const Value key(rapidjson::StringRef(step.data(), static_cast<rapidjson::SizeType>(step.size())));
      if (!at->HasMember(key)) at->AddMember(text_value(step, allocator), Value(), allocator);
      at = &(*at)[key];
    } else {
      return nullptr;
    }
  }
  return at;
}

Result<void> apply_override(rapidjson::Document& event, std::string_view override) {
  const std::size_t equals = override.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return invalid("--override " + std::string(override) +
                   ": expected path=value, such as payload.userMessage.text=hello");
  Value* place = place_of(event, override.substr(0, equals), event.GetAllocator());
  if (place == nullptr)
    return invalid("--override " + std::string(override.substr(0, equals)) +
                   ": there is no such place: the way leads through " +
                   "something that is neither an object nor an element of a list");
  const std::string_view text = override.substr(equals + 1);
  if (const auto json = parse_json(text))
    place->CopyFrom(*json, event.GetAllocator());
  else
    *place = text_value(text, event.GetAllocator());
  return {};
}

void set_text(rapidjson::Document& event, const std::string& text) {
  Allocator& allocator = event.GetAllocator();
  Value* payload = place_of(event, "payload", allocator);
  if (payload == nullptr || !payload->IsObject()) return;
  Value* message = payload->HasMember("userMessage") ? &(*payload)["userMessage"] : nullptr;
  if (message == nullptr || !message->IsObject())
    return set_member(*payload, "text", text_value(text, allocator), allocator);
  set_member(*message, "text", text_value(text, allocator), allocator);
  if (message->HasMember("originalText")) set_member(*message, "originalText", text_value(text, allocator), allocator);
}

Result<void> change(rapidjson::Document& event, const EventRequest& request) {
  if (!event.IsObject()) return invalid(request.what + ": an event is a JSON object");
  if (!request.module.empty()) {
    Value* name = place_of(event, "payload.name", event.GetAllocator());
    if (name == nullptr) return invalid(request.what + ": --module needs an event whose payload is an object");
    *name = text_value(request.module, event.GetAllocator());
  }
  if (!request.text.empty()) set_text(event, request.text);
  for (const std::string& override : request.overrides)
    if (Result<void> done = apply_override(event, override); !done) return done;
  return {};
}

}  // namespace

std::string_view find_event_name(std::string_view name) {
  for (const std::string_view event : config::schema::kEvents)
    if (event == name || (!name.empty() && event.ends_with("." + std::string(name)))) return event;
  return {};
}

Result<EventMaker> EventMaker::open(EventRequest request) {
  Result<std::string> body = body_of(request.what);
  if (!body) return body.error();
  const bool is_untouched = request.module.empty() && request.text.empty() && request.overrides.empty();
  if (is_untouched && request.keeps_id) return EventMaker(std::move(request), *std::move(body));  // byte for byte
  Result<rapidjson::Document> event = parse_json(*body);
  if (!event)
    return invalid(request.what + ": " + event.error().message + "; with --keep and no changes it is sent as it is");
  if (Result<void> changed = change(*event, request); !changed) return changed.error();
  std::string made = to_json(*event);
  if (!parse_json(made)) return invalid("--module, --text and --override take UTF-8 text only");
  return EventMaker(std::move(request), std::move(made));
}

std::string EventMaker::next(UnixMillis now) const {
  if (request_.keeps_id) return body_;
  rapidjson::Document event = *parse_json(body_);
  Allocator& allocator = event.GetAllocator();
  const auto is_overridden = [&](std::string_view name) {
    const std::string prefix = std::string(name) + "=";
    return std::any_of(request_.overrides.begin(), request_.overrides.end(),
                       [&](const std::string& override) { return override.starts_with(prefix); });
  };
  if (!is_overridden("id")) set_member(event, "id", text_value(id_of("evt_"), allocator), allocator);
  const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const bool is_text = event.HasMember("createdAt") && event["createdAt"].IsString();
  if (!is_overridden("createdAt"))
    set_member(event, "createdAt", is_text ? text_value(std::to_string(seconds), allocator) : Value(seconds),
               allocator);
  return to_json(event);
}

}  // namespace modhost::cli
