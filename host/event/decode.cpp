#include "event/decode.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "crypto/digest.hpp"
#include "event/json_reader.hpp"

namespace modhost {

namespace {

// What the walk over the document is looking at. Only the objects named here are entered; the rest is skipped.
enum class Place { kOutside, kEnvelope, kPayload, kUserMessage, kAssistantMessage };

enum class Field {
  kNone,
  kId,
  kEvent,
  kUserId,
  kCompanyId,
  kCreatedAt,
  kPayload,
  kName,
  kChatId,
  kChatIdLower,
  kAssistantId,
  kUserMessage,
  kAssistantMessage,
  kUserMessageId,
  kAssistantMessageId,
  kCount
};

struct Known {
  Place place;
  std::string_view key;
  Field field;
};

constexpr std::array kKnown = {
    Known{Place::kEnvelope, "id", Field::kId},
    Known{Place::kEnvelope, "event", Field::kEvent},
    Known{Place::kEnvelope, "userId", Field::kUserId},
    Known{Place::kEnvelope, "companyId", Field::kCompanyId},
    Known{Place::kEnvelope, "createdAt", Field::kCreatedAt},
    Known{Place::kEnvelope, "payload", Field::kPayload},
    Known{Place::kPayload, "name", Field::kName},
    Known{Place::kPayload, "chatId", Field::kChatId},
    Known{Place::kPayload, "chatid", Field::kChatIdLower},
    Known{Place::kPayload, "assistantId", Field::kAssistantId},
    Known{Place::kPayload, "userMessage", Field::kUserMessage},
    Known{Place::kPayload, "assistantMessage", Field::kAssistantMessage},
    Known{Place::kUserMessage, "id", Field::kUserMessageId},
    Known{Place::kAssistantMessage, "id", Field::kAssistantMessageId},
};

Field field_at(Place place, std::string_view key) {
  for (const Known& known : kKnown)
    if (known.place == place && known.key == key) return known.field;
  return Field::kNone;
}

std::string_view name_of(Field field) {
  for (const Known& known : kKnown)
    if (known.field == field) return known.key;
  return {};
}

// The object that a field opens, and the fields inside it: a later duplicate of the key starts them afresh.
Place place_of(Field field) {
  switch (field) {
    case Field::kPayload:
      return Place::kPayload;
    case Field::kUserMessage:
      return Place::kUserMessage;
    case Field::kAssistantMessage:
      return Place::kAssistantMessage;
    default:
      return Place::kOutside;
  }
}

// RapidJSON SAX handler: remembers the text of the known fields, the last duplicate of a key winning.
class Picker {
 public:
  bool Null() { return value({}, false); }
  bool Bool(bool) { return value({}, false); }
  bool Int(int number) { return integer(number); }
  bool Uint(unsigned number) { return integer(number); }
  bool Int64(std::int64_t number) { return integer(number); }
  bool Uint64(std::uint64_t) { return value({}, false); }
  bool Double(double) { return value({}, false); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return value({}, false); }
  bool String(const char* text, rapidjson::SizeType length, bool) { return value({text, length}, true); }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    if (depth_ == entered_) field_ = field_at(places_[entered_], {text, length});
    return true;
  }
  bool StartObject() {
    if (depth_ == 0) {
      is_object_ = true;
      enter(Place::kEnvelope);
      return true;
    }
    if (depth_ == entered_) {
      const Place inside = place_of(field_);
      forget(field_);
      if (inside != Place::kOutside) {
        if (inside == Place::kPayload) has_payload_ = true;
        enter(inside);
        return true;
      }
    }
    ++depth_;
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    if (depth_ == entered_) --entered_;
    --depth_;
    return true;
  }
  bool StartArray() {
    if (depth_ == entered_ && depth_ > 0) forget(field_);
    ++depth_;
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    --depth_;
    return true;
  }

  [[nodiscard]] bool is_object() const { return is_object_; }
  [[nodiscard]] bool has_payload() const { return has_payload_; }
  [[nodiscard]] std::string& text(Field field) { return texts_[static_cast<std::size_t>(field)]; }
  [[nodiscard]] std::optional<std::int64_t> created_at() const { return created_at_; }

 private:
  void enter(Place place) {
    ++depth_;
    places_[++entered_] = place;
    field_ = Field::kNone;
  }

  bool value(std::string_view text, bool is_string) {
    if (depth_ != entered_ || depth_ == 0) return true;
    forget(field_);
    if (is_string && field_ == Field::kCreatedAt) return integer_text(text);
    if (is_string && field_ != Field::kNone) texts_[static_cast<std::size_t>(field_)] = text;
    return true;
  }

