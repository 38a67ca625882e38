/* Uses handles that are stale or invented, and logs what each call answers. */
#include "../fault.h"

static void try_handle(modhost_instance* self, modhost_event_id id) {
  int64_t deadline = 0;
  const modhost_http_service* http =
      (const modhost_http_service*)self->host->get_service(self->host, MODHOST_SERVICE_HTTP);
  fault_log(self, "complete", fault_complete(self, id, MODHOST_OK, 0, ""));
  fault_log(self, "cancelled", self->events->cancelled(self->host, id));
  fault_log(self, "extend", self->events->extend(self->host, id, 1000, &deadline));
  fault_log(self, "leave_turn_open", self->events->leave_turn_open(self->host, id));
  if (http) {
    modhost_http_response response = {.struct_size = sizeof response};
    modhost_error error = {.struct_size = sizeof error};
    modhost_http_request request = {.struct_size = sizeof request,
                                    .flags = MODHOST_HTTP_PLATFORM,
                                    .method = fault_text("GET"),
                                    .target = fault_text("/messages?chatId=chat_1"),
                                    .event = id};
    fault_log(self, "perform", http->perform(self->host, &request, &response, &error));
    fault_log(self, "cancel", http->cancel(self->host, id));
  }
}
static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  (void)event;
  self->current = id;
  try_handle(self, 0);
  try_handle(self, UINT64_MAX);
  try_handle(self, id ^ (1ull << 40));
  if (self->previous) try_handle(self, self->previous);
  self->previous = id;
  return MODHOST_OK;
}

static const modhost_plugin plugin = {FAULT_HEAD, .threads_max = 1, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
