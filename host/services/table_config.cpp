#include "event/json_reader.hpp"
#include "services/abi_values.hpp"
#include "services/host_record.hpp"
#include "services/tables.hpp"

namespace modhost::services {

namespace {

// What all getters share: the way in, the path, and writing `out` on success only.
template <class Out, class Get>
modhost_status get(const modhost_host* host, modhost_str path, Out* out, Get read) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto text = view(path);
  if (!text || out == nullptr || !is_utf8(*text)) return MODHOST_E_INVALID;
  return read(services->config, *text, *out);
}

modhost_status get_string(const modhost_host* host, modhost_str path, modhost_blob* out) noexcept {
  return get(host, path, out, [](const ConfigService& config, std::string_view pointer, modhost_blob& blob) {
    std::string value;
    const modhost_status status = config.string(pointer, value);
    if (status == MODHOST_OK) blob = make_blob(std::move(value));
    return status;
  });
}

modhost_status get_int(const modhost_host* host, modhost_str path, std::int64_t* out) noexcept {
  return get(host, path, out, [](const ConfigService& config, std::string_view pointer, std::int64_t& value) {
    return config.integer(pointer, value);
  });
}

modhost_status get_double(const modhost_host* host, modhost_str path, double* out) noexcept {
  return get(host, path, out, [](const ConfigService& config, std::string_view pointer, double& value) {
    return config.number(pointer, value);
  });
}

modhost_status get_bool(const modhost_host* host, modhost_str path, std::uint32_t* out) noexcept {
  return get(host, path, out, [](const ConfigService& config, std::string_view pointer, std::uint32_t& value) {
    bool is_set = false;
    const modhost_status status = config.boolean(pointer, is_set);
    if (status == MODHOST_OK) value = is_set ? 1 : 0;
    return status;
  });
}

modhost_status get_json(const modhost_host* host, modhost_str path, modhost_blob* out) noexcept {
  return get(host, path, out, [](const ConfigService& config, std::string_view pointer, modhost_blob& blob) {
    std::string value;
    const modhost_status status = config.json(pointer, value);
    if (status == MODHOST_OK) blob = make_blob(std::move(value));
    return status;
  });
}

modhost_status get_secret(const modhost_host* host, modhost_str name, modhost_blob* out) noexcept {
  return get(host, name, out, [](const ConfigService& config, std::string_view key, modhost_blob& blob) {
    Secret value;
    const modhost_status status = config.secret(key, value);
    if (status == MODHOST_OK) blob = make_blob(std::move(value));
    return status;
  });
}

}  // namespace

constinit const modhost_config_service kConfigTable = {
    sizeof(modhost_config_service), 0, get_string, get_int, get_double, get_bool, get_json, get_secret};

}  // namespace modhost::services
