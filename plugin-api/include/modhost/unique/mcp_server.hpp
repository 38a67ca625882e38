// The MCP servers that a space offers its module, as a ChatEvent names them.
#pragma once

#include <string>
#include <vector>

#include "modhost/sdk/json.hpp"

namespace modhost::unique {

// What is missing is empty; `json` is all of it.
struct McpServer {
  struct Tool {
    Json json;
    std::string name, description, title, icon, system_prompt, user_prompt, tool_format_information;
    Json input_schema, output_schema, annotations;
    Json reference_mapping;  // how its answer becomes references
    bool is_connected = false;
  };
  Json json;
  std::string id, name, system_prompt, user_prompt;
  std::vector<Tool> tools;

  static std::vector<McpServer> list(Json servers) {
    std::vector<McpServer> all;
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const Json json = servers[i];
      McpServer& server = all.emplace_back();
      server.json = json;
      server.id = json["id"].text();
      server.name = json["name"].text();
      server.system_prompt = json["systemPrompt"].text();
      server.user_prompt = json["userPrompt"].text();
      for (std::size_t k = 0; k < json["tools"].size(); ++k) server.tools.push_back(tool(json["tools"][k]));
    }
    return all;
  }

 private:
  static Tool tool(Json json) {
    Tool tool;
    tool.json = json;
    tool.name = json["name"].text();
    tool.description = json["description"].text();
    tool.title = json["title"].text();
    tool.icon = json["icon"].text();
    tool.system_prompt = json["systemPrompt"].text();
    tool.user_prompt = json["userPrompt"].text();
    tool.tool_format_information = json["toolFormatInformation"].text();
    tool.input_schema = json["inputSchema"];
    tool.output_schema = json["outputSchema"];
    tool.annotations = json["annotations"];
    tool.reference_mapping = json["referenceMapping"];
    tool.is_connected = json["isConnected"].is_true();
    return tool;
  }
};

}  // namespace modhost::unique
