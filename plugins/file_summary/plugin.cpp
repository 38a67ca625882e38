// Sums up the files of a chat: those the user picked, else those that came with the message, else all of the chat's.
#include <array>
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/chat_stream.hpp>
#include <modhost/unique/content.hpp>
#include <modhost/unique/events.hpp>
#include <modhost/unique/live_answer.hpp>

namespace {

using modhost::Async;
using modhost::Event;
using modhost::Outcome;
using modhost::Result;
using modhost::unique::ChatCompletion;
using modhost::unique::Content;

class FileSummary {
 public:
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  explicit FileSummary(const modhost::Host& host)
      : model_(host.config().text("/model", "AZURE_GPT_4o_2024_0513")),
        files_max_(static_cast<std::size_t>(host.config().integer("/files_max", 5))),
        bytes_max_(static_cast<std::size_t>(host.config().integer("/bytes_max", 100'000))),
        prompt_(host.config().text("/prompt", "Sum up each of these files in at most five sentences.")) {}

  Async<Outcome> on_event(Event event) {
    const auto chat = modhost::unique::ChatEvent::of(event);
    if (!chat) co_return {};
    const auto files = co_await Content::uploaded(event);
    if (!files) co_return files.failure();
    const std::vector<std::string> wanted = ids(*chat);

    modhost::unique::LiveAnswer bubble(event);
    std::string text;
    std::size_t taken = 0;
    for (const Content& file : *files) {
      if (taken == files_max_) break;
      const bool is_wanted = wanted.empty() || std::count(wanted.begin(), wanted.end(), file.id) > 0;
      if (!is_wanted) continue;
      const Result<std::string> words = co_await words_of(event, file);
      if (!words) co_return words.failure();
      if (words->empty()) continue;
      text += "\n\n# " + (file.title.empty() ? file.key : file.title) + "\n" + *words;
      ++taken;
    }
    if (text.empty()) {
      bubble.write("There is no file in this chat that can be read yet. Upload one, or ask again in a moment.");
      co_return co_await bubble.finish();
    }
    const std::string asked = chat->user_text + text;
    const std::array<ChatCompletion::Turn, 2> turns = {{{"system", prompt_}, {"user", asked}}};
    modhost::unique::ChatStream model(event, {.model = model_, .messages = turns});
    while (const auto delta = co_await model.next()) bubble.write(delta->text);
    if (bubble.original_text().empty()) co_return modhost::failed("the model said nothing: " + model.finish_reason());
    co_return co_await bubble.finish();
  }

 private:
  // What was picked, else what came with the message; none means all.
  static std::vector<std::string> ids(const modhost::unique::ChatEvent& chat) {
    std::vector<std::string> all;
    for (const auto& file : chat.selected_uploaded_files.empty() ? chat.uploaded_files : chat.selected_uploaded_files)
      all.push_back(file.id);
    return all;
  }
  // The platform's own pieces of an ingested file, in their order; the bytes of a text file that is not ingested.
  Async<Result<std::string>> words_of(Event event, Content file) const {
    std::sort(file.chunks.begin(), file.chunks.end(),
              [](const auto& one, const auto& other) { return one.order < other.order; });
    std::string words;
    for (const auto& chunk : file.chunks) words += chunk.text + "\n";
    if (file.chunks.empty() && file.mime_type.starts_with("text/")) {
      modhost::HttpRequest request;  // not Content::download(): there may be more than is wanted
      request.target =
          "/content/" + modhost::url_encode(file.id) + "/file?chatId=" + modhost::url_encode(event.chat_id());
      modhost::HttpStream download = event.http().stream(std::move(request));
      const auto head = co_await download.head();
      if (!head) co_return head.failure();
      const std::string answers = "the download of a file answers " + std::to_string(head->status);
      if (head->status != 200) co_return head->status >= 500 ? modhost::retry(answers) : modhost::failed(answers);
      while (const auto piece = co_await download.next()) {
        words += *piece;
        if (words.size() >= bytes_max_) break;  // dropped here, the download ends
      }
    }
    if (words.size() > bytes_max_) words.resize(whole_characters(words, bytes_max_));
    co_return words;
  }
  // Not in the middle of a character of UTF-8.
  static std::size_t whole_characters(std::string_view text, std::size_t bytes) {
    while (bytes > 0 && (text[bytes] & 0xC0) == 0x80) --bytes;
    return bytes;
  }

  const std::string model_;
  const std::size_t files_max_, bytes_max_;
  const std::string prompt_;
};

}  // namespace

MODHOST_PLUGIN(FileSummary, "org.modhost.file-summary", "1.0.0", "Sums up the files of a chat.", R"({
  "type": "object",
  "properties": {
    "model": {"type": "string", "minLength": 1},
    "files_max": {"type": "integer", "minimum": 1},
    "bytes_max": {"type": "integer", "minimum": 1},
    "prompt": {"type": "string"}
  },
  "additionalProperties": false
})");