  bool integer(std::int64_t number) {
    value({}, false);
    if (depth_ == entered_ && depth_ > 0 && field_ == Field::kCreatedAt) created_at_ = number;
    return true;
  }

  bool integer_text(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) created_at_ = number;
    return true;
  }

  void clear(Field first, Field last) {
    for (auto i = static_cast<std::size_t>(first); i <= static_cast<std::size_t>(last); ++i) texts_[i].clear();
  }

  // A key seen again replaces all that its earlier value said.
  void forget(Field field) {
    if (field == Field::kNone) return;
    texts_[static_cast<std::size_t>(field)].clear();
    if (field == Field::kCreatedAt) created_at_.reset();
    if (field == Field::kUserMessage) clear(Field::kUserMessageId, Field::kUserMessageId);
    if (field == Field::kAssistantMessage) clear(Field::kAssistantMessageId, Field::kAssistantMessageId);
    if (field == Field::kPayload) {
      has_payload_ = false;
      clear(Field::kName, Field::kAssistantMessageId);
    }
  }

  std::array<std::string, static_cast<std::size_t>(Field::kCount)> texts_;
  std::array<Place, 4> places_{};  // places_[1] the envelope, then payload, then one of its messages
  std::size_t depth_ = 0;          // open objects and arrays
  std::size_t entered_ = 0;        // how many of them are known places, from the outside in
  Field field_ = Field::kNone;
  bool is_object_ = false;
  bool has_payload_ = false;
  std::optional<std::int64_t> created_at_;
};

// Ids become header values and log fields: what could break a line or fill a page is no id.
constexpr std::size_t kIdBytesMax = 512;

bool is_id(std::string_view text) {
  return text.size() <= kIdBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
         });
}

std::string what_is_wrong(Picker& picker) {
  if (!picker.is_object()) return "the body is not a JSON object";
  const std::pair<Field, const char*> needed[] = {
      {Field::kId, "id"}, {Field::kEvent, "event"}, {Field::kUserId, "userId"}, {Field::kCompanyId, "companyId"}};
  for (const auto& [field, name] : needed)
    if (picker.text(field).empty()) return std::string(name) + " is missing, empty or not a string";
  if (!picker.has_payload()) return "payload is missing or not an object";
  if (picker.text(Field::kEvent) == kExternalModuleChosen && picker.text(Field::kName).empty())
    return "payload.name is missing, empty or not a string";
  for (auto i = static_cast<std::size_t>(Field::kId); i < static_cast<std::size_t>(Field::kCount); ++i)
    if (!is_id(picker.text(static_cast<Field>(i))))
      return std::string(name_of(static_cast<Field>(i))) + " is longer than 512 bytes or holds control characters";
  return {};
}

void fill(Event& event, Picker& picker) {
  event.id = std::move(picker.text(Field::kId));
  event.name = std::move(picker.text(Field::kEvent));
  event.user_id = std::move(picker.text(Field::kUserId));
  event.company_id = std::move(picker.text(Field::kCompanyId));
  event.created_at_s = picker.created_at();
  event.reference = std::move(picker.text(Field::kName));
  auto& chat_id = picker.text(Field::kChatId);
  event.chat_id = std::move(chat_id.empty() ? picker.text(Field::kChatIdLower) : chat_id);
  event.assistant_id = std::move(picker.text(Field::kAssistantId));
  event.user_message_id = std::move(picker.text(Field::kUserMessageId));
  event.assistant_message_id = std::move(picker.text(Field::kAssistantMessageId));
}

}  // namespace

Decoded decode(TrustedBody body, const RawRequest& request) {
  Decoded decoded;
  Event& event = decoded.event;
  event.app = body.app();
  event.key_id = body.key_id();
  event.traceparent = request.traceparent;
  event.received_at = request.received_at;
  event.received_steady = request.received_steady;

  Picker picker;
  const Result<void> read = read_json(body.bytes(), picker);
  decoded.unusable = read ? what_is_wrong(picker) : "the body is not JSON: " + read.error().message;
  if (decoded.unusable.empty()) {
    fill(event, picker);
  } else {
    const crypto::Digest digest = crypto::sha256(body.bytes());
    decoded.body_sha256 = crypto::bytes_of(digest);
    event.id = "sha256:" + crypto::hex(digest);
  }
  event.body = std::move(body).release();
  return decoded;
}

}  // namespace modhost
