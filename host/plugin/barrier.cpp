#include "plugin/barrier.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>
#include <utility>

namespace modhost::plugin {

namespace {

// "threw std::runtime_error: no such model"
std::string describe_exception(const char* what) {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "threw something that is no C++ exception";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                         std::free);
  std::string text = std::string("threw ") + (status == 0 ? name.get() : type->name());
  if (what != nullptr) text.append(": ").append(what);
  return text;
}

// The pointer as one that may throw: through a noexcept pointer the compiler leaves the handlers below away.
template <class R, class... Args>
R (*throwing(R (*function)(Args...) noexcept))
(Args...) {
  return function;
}

template <class Call>
Reply guarded(Call call) {
  Reply reply;
  try {
    reply.status = call();
    return reply;
  } catch (const std::exception& exception) {
    reply.message = describe_exception(exception.what());
  } catch (...) {
    reply.message = describe_exception(nullptr);
  }
  reply.status = MODHOST_E_INTERNAL;
  reply.has_thrown = true;
  return reply;
}

// A failure with what the plugin wrote about it; its length is not believed.
Reply explained(Reply reply, const modhost_error& error) {
  if (reply.status < 0 && !reply.has_thrown)
    reply.message.assign(error.message, std::min<std::size_t>(error.message_len, sizeof error.message));
  return reply;
}

}  // namespace

Reply Barrier::create(const modhost_host* host, const modhost_settings& settings, modhost_instance*& out) const {
  modhost_error error{};
  error.struct_size = sizeof error;
  Reply reply = guarded([&] { return throwing(table_.create)(host, &settings, &out, &error); });
  if (reply.status >= 0 && out == nullptr)
    return {MODHOST_E_INTERNAL, "create() answered MODHOST_OK and made no instance", false};
  return explained(std::move(reply), error);
}

Reply Barrier::start(modhost_instance* self) const {
  if (table_.start == nullptr) return {};
  modhost_error error{};
  error.struct_size = sizeof error;
  return explained(guarded([&] { return throwing(table_.start)(self, &error); }), error);
}

Reply Barrier::on_event(modhost_instance* self, modhost_event_id id, const modhost_event& event) const {
  return guarded([&] { return throwing(table_.on_event)(self, id, &event); });
}

Reply Barrier::on_cancel(modhost_instance* self, modhost_event_id id, std::int32_t reason) const {
  if (table_.on_cancel == nullptr) return {};
  return guarded([&] {
    throwing(table_.on_cancel)(self, id, reason);
    return MODHOST_OK;
  });
}

Reply Barrier::stop(modhost_instance* self, std::int64_t deadline_mono_ns) const {
  if (table_.stop == nullptr) return {};
  return guarded([&] {
    throwing(table_.stop)(self, deadline_mono_ns);
    return MODHOST_OK;
  });
}

Reply Barrier::destroy(modhost_instance* self) const {
  return guarded([&] {
    throwing(table_.destroy)(self);
    return MODHOST_OK;
  });
}

}  // namespace modhost::plugin
