#include "event/json_reader.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstring>
#include <unordered_map>

namespace modhost {

namespace {

// Length of the well-formed sequence that starts at `p`, or 0. RFC 3629 section 4.
std::size_t sequence_length(const unsigned char* p, const unsigned char* end) {
  const auto continues = [&](std::size_t at, unsigned char low = 0x80, unsigned char high = 0xBF) {
    return p + at < end && p[at] >= low && p[at] <= high;
  };
  const unsigned char lead = p[0];
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;  // no surrogates
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

void keep_last_members(rapidjson::Value& object, rapidjson::Document::AllocatorType& allocator) {
  std::unordered_map<std::string_view, rapidjson::SizeType> last;
  for (rapidjson::SizeType i = 0; i < object.MemberCount(); ++i) {
    const auto& name = (object.MemberBegin() + i)->name;
    last[std::string_view(name.GetString(), name.GetStringLength())] = i;
  }
  if (last.size() == object.MemberCount()) return;
  rapidjson::Value kept(rapidjson::kObjectType);
  for (rapidjson::SizeType i = 0; i < object.MemberCount(); ++i) {
    auto& member = *(object.MemberBegin() + i);
    if (last[std::string_view(member.name.GetString(), member.name.GetStringLength())] == i)
      kept.AddMember(rapidjson::Value(member.name, allocator), member.value, allocator);
  }
  object.Swap(kept);
}

// Depth is bounded by the reader, so this recursion is too.
void resolve_duplicates(rapidjson::Value& value, rapidjson::Document::AllocatorType& allocator) {
  if (value.IsArray())
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) resolve_duplicates(value[i], allocator);
  if (!value.IsObject()) return;
  keep_last_members(value, allocator);
  for (rapidjson::SizeType i = 0; i < value.MemberCount(); ++i)
    resolve_duplicates((value.MemberBegin() + i)->value, allocator);
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p < end) {
    // Eight ASCII bytes at a time: nearly all of a real document.
    while (end - p >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, sizeof word);
      if ((word & 0x8080808080808080ull) != 0) break;
      p += 8;
    }
    if (p == end) break;
    const std::size_t length = sequence_length(p, end);
    if (length == 0) return false;
    p += length;
  }
  return true;
}

Result<rapidjson::Document> parse_json(std::string_view text) {
  rapidjson::Document document;
  Result<void> outcome;
  // Populate() collects what a generator feeds it; the generator is the guarded reader.
  auto feed = [&](rapidjson::Document& handler) {
    outcome = read_json(text, handler);
    return outcome.has_value();
  };
  document.Populate(feed);
  if (!outcome) return outcome.error();
  resolve_duplicates(document, document.GetAllocator());
  return document;
}

const rapidjson::Value* find_member(const rapidjson::Value& object, std::string_view name) {
  if (!object.IsObject()) return nullptr;
  for (rapidjson::SizeType i = 0; i < object.MemberCount(); ++i) {
    const auto& member = *(object.MemberBegin() + i);
    if (std::string_view(member.name.GetString(), member.name.GetStringLength()) == name) return &member.value;
  }
  return nullptr;
}

std::string_view string_member(const rapidjson::Value& object, std::string_view name) {
  const rapidjson::Value* value = find_member(object, name);
  if (value == nullptr || !value->IsString()) return {};
  return {value->GetString(), value->GetStringLength()};
}

std::string to_json(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string quote_json(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace modhost
