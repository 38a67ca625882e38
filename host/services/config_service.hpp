// modhost.config/1, message-shaped: the module's `config:` by JSON pointer, and its secrets.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "config/config.hpp"
#include "modhost/plugin.h"

namespace modhost::services {

// Immutable, so thread-safe. Every getter answers OK, NOT_FOUND, or INVALID for another type or a bad pointer.
class ConfigService {
 public:
  explicit ConfigService(const config::ModuleConfig& module);

  modhost_status string(std::string_view pointer, std::string& out) const;
  modhost_status integer(std::string_view pointer, std::int64_t& out) const;
  modhost_status number(std::string_view pointer, double& out) const;
  modhost_status boolean(std::string_view pointer, bool& out) const;
  modhost_status json(std::string_view pointer, std::string& out) const;
  modhost_status secret(std::string_view name, Secret& out) const;

 private:
  modhost_status find(std::string_view pointer, const rapidjson::Value*& value) const;

  rapidjson::Document document_;
  const std::map<std::string, Secret>& secrets_;
};

}  // namespace modhost::services
