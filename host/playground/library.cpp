// Keeps contents, finds them by words, and takes in what is uploaded.
#include "playground/library.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "crypto/digest.hpp"
#include "event/json_reader.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"
#include "playground/knowledge.hpp"

namespace modhost::playground {

namespace {

constexpr double kScoreMin = 0.01;

Error no_content(std::string_view id) { return not_found("Content " + std::string(id) + " not found"); }

// Stable over restarts, so that references of kept messages go on working.
std::string id_of_file(const std::string& key) {
  return "cont_" + crypto::hex(crypto::sha256("knowledge/" + key)).substr(0, 24);
}

std::string bytes_of_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return bytes;
}

bool skips_ingestion(const Content& content) {
  const auto config = parse_json(content.ingestion_config);
  return config && config->IsObject() && string_member(*config, "uniqueIngestionMode") == "SKIP_INGESTION";
}

std::size_t size_of(const Content& content) { return content.bytes ? content.bytes->size() : 0; }

bool holds(const std::vector<std::string>& wanted, const std::string& id) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), id) != wanted.end();
}

}  // namespace

void Library::load_shipped() {
  for (const ShippedFile& file : shipped_knowledge()) add_file(std::string(file.name), std::string(file.text));
}

Result<std::size_t> Library::load_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (auto at = std::filesystem::recursive_directory_iterator(folder, error);
       !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    const auto extension = at->path().extension();
    if ((extension == ".md" || extension == ".txt") && at->is_regular_file(error)) files.push_back(at->path());
    if (files.size() > limits_.folder_files)
      return invalid("knowledge folder " + folder.string() + " has more than " + std::to_string(limits_.folder_files) +
                     " files: choose a smaller one");
  }
  if (error) return invalid("knowledge folder " + folder.string() + " can not be read: " + error.message());
  if (files.empty()) return invalid("knowledge folder " + folder.string() + " has no .md or .txt file");
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    if (std::filesystem::file_size(file, error) > limits_.file_bytes || error)
      return invalid(file.string() + " is larger than " + std::to_string(limits_.file_bytes) + " bytes");
    std::stringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    if (!is_utf8(text.str())) return invalid(file.string() + " is not UTF-8 text");
    add_file(file.lexically_relative(folder).string(), text.str());
  }
  return files.size();
}

void Library::add_file(const std::string& key, std::string text) {
  Content content;
  content.id = id_of_file(key);
  content.key = content.title = key;
  content.mime_type = key.ends_with(".txt") ? "text/plain" : "text/markdown";
  content.owner_id = kKnowledgeFolder;
  content.metadata = JsonObject()
                         .text("key", key)
                         .text("mimeType", content.mime_type)
                         .text("folderIdPath", "uniquepathid://" + std::string(kKnowledgeFolder))
                         .str();
  content.token = random_hex(16);
  content.is_shipped = true;
  content.byte_size = static_cast<std::int64_t>(text.size());
  content.bytes = std::make_shared<const std::string>(std::move(text));
  content.created_at = content.updated_at = clock_.unix_now();
  ingest(content);
  MutexLock lock(mutex_);
  put(std::move(content));
}

void Library::ingest(Content& content) const {
  if (!content.bytes || !is_text(content.mime_type, content.key) || skips_ingestion(content) ||
      !is_utf8(*content.bytes)) {
    content.chunks = nullptr;
    return;
  }
  std::string title = content.title.empty() ? content.key : content.title;
  const bool takes_heading = content.title.empty() || content.title == content.key;
  auto chunks = chunks_of(*content.bytes, content.id, title);
  if (takes_heading) content.title = title;
  content.chunks = std::make_shared<const std::vector<Chunk>>(std::move(chunks));
}

Content& Library::put(Content content) {
  const std::uint64_t number = ++last_number_;
  number_of_id_[content.id] = number;
  number_of_token_[content.token] = number;
  bytes_ += size_of(content);
  Content& kept = contents_[number] = std::move(content);
  return kept;
}

