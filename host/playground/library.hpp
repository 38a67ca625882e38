// The stand-in's contents: the knowledge base, and what modules upload. Searchable by words. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "playground/text_match.hpp"

namespace modhost::playground {

struct LibraryLimits {
  std::size_t contents = 20'000;  // then the oldest upload is forgotten
  std::size_t bytes = 256 * 1024 * 1024;
  std::size_t content_bytes = 32 * 1024 * 1024;
  std::size_t folder_files = 2'000;          // of --knowledge
  std::size_t file_bytes = 4 * 1024 * 1024;  // of --knowledge
};

struct Chunk {
  std::string id, text;
  int order = 0, page = 0;  // both from 1; Markdown has no pages: its sections count as such
  Words words;              // of title and text
};

struct Content {
  std::string id, key, title, mime_type, description;
  std::string owner_id;                                    // a folder's or a chat's id
  std::string owner_type = "SCOPE";                        // or CHAT
  std::string metadata = "{}", ingestion_config = "null";  // JSON
  std::string ingestion_state = "FINISHED";
  std::string preview_name;  // of a PDF preview; empty: none
  std::string token;         // what the write and read addresses of its bytes carry
  UnixMillis created_at{}, updated_at{};
  std::optional<std::int64_t> byte_size;
  bool is_shipped = false;                           // from the knowledge folder: read again at the next start
  std::shared_ptr<const std::string> bytes;          // null: never uploaded
  std::shared_ptr<const std::vector<Chunk>> chunks;  // null: not searchable
};

struct Hit {
  Content content;
  Chunk chunk;
  double score = 0;  // 0 < score <= 1: the weight of the query's words that were found
};

struct SearchQuery {
  std::string text, chat_id;
  bool is_chat_only = false;
  std::vector<std::string> owner_ids, content_ids;        // empty: any
  std::function<bool(const Content& content)> is_wanted;  // empty: all
};

// What upsert says about a content; absent members stay.
struct ContentFields {
  std::string key, owner_id, owner_type;
  std::optional<std::string> title, mime_type, description, metadata, ingestion_config, preview_name;
  std::optional<std::int64_t> byte_size;
};

inline constexpr std::string_view kKnowledgeFolder = "scope_knowledge00000000000base";

// Sections of a Markdown or plain text; paragraphs without their line breaks. `title` gets the first heading.
std::vector<Chunk> chunks_of(std::string_view text, std::string_view id_seed, std::string& title);
bool is_text(std::string_view mime_type, std::string_view key);

class Library {
 public:
  explicit Library(const Clock& clock, LibraryLimits limits = {}) : clock_(clock), limits_(limits) {}

  void load_shipped();                                                   // the handbook of an invented company
  Result<std::size_t> load_folder(const std::filesystem::path& folder);  // .md and .txt below it; how many

  [[nodiscard]] const LibraryLimits& limits() const { return limits_; }
  [[nodiscard]] std::vector<Hit> search(const SearchQuery& query) const;  // best first

  // Same key and owner: the same content. [any thread]
  Content upsert(const ContentFields& fields);
  [[nodiscard]] Result<Content> find(std::string_view id) const;
  Result<Content> change(const std::string& id, const std::function<void(Content&)>& edit);
  Result<void> remove(const std::string& id);
  // Oldest first.
  [[nodiscard]] std::vector<Content> list(const std::function<bool(const Content&)>& is_wanted) const;

  // The bytes behind a write or read address. Text is cut into chunks unless the config skips ingestion.
  Result<void> write(const std::string& token, std::string bytes);
  [[nodiscard]] Result<Content> by_token(const std::string& token) const;

  // Uploads only: JSON text, at most `bytes_max` of it; the newest that fit.
  [[nodiscard]] std::string snapshot(std::size_t bytes_max) const;
  void restore(std::string_view json);

 private:
  void add_file(const std::string& key, std::string text);
  Content& put(Content content) REQUIRES(mutex_);
  void ingest(Content& content) const;
  void make_room() REQUIRES(mutex_);

  const Clock& clock_;
  const LibraryLimits limits_;
  mutable Mutex mutex_;
  std::uint64_t last_number_ GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, Content> contents_ GUARDED_BY(mutex_);  // oldest first
  std::unordered_map<std::string, std::uint64_t> number_of_id_ GUARDED_BY(mutex_), number_of_token_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace modhost::playground
