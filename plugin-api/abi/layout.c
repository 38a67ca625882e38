/* The layout of ABI 1.0, compiled by each compiler in each language: a field that moves, grows or changes its place
 * does not compile here. Sizes may only grow, at the end, in a later minor. */
#include <modhost/plugin.h>
#include <stddef.h>

#define AT(type, field, offset) typedef char type##_##field##_is_at_##offset[offsetof(type, field) == (offset) ? 1 : -1]
#define SIZE(type, size) typedef char type##_has_##size[sizeof(type) == (size) ? 1 : -1]
#define VALUE(name, value) typedef char name##_is_right[(name) == (value) ? 1 : -1]

SIZE(modhost_str, 16);
SIZE(modhost_bytes, 16);
SIZE(modhost_kv, 32);
SIZE(modhost_blob, 32);
AT(modhost_blob, release, 24);
SIZE(modhost_error, 512);
AT(modhost_error, message, 8);

SIZE(modhost_host, 72);
AT(modhost_host, host_data, 8);
AT(modhost_host, name, 16);
AT(modhost_host, version, 32);
AT(modhost_host, module_name, 48);
AT(modhost_host, get_service, 64);

SIZE(modhost_event, 256);
AT(modhost_event, flags, 4);
AT(modhost_event, name, 8);
AT(modhost_event, module_name, 24);
AT(modhost_event, event_id, 40);
AT(modhost_event, idempotency_key, 56);
AT(modhost_event, app_id, 72);
AT(modhost_event, company_id, 88);
AT(modhost_event, user_id, 104);
AT(modhost_event, chat_id, 120);
AT(modhost_event, assistant_id, 136);
AT(modhost_event, assistant_message_id, 152);
AT(modhost_event, user_message_id, 168);
AT(modhost_event, body, 184);
AT(modhost_event, traceparent, 200);
AT(modhost_event, checkpoint, 216);
AT(modhost_event, received_unix_ms, 232);
AT(modhost_event, deadline_mono_ns, 240);
AT(modhost_event, attempt, 248);
AT(modhost_event, max_attempts, 252);

SIZE(modhost_settings, 32);
AT(modhost_settings, threads, 4);
AT(modhost_settings, in_flight, 8);
AT(modhost_settings, config, 16);

SIZE(modhost_plugin, 96);
AT(modhost_plugin, threads_max, 4);
AT(modhost_plugin, id, 8);
AT(modhost_plugin, version, 16);
AT(modhost_plugin, summary, 24);
AT(modhost_plugin, config_schema, 32);
AT(modhost_plugin, create, 40);
AT(modhost_plugin, start, 48);
AT(modhost_plugin, on_event, 56);
AT(modhost_plugin, on_cancel, 64);
AT(modhost_plugin, stop, 72);
AT(modhost_plugin, destroy, 80);
AT(modhost_plugin, get_service, 88);

SIZE(modhost_entry, 24);
AT(modhost_entry, abi_major, 4);
AT(modhost_entry, abi_minor, 8);
AT(modhost_entry, min_host_minor, 12);
AT(modhost_entry, plugin, 16);
SIZE(modhost_note, 36);
AT(modhost_note, abi_major, 20);