// Knowledge stays; of the uploads the oldest go.
void Library::make_room() {
  for (auto at = contents_.begin();
       at != contents_.end() && (contents_.size() >= limits_.contents || bytes_ > limits_.bytes);) {
    const auto next = std::next(at);
    if (!at->second.is_shipped) {
      bytes_ -= size_of(at->second);
      number_of_id_.erase(at->second.id);
      number_of_token_.erase(at->second.token);
      contents_.erase(at);
    }
    at = next;
  }
}

std::vector<Hit> Library::search(const SearchQuery& query) const {
  const Words wanted = words_of(query.text);
  struct Found {
    const Content* content;
    const Chunk* chunk;
    double score;
  };
  std::vector<Hit> hits;
  if (wanted.empty()) return hits;
  MutexLock lock(mutex_);
  std::vector<Found> found;
  std::vector<const Words*> texts;
  for (const auto& [number, content] : contents_) {
    const bool is_here = content.owner_type == "CHAT" ? content.owner_id == query.chat_id : !query.is_chat_only;
    if (!content.chunks || !is_here || !holds(query.owner_ids, content.owner_id) ||
        !holds(query.content_ids, content.id) || (query.is_wanted && !query.is_wanted(content)))
      continue;
    for (const Chunk& chunk : *content.chunks) {
      found.push_back({&content, &chunk, 0});
      texts.push_back(&chunk.words);
    }
  }
  const std::vector<double> weights = weights_of(wanted, texts);
  for (Found& one : found) one.score = weighted_overlap(wanted, weights, one.chunk->words);
  std::erase_if(found, [](const Found& one) { return one.score < kScoreMin; });
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.score > b.score; });
  for (const Found& one : found) hits.push_back({*one.content, *one.chunk, one.score});
  return hits;
}

Content Library::upsert(const ContentFields& fields) {
  MutexLock lock(mutex_);
  Content* content = nullptr;
  for (auto& [number, one] : contents_)
    if (one.key == fields.key && one.owner_id == fields.owner_id) content = &one;
  if (content == nullptr) {
    make_room();
    Content made;
    made.id = new_id("cont_");
    made.key = fields.key;
    made.title = fields.key;
    made.owner_id = fields.owner_id;
    made.owner_type = fields.owner_type;
    made.token = random_hex(16);
    made.ingestion_state = "QUEUED";
    made.created_at = clock_.unix_now();
    content = &put(std::move(made));
  }
  if (fields.title) content->title = *fields.title;
  if (fields.mime_type) content->mime_type = *fields.mime_type;
  if (fields.description) content->description = *fields.description;
  if (fields.metadata) content->metadata = *fields.metadata;
  if (fields.ingestion_config) content->ingestion_config = *fields.ingestion_config;
  if (fields.preview_name) content->preview_name = *fields.preview_name;
  if (fields.byte_size) content->byte_size = *fields.byte_size;
  if (fields.byte_size && content->bytes) {  // the third step of an upload: the bytes are there, take them in
    ingest(*content);
    content->ingestion_state = "FINISHED";
  }
  content->updated_at = clock_.unix_now();
  return *content;
}

Result<Content> Library::find(std::string_view id) const {
  MutexLock lock(mutex_);
  const auto number = number_of_id_.find(std::string(id));
  if (number == number_of_id_.end()) return no_content(id);
  return contents_.at(number->second);
}

Result<Content> Library::change(const std::string& id, const std::function<void(Content&)>& edit) {
  MutexLock lock(mutex_);
  const auto number = number_of_id_.find(id);
  if (number == number_of_id_.end()) return no_content(id);
  Content& content = contents_.at(number->second);
  edit(content);
  content.updated_at = clock_.unix_now();
  return content;
}

Result<void> Library::remove(const std::string& id) {
  MutexLock lock(mutex_);
  const auto number = number_of_id_.find(id);
  if (number == number_of_id_.end()) return no_content(id);
  const auto content = contents_.find(number->second);
  bytes_ -= size_of(content->second);
  number_of_token_.erase(content->second.token);
  number_of_id_.erase(number);
  contents_.erase(content);
  return {};
}

std::vector<Content> Library::list(const std::function<bool(const Content&)>& is_wanted) const {
  MutexLock lock(mutex_);
  std::vector<Content> all;
  for (const auto& [number, content] : contents_)
    if (is_wanted(content)) all.push_back(content);
  return all;
}

