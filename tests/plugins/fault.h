/* What the small plugins of this folder share: an instance that knows its host, and short ways to its services. Each
 * plugin writes its own modhost_plugin table, so that a fault is visible in its file. */
#ifndef MODHOST_TESTS_FAULT_H
#define MODHOST_TESTS_FAULT_H

#include <modhost/plugin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What no fault changes; a table names the rest. */
#define FAULT_HEAD \
  .struct_size = sizeof(modhost_plugin), .id = "org.modhost.test", .version = "1.0.0", .summary = "a test plugin"

struct modhost_instance {
  const modhost_host* host;
  const modhost_log_service* log;
  const modhost_event_service* events;
  const modhost_config_service* config;
  pthread_t thread;
  int has_thread;
  unsigned seen;             /* events begun */
  modhost_event_id previous; /* the last event's handle */
  modhost_event_id current;
  const modhost_event* event; /* lent while current is unfinished */
};

static inline modhost_str fault_text(const char* text) {
  modhost_str value = {text, strlen(text)};
  return value;
}

static inline modhost_status fault_fail(modhost_error* error, modhost_status status, const char* message) {
  error->message_len = (uint32_t)strlen(message);
  memcpy(error->message, message, error->message_len);
  return status;
}

static inline modhost_status fault_create(const modhost_host* host, const modhost_settings* settings,
                                          modhost_instance** out, modhost_error* error) {
  modhost_instance* self = (modhost_instance*)calloc(1, sizeof *self);
  (void)settings;
  if (!self) return fault_fail(error, MODHOST_E_INTERNAL, "out of memory");
  self->host = host;
  self->log = (const modhost_log_service*)host->get_service(host, MODHOST_SERVICE_LOG);
  self->events = (const modhost_event_service*)host->get_service(host, MODHOST_SERVICE_EVENT);
  self->config = (const modhost_config_service*)host->get_service(host, MODHOST_SERVICE_CONFIG);
  *out = self;
  return MODHOST_OK;
}

static inline void fault_destroy(modhost_instance* self) {
  if (self->has_thread) pthread_join(self->thread, NULL);
  free(self);
}

/* One line "<what>: <number>", by which a test sees what the plugin saw. */
static inline void fault_log(modhost_instance* self, const char* what, long long number) {
  char line[128];
  int length = snprintf(line, sizeof line, "%s: %lld", what, number);
  modhost_str text = {line, (size_t)length};
  if (self->log) self->log->write(self->host, self->current, MODHOST_LOG_INFO, text, NULL, 0);
}

/* An integer of the module's `config:`. */
static inline int64_t fault_config(modhost_instance* self, const char* pointer, int64_t otherwise) {
  int64_t value = otherwise;
  if (!self->config || self->config->get_int(self->host, fault_text(pointer), &value) != MODHOST_OK) return otherwise;
  return value;
}

static inline modhost_status fault_complete(modhost_instance* self, modhost_event_id id, modhost_status status,
                                            int64_t retry_after_ms, const char* detail) {
  modhost_outcome outcome = {sizeof outcome, status, retry_after_ms, {detail, strlen(detail)}};
  return self->events->complete(self->host, id, &outcome);
}

static inline void fault_sleep_ms(int64_t ms) {
  struct timespec rest = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
  while (nanosleep(&rest, &rest) != 0) {
  }
}

/* Runs `run(self)` beside the host for the event just begun; one at a time. */
static inline modhost_status fault_thread(modhost_instance* self, modhost_event_id id, const modhost_event* event,
                                          void* (*run)(void*)) {
  if (self->has_thread) pthread_join(self->thread, NULL);
  self->current = id;
  self->event = event;
  self->has_thread = pthread_create(&self->thread, NULL, run, self) == 0;
  return self->has_thread ? MODHOST_PENDING : MODHOST_E_INTERNAL;
}

#endif
