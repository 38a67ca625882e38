// The stand-in's tiny knowledge base and its deterministic model: enough for a module to search, cite and answer
// without any account. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace modhost::playground {

struct Chunk {
  std::string content_id, chunk_id, key, title, text;
  int order = 0, page = 0;
};

struct Hit {
  const Chunk* chunk = nullptr;  // of the built-in base: lives as long as the program
  double score = 0;              // 0 < score <= 1: the share of the query's words found
};

const std::vector<Chunk>& knowledge_base();

// Best first; chunks without any word of the query are left out.
std::vector<Hit> search_knowledge(std::string_view query);

struct Prompt {
  std::string role, content;
};

// The sentences of the context (every message but the last of the user) that share most words with the last user
// message, or a sentence that says that nothing was found. Equal prompts give equal answers.
std::string complete(const std::vector<Prompt>& messages);

}  // namespace modhost::playground
