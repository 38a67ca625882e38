/* An echo in plain C against plugin.h alone, in the asynchronous style: on_event starts a call and returns, the answer
 * of the platform finishes the event. */
#include <modhost/plugin.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

struct modhost_instance {
  const modhost_host* host;
  const modhost_event_service* events;
  const modhost_http_service* http;
};

/* One call on its way. */
typedef struct reply {
  modhost_instance* self;
  modhost_event_id event;
  int32_t http_status;
} reply;

static modhost_str text_of(const char* text) {
  modhost_str value;
  value.ptr = text;
  value.len = strlen(text);
  return value;
}

static modhost_status fail(modhost_error* error, modhost_status status, const char* message) {
  error->message_len = (uint32_t)strlen(message);
  memcpy(error->message, message, error->message_len);
  return status;
}

static modhost_status create(const modhost_host* host, const modhost_settings* settings, modhost_instance** out,
                             modhost_error* error) {
  modhost_instance* const self = (modhost_instance*)calloc(1, sizeof *self);
  (void)settings;
  if (!self) return fail(error, MODHOST_E_INTERNAL, "out of memory");
  self->host = host;
  self->events = (const modhost_event_service*)host->get_service(host, MODHOST_SERVICE_EVENT);
  self->http = (const modhost_http_service*)host->get_service(host, MODHOST_SERVICE_HTTP);
  if (!self->events || !self->http) {
    free(self);
    return fail(error, MODHOST_E_UNSUPPORTED, "this host lacks modhost.event/1 or modhost.http/1");
  }
  *out = self;
  return MODHOST_OK;
}

static void destroy(modhost_instance* self) { free(self); }

/* What an answer of the platform means for the event. */
static modhost_status judge(modhost_status result, int32_t http_status) {
  if (result == MODHOST_E_NETWORK || result == MODHOST_E_TIMEOUT) return MODHOST_E_RETRY;
  if (result != MODHOST_OK) return result;
  if (http_status >= 200 && http_status < 300) return MODHOST_OK;
  return http_status == 429 || http_status >= 500 ? MODHOST_E_RETRY : MODHOST_E_INTERNAL;
}

static modhost_status on_head(void* user, modhost_call_id call, int32_t http_status, const modhost_kv* headers,
                              size_t header_count) {
  (void)call, (void)headers, (void)header_count;
  ((reply*)user)->http_status = http_status;
  return MODHOST_OK;
}

static void on_done(void* user, modhost_call_id call, modhost_status result, modhost_str detail) {
  reply* const waiting = (reply*)user;
  modhost_outcome outcome;
  (void)call;
  memset(&outcome, 0, sizeof outcome);
  outcome.struct_size = sizeof outcome;
  outcome.status = judge(result, waiting->http_status);
  if (outcome.status != MODHOST_OK) outcome.detail = detail.len ? detail : text_of("the platform refused the message");
  waiting->self->events->complete(waiting->self->host, waiting->event, &outcome);
  free(waiting);
}

/* {"chatId":"...","assistantId":"...","role":"ASSISTANT","text":"echo_c: ..."}. The user's text goes from one JSON
 * string into another: its escapes are right already. */
static void build_message(json_buffer* body, const modhost_event* event, json_slice said) {
#define ADD(literal) json_add(body, literal, sizeof literal - 1)
  ADD("{\"chatId\":\"");
  json_add_escaped(body, event->chat_id.ptr, event->chat_id.len);
  ADD("\",\"assistantId\":\"");
  json_add_escaped(body, event->assistant_id.ptr, event->assistant_id.len);
  ADD("\",\"role\":\"ASSISTANT\",\"text\":\"echo_c: ");
  json_add(body, said.ptr, said.len);
  ADD("\"}");
#undef ADD
}

static modhost_status post(modhost_instance* self, modhost_event_id id, const json_buffer* body) {
  modhost_http_request request;
  modhost_http_sink sink;
  modhost_call_id call;
  modhost_status status;
  reply* const waiting = (reply*)calloc(1, sizeof *waiting);
  if (!waiting) return MODHOST_E_INTERNAL;
  waiting->self = self;
  waiting->event = id;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.flags = MODHOST_HTTP_PLATFORM;
  request.method = text_of("POST");
  request.target = text_of("/messages");
  request.body.ptr = body->ptr;
  request.body.len = body->len;
  request.event = id;
  memset(&sink, 0, sizeof sink);
  sink.struct_size = sizeof sink;
  sink.user = waiting;
  sink.head = on_head;
  sink.done = on_done;
  status = self->http->start(self->host, &request, &sink, &call);
  if (status == MODHOST_OK) return MODHOST_PENDING; /* on_done owns `waiting` now, and may have run already */
  free(waiting);
  return status == MODHOST_E_FULL ? MODHOST_E_RETRY : status;
}

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  static const char* const path[] = {"payload", "userMessage", "text"};
  static const char chosen[] = "unique.chat.external-module.chosen";
  json_slice document, said = {"", 0};
  json_buffer body = {NULL, 0, 0, 0};
  modhost_status status = MODHOST_E_INTERNAL;
  if (event->name.len != sizeof chosen - 1 || memcmp(event->name.ptr, chosen, event->name.len) != 0) return MODHOST_OK;
  document.ptr = event->body.ptr;
  document.len = event->body.len;
  json_find_string(document, path, 3, &said);
  build_message(&body, event, said);
  if (!body.failed) status = post(self, id, &body);
  json_free(&body);
  return status;
}

static const modhost_plugin plugin = {
    sizeof(modhost_plugin),
    0, /* any number of threads */
    "org.modhost.echo-c",
    "1.0.0",
    "Repeats what the user wrote; in C.",
    NULL, /* no configuration */
    create,
    NULL, /* start */
    on_event,
    NULL, /* on_cancel: the call ends with its event, and on_done follows */
    NULL, /* stop */
    destroy,
    NULL /* get_service */
};

MODHOST_DECLARE_PLUGIN(&plugin);
