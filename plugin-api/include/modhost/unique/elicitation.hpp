// Questions to the user while a module works: /elicitation.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/confirmation.hpp"
#include "modhost/unique/detail/poll.hpp"

namespace modhost::unique {

struct Elicitation : Resource {
  std::string id, source, mode, status, message, tool_name, url, external_elicitation_id, mcp_server_id;
  std::string company_id, user_id, chat_id, message_id;
  std::string responded_at, created_at, updated_at, expires_at;  // ISO 8601; empty when not set
  Json schema, response_content, metadata;

  // Views, for one call. The chat shows the form only when metadata holds the "messageLogId" of a step.
  struct New {
    std::string_view message, tool_name;
    RawJson schema = {};             // FORM: a JSON schema of type object
    std::string_view mode = "FORM";  // URL
    std::optional<std::string_view> url = {}, external_elicitation_id = {};
    std::optional<std::int64_t> expires_in_seconds = {};
    RawJson metadata = {};
    std::string_view chat_id = {}, message_id = {};  // the event's chat and assistant message when empty
  };
  static_assert(std::is_trivially_destructible_v<New>);

  [[nodiscard]] bool is_over() const { return status != "PENDING"; }
  [[nodiscard]] bool is_accepted() const { return status == "ACCEPTED"; }

  // POST /elicitation
  static Call<Elicitation> create(const Event& event, const New& with) {
    const JsonText body =
        detail::body("mode", with.mode, "message", with.message, "toolName", with.tool_name, "schema", with.schema,
                     "url", with.url, "externalElicitationId", with.external_elicitation_id, "chatId",
                     detail::unless_empty(detail::otherwise(with.chat_id, event.chat_id())), "messageId",
                     detail::unless_empty(detail::otherwise(with.message_id, event.assistant_message_id())),
                     "expiresInSeconds", with.expires_in_seconds, "metadata", with.metadata);
    return event.api().post("/elicitation", body).then(detail::read_one<Elicitation>);
  }
  // GET /elicitation/pending
  static Call<std::vector<Elicitation>> pending(const Event& event) {
    return event.api().get("/elicitation/pending").then(detail::read_list<Elicitation>("elicitations"));
  }
  // GET /elicitation/{id}
  static Call<Elicitation> retrieve(const Event& event, std::string_view id) {
    return event.api().get("/elicitation/" + url_encode(id)).then(detail::read_one<Elicitation>);
  }
  // The same once the user has answered, or the time for it is over; asks `every` so often.
  static Async<Result<Elicitation>> await_answer(const Event& event, std::string_view id,
                                                 std::chrono::milliseconds every = std::chrono::seconds(1)) {
    return detail::poll<Elicitation>(event, "/elicitation/" + url_encode(id), every,
                                     [](const Elicitation& asked) { return asked.is_over(); });
  }
  // POST /elicitation/respond. The action is ACCEPT, DECLINE or CANCEL.
  static Call<Confirmation> respond(const Event& event, std::string_view id, std::string_view action,
                                    RawJson content = {}) {
    return event.api()
        .post("/elicitation/respond", detail::body("elicitationId", id, "action", action, "content", content))
        .then(detail::read_one<Confirmation>);
  }

  static Elicitation read(Resource from) {
    using E = Elicitation;
    return detail::make<E>(std::move(from), "id", &E::id, "source", &E::source, "mode", &E::mode, "status", &E::status,
                           "message", &E::message, "toolName", &E::tool_name, "url", &E::url, "externalElicitationId",
                           &E::external_elicitation_id, "mcpServerId", &E::mcp_server_id, "companyId", &E::company_id,
                           "userId", &E::user_id, "chatId", &E::chat_id, "messageId", &E::message_id, "respondedAt",
                           &E::responded_at, "createdAt", &E::created_at, "updatedAt", &E::updated_at, "expiresAt",
                           &E::expires_at, "schema", &E::schema, "responseContent", &E::response_content, "metadata",
                           &E::metadata);
  }
};

}  // namespace modhost::unique
