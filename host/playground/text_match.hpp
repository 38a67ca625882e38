// The one idea of likeness that search and the built-in model share: which words of a question a text contains. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace modhost::playground {

using Words = std::vector<std::string>;  // sorted, each once

// Lower-case words of three bytes and more, without the commonest ones and plural endings; bytes above ASCII count as
// letters.
Words words_of(std::string_view text);

bool contains(const Words& words, const std::string& word);
double overlap(const Words& query, const Words& text);  // the share of the query's words found, 0 to 1

// Rarer words weigh more: log(1 + texts / (1 + texts with the word)) for each word of the query.
std::vector<double> weights_of(const Words& query, const std::vector<const Words*>& texts);
double weighted_overlap(const Words& query, const std::vector<double>& weights, const Words& text);

// Sentences and lines, trimmed, in order; they point into `text`.
std::vector<std::string_view> sentences_of(std::string_view text);

std::string_view trimmed(std::string_view text);

}  // namespace modhost::playground
