#include "services/abi_values.hpp"

#include "services/text.hpp"

namespace modhost::services {

namespace {

template <class Owner>
void release(modhost_blob* blob) noexcept {
  if (blob == nullptr) return;
  const std::unique_ptr<Owner> owner(static_cast<Owner*>(blob->owner));
  *blob = modhost_blob{};
}

template <class Owner>
modhost_blob blob_of(std::unique_ptr<Owner> owner, std::string_view bytes) {
  return {bytes.data(), bytes.size(), owner.release(), release<Owner>};
}

}  // namespace

modhost_blob make_blob(std::string value) {
  auto owner = std::make_unique<std::string>(std::move(value));
  const std::string_view bytes = *owner;
  return blob_of(std::move(owner), bytes);
}

modhost_blob make_blob(Secret value) {
  auto owner = std::make_unique<Secret>(std::move(value));
  const std::string_view bytes = owner->reveal();
  return blob_of(std::move(owner), bytes);
}

void write_error(modhost_error* error, std::string_view message) {
  if (error == nullptr || error->struct_size < sizeof(modhost_error)) return;
  const std::string text = clean_text(message, sizeof error->message);
  std::memcpy(error->message, text.data(), text.size());
  error->message_len = static_cast<std::uint32_t>(text.size());
}

}  // namespace modhost::services