Result<void> Library::write(const std::string& token, std::string bytes) {
  MutexLock lock(mutex_);
  const auto number = number_of_token_.find(token);
  if (number == number_of_token_.end()) return not_found("no upload was opened for this address");
  if (bytes.size() > limits_.content_bytes)
    return invalid("a content may have " + std::to_string(limits_.content_bytes) + " bytes");
  Content& content = contents_.at(number->second);
  bytes_ += bytes.size();
  bytes_ -= size_of(content);
  content.byte_size = static_cast<std::int64_t>(bytes.size());
  content.bytes = std::make_shared<const std::string>(std::move(bytes));
  ingest(content);
  content.ingestion_state = "FINISHED";
  content.updated_at = clock_.unix_now();
  make_room();
  return {};
}

Result<Content> Library::by_token(const std::string& token) const {
  MutexLock lock(mutex_);
  const auto number = number_of_token_.find(token);
  if (number == number_of_token_.end()) return not_found("nothing is kept under this address");
  return contents_.at(number->second);
}

std::string Library::snapshot(std::size_t bytes_max) const {
  const std::vector<Content> uploads = list([](const Content& one) { return !one.is_shipped; });
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (auto one = uploads.rbegin(); one != uploads.rend(); ++one) {
    std::string text = JsonObject()
                           .text("id", one->id)
                           .text("key", one->key)
                           .text("title", one->title)
                           .text("mimeType", one->mime_type)
                           .text("description", one->description)
                           .text("ownerId", one->owner_id)
                           .text("ownerType", one->owner_type)
                           .text("metadata", one->metadata)
                           .text("ingestionConfig", one->ingestion_config)
                           .text("ingestionState", one->ingestion_state)
                           .text("previewName", one->preview_name)
                           .text("token", one->token)
                           .number("createdAtMs", one->created_at.time_since_epoch().count())
                           .number("updatedAtMs", one->updated_at.time_since_epoch().count())
                           .number("byteSize", one->byte_size)
                           .raw("bytes", one->bytes ? quote_json(crypto::hex(*one->bytes)) : "null")
                           .str();
    if (bytes + text.size() > bytes_max) continue;  // what is smaller may still fit
    bytes += text.size();
    texts.push_back(std::move(text));
  }
  std::reverse(texts.begin(), texts.end());
  return json_array(texts, [](const std::string& text) { return text; });
}

void Library::restore(std::string_view json) {
  const auto kept = parse_json(json);
  if (!kept || !kept->IsArray()) return;
  const auto number_of = [](const rapidjson::Value& one, const char* name) -> std::int64_t {
    const rapidjson::Value* value = find_member(one, name);
    return value != nullptr && value->IsInt64() ? value->GetInt64() : 0;
  };
  for (const rapidjson::Value& one : kept->GetArray()) {
    if (!one.IsObject() || string_member(one, "id").empty() || string_member(one, "token").empty()) continue;
    Content content;
    content.id = string_member(one, "id");
    content.key = string_member(one, "key");
    content.title = string_member(one, "title");
    content.mime_type = string_member(one, "mimeType");
    content.description = string_member(one, "description");
    content.owner_id = string_member(one, "ownerId");
    content.owner_type = string_member(one, "ownerType");
    content.metadata = string_member(one, "metadata");
    content.ingestion_config = string_member(one, "ingestionConfig");
    content.ingestion_state = string_member(one, "ingestionState");
    content.preview_name = string_member(one, "previewName");
    content.token = string_member(one, "token");
    content.created_at = UnixMillis(std::chrono::milliseconds(number_of(one, "createdAtMs")));
    content.updated_at = UnixMillis(std::chrono::milliseconds(number_of(one, "updatedAtMs")));
    if (const auto* size = find_member(one, "byteSize"); size != nullptr && size->IsInt64())
      content.byte_size = size->GetInt64();
    if (const auto* bytes = find_member(one, "bytes"); bytes != nullptr && bytes->IsString())
      content.bytes = std::make_shared<const std::string>(bytes_of_hex(string_member(one, "bytes")));
    ingest(content);
    MutexLock lock(mutex_);
    if (!number_of_id_.contains(content.id)) put(std::move(content));
  }
}

}  // namespace modhost::playground
