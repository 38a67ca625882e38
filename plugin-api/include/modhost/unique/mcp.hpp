// Tools of MCP servers that the platform is connected to: /mcp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

// A piece of what a tool answered.
struct McpContent : Resource {
  std::string type;                    // text, image, audio, resource_link, resource
  std::string text, data, mime_type;   // data: base64
  std::string uri, name, description;  // of a link
  Json resource;
  static McpContent read(Resource from) {
    using C = McpContent;
    return detail::make<C>(std::move(from), "type", &C::type, "text", &C::text, "data", &C::data, "mimeType",
                           &C::mime_type, "uri", &C::uri, "name", &C::name, "description", &C::description, "resource",
                           &C::resource);
  }
};

struct Mcp : Resource {
  std::vector<McpContent> content;
  bool is_error = false;  // the tool failed, and content says why
  std::string mcp_server_id, name;

  // POST /mcp/call-tool. `arguments` is a JSON object; the message is the event's assistant message when empty.
  static Call<Mcp> call_tool(const Event& event, std::string_view name, RawJson arguments,
                             std::string_view message_id = {}, std::string_view chat_id = {}) {
    const RawJson given{detail::otherwise(arguments.text, "{}")};
    return event.api()
        .post("/mcp/call-tool",
              detail::body("name", name, "messageId", detail::otherwise(message_id, event.assistant_message_id()),
                           "chatId", detail::otherwise(chat_id, event.chat_id()), "arguments", given))
        .then(detail::read_one<Mcp>);
  }

  static Mcp read(Resource from) {
    return detail::make<Mcp>(std::move(from), "content", &Mcp::content, "isError", &Mcp::is_error, "mcpServerId",
                             &Mcp::mcp_server_id, "name", &Mcp::name);
  }
};

}  // namespace modhost::unique