SIZE(modhost_log_service, 24);
AT(modhost_log_service, enabled, 8);
AT(modhost_log_service, write, 16);
SIZE(modhost_outcome, 32);
AT(modhost_outcome, status, 4);
AT(modhost_outcome, retry_after_ms, 8);
AT(modhost_outcome, detail, 16);
SIZE(modhost_event_service, 40);
AT(modhost_event_service, complete, 8);
AT(modhost_event_service, cancelled, 16);
AT(modhost_event_service, extend, 24);
AT(modhost_event_service, leave_turn_open, 32);
SIZE(modhost_config_service, 56);
AT(modhost_config_service, get_string, 8);
AT(modhost_config_service, get_secret, 48);
SIZE(modhost_http_request, 96);
AT(modhost_http_request, method, 8);
AT(modhost_http_request, target, 24);
AT(modhost_http_request, headers, 40);
AT(modhost_http_request, header_count, 48);
AT(modhost_http_request, body, 56);
AT(modhost_http_request, timeout_ms, 72);
AT(modhost_http_request, max_response_bytes, 80);
AT(modhost_http_request, event, 88);
SIZE(modhost_http_sink, 40);
AT(modhost_http_sink, user, 8);
AT(modhost_http_sink, head, 16);
AT(modhost_http_sink, data, 24);
AT(modhost_http_sink, done, 32);
SIZE(modhost_http_response, 72);
AT(modhost_http_response, status, 4);
AT(modhost_http_response, headers, 8);
AT(modhost_http_response, body, 40);
SIZE(modhost_http_service, 40);
AT(modhost_http_service, start, 8);
AT(modhost_http_service, perform, 32);
SIZE(modhost_task_service, 32);
AT(modhost_task_service, submit, 8);
AT(modhost_task_service, cancel, 24);
SIZE(modhost_metrics_service, 24);
AT(modhost_metrics_service, update, 16);
SIZE(modhost_kv_service, 40);
AT(modhost_kv_service, get, 8);
AT(modhost_kv_service, list, 32);
SIZE(modhost_checkpoint_service, 16);
AT(modhost_checkpoint_service, save, 8);

VALUE(MODHOST_PENDING, 1);
VALUE(MODHOST_E_INTERNAL, -1);
VALUE(MODHOST_E_INVALID, -2);
VALUE(MODHOST_E_UNSUPPORTED, -3);
VALUE(MODHOST_E_CONFIG, -4);
VALUE(MODHOST_E_RETRY, -5);
VALUE(MODHOST_E_CANCELLED, -6);
VALUE(MODHOST_E_TIMEOUT, -7);
VALUE(MODHOST_E_GONE, -8);
VALUE(MODHOST_E_CLOSED, -9);
VALUE(MODHOST_E_FULL, -10);
VALUE(MODHOST_E_NOT_FOUND, -11);
VALUE(MODHOST_E_CONFLICT, -12);
VALUE(MODHOST_E_DENIED, -13);
VALUE(MODHOST_E_NETWORK, -14);
VALUE(MODHOST_E_SNOOZE, -15);
VALUE(MODHOST_EVENT_PRIOR_RUN, 1);
VALUE(MODHOST_EVENT_REPLAY, 2);
VALUE(MODHOST_CANCEL_OPERATOR, 5);
VALUE(MODHOST_LOG_ERROR, 4);
VALUE(MODHOST_COUNTER, 0);
VALUE(MODHOST_GAUGE, 1);
VALUE(MODHOST_HISTOGRAM, 2);
VALUE(MODHOST_KV_ANY, UINT64_MAX);
VALUE(MODHOST_KV_ABSENT, 0);
VALUE(MODHOST_HTTP_PLATFORM, 1);
VALUE(MODHOST_HTTP_SAFE_TO_REPEAT, 2);

#ifdef PLANTED /* a wrong offset, by which check.cmake sees that one is noticed */
AT(modhost_event, body, 192);
#endif

/* The smallest plugin, so that the macro is compiled in every language too. */
static modhost_status create(const modhost_host* host, const modhost_settings* settings, modhost_instance** out,
                             modhost_error* error) MODHOST_NOEXCEPT {
  (void)settings, (void)out, (void)error;
  return MODHOST_HAS(host, get_service) ? MODHOST_OK : MODHOST_E_UNSUPPORTED;
}
static modhost_status on_event(modhost_instance* self, modhost_event_id id,
                               const modhost_event* event) MODHOST_NOEXCEPT {
  (void)self, (void)id, (void)event;
  return MODHOST_OK;
}
static void destroy(modhost_instance* self) MODHOST_NOEXCEPT { (void)self; }

static const modhost_plugin plugin = {sizeof(modhost_plugin),
                                      0,
                                      "org.modhost.layout",
                                      "1.0.0",
                                      NULL,
                                      NULL,
                                      create,
                                      NULL,
                                      on_event,
                                      NULL,
                                      NULL,
                                      destroy,
                                      NULL};
MODHOST_DECLARE_PLUGIN(&plugin);
