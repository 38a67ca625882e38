#include "services/config_service.hpp"

#include <rapidjson/pointer.h>

#include <utility>

#include "event/json_reader.hpp"

namespace modhost::services {

ConfigService::ConfigService(const config::ModuleConfig& module) : secrets_(module.secrets) {
  if (auto parsed = parse_json(module.config_json); parsed && parsed->IsObject())
    document_ = std::move(*parsed);
  else
    document_.SetObject();
}

modhost_status ConfigService::find(std::string_view pointer, const rapidjson::Value*& value) const {
  // RapidJSON also takes the URI form "#/a"; RFC 6901 as text is all we promise.
  if (!pointer.empty() && pointer.front() != '/') return MODHOST_E_INVALID;
  const rapidjson::Pointer path(pointer.data() == nullptr ? "" : pointer.data(), pointer.size());
  if (!path.IsValid()) return MODHOST_E_INVALID;
  value = path.Get(document_);
  return value != nullptr ? MODHOST_OK : MODHOST_E_NOT_FOUND;
}

modhost_status ConfigService::string(std::string_view pointer, std::string& out) const {
  const rapidjson::Value* value = nullptr;
  if (const auto status = find(pointer, value); status != MODHOST_OK) return status;
  if (!value->IsString()) return MODHOST_E_INVALID;
  out.assign(value->GetString(), value->GetStringLength());
  return MODHOST_OK;
}

modhost_status ConfigService::integer(std::string_view pointer, std::int64_t& out) const {
  const rapidjson::Value* value = nullptr;
  if (const auto status = find(pointer, value); status != MODHOST_OK) return status;
  if (!value->IsInt64()) return MODHOST_E_INVALID;
  out = value->GetInt64();
  return MODHOST_OK;
}

modhost_status ConfigService::number(std::string_view pointer, double& out) const {
  const rapidjson::Value* value = nullptr;
  if (const auto status = find(pointer, value); status != MODHOST_OK) return status;
  if (!value->IsNumber()) return MODHOST_E_INVALID;
  out = value->GetDouble();
  return MODHOST_OK;
}

modhost_status ConfigService::boolean(std::string_view pointer, bool& out) const {
  const rapidjson::Value* value = nullptr;
  if (const auto status = find(pointer, value); status != MODHOST_OK) return status;
  if (!value->IsBool()) return MODHOST_E_INVALID;
  out = value->GetBool();
  return MODHOST_OK;
}

modhost_status ConfigService::json(std::string_view pointer, std::string& out) const {
  const rapidjson::Value* value = nullptr;
  if (const auto status = find(pointer, value); status != MODHOST_OK) return status;
  out = to_json(*value);
  return MODHOST_OK;
}

modhost_status ConfigService::secret(std::string_view name, Secret& out) const {
  const auto found = secrets_.find(std::string(name));
  if (found == secrets_.end()) return MODHOST_E_NOT_FOUND;
  out = found->second;
  return MODHOST_OK;
}

}  // namespace modhost::services
