/* modhost/plugin.h - the C ABI between modhost and a plugin, major version 1.
 *
 * A plugin is a shared library. It links nothing of the host's: the host reads one exported data symbol,
 * modhost_entry_v1, and hands the plugin a modhost_host through which every service is found by its id. What the
 * contract says holds unchanged when plugin and host live in different processes.
 *
 * How to read this file
 *   thread tags   [control]  one call at a time per instance, never beside another [control] call of it
 *                 [worker]   on the instance's own threads, at most `threads` of them at once
 *                 [any]      from every thread, the plugin's own included
 *   lifetimes     "borrowed until X": readable until X, never freed by the borrower
 *   [optional]    the function pointer may be null; every other one must be set
 *   text          modhost_str: UTF-8 with a length, no terminator, ptr may be null when len is 0
 *   exceptions    no C++ exception, longjmp or panic leaves a function declared here
 *   platform      Linux, LP64, little endian (x86-64, aarch64)
 *
 * C99 to C17 and C++11 to C++20. docs/plugin-authors-guide.md is the tour; this file is the law.
 */
#ifndef MODHOST_PLUGIN_H
#define MODHOST_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define MODHOST_ABI_MAJOR 1u
#define MODHOST_ABI_MINOR 0u

/* MODHOST_TARGET_MINOR    newest minor whose fields this file may use; the default, 0, loads everywhere.
 * MODHOST_MIN_HOST_MINOR  oldest host the plugin runs on; the default is the target. Lower it and guard each newer
 * field with MODHOST_HAS to run on older hosts too. */
#ifndef MODHOST_TARGET_MINOR
#define MODHOST_TARGET_MINOR 0u
#endif
#ifndef MODHOST_MIN_HOST_MINOR
#define MODHOST_MIN_HOST_MINOR MODHOST_TARGET_MINOR
#endif

#if defined(__cplusplus) && __cplusplus >= 201703L
#define MODHOST_NOEXCEPT noexcept /* part of the pointer's type: a function that may throw does not fit */
#else
#define MODHOST_NOEXCEPT
#endif
#define MODHOST_EXPORT __attribute__((visibility("default")))

/* True when the struct that p points to is new enough to hold field. */
#define MODHOST_HAS(p, field) ((p)->struct_size >= (uint32_t)((const char*)(&(p)->field + 1) - (const char*)(p)))

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------- values (frozen) */

typedef struct modhost_str {
  const char* ptr;
  size_t len;
} modhost_str;

typedef struct modhost_bytes {
  const void* ptr;
  size_t len;
} modhost_bytes;

typedef struct modhost_kv {
  modhost_str key;
  modhost_str value;
} modhost_kv;

/* Memory that knows how to free itself. Its holder calls release(blob) exactly once, from any thread; release may be
 * null when there is nothing to free. */
typedef struct modhost_blob {
  const void* ptr;
  size_t len;
  void* owner;
  void (*release)(struct modhost_blob* blob) MODHOST_NOEXCEPT; /* [any] */
} modhost_blob;

/* Handles are numbers, never addresses, and 0 is never one. A stale, foreign or invented handle is answered with
 * MODHOST_E_GONE or MODHOST_E_INVALID and harms nothing. */
typedef uint64_t modhost_event_id;
typedef uint64_t modhost_call_id;
typedef uint64_t modhost_timer_id;
typedef uint64_t modhost_metric_id;

/* Points to a table of functions, e.g. to a modhost_log_service; which one, its id says. */
typedef const void* modhost_service;

/* Negative is failure. An unknown negative value counts as MODHOST_E_INTERNAL, an unknown positive one as
 * MODHOST_OK. */
typedef int32_t modhost_status;
enum {
  MODHOST_OK = 0,
  MODHOST_PENDING = 1,        /* on_event only: modhost_event_service.complete follows */
  MODHOST_E_INTERNAL = -1,    /* anything else that failed */
  MODHOST_E_INVALID = -2,     /* bad argument, bad handle, wrong type */
  MODHOST_E_UNSUPPORTED = -3, /* known by name, not offered by this host */
  MODHOST_E_CONFIG = -4,      /* the module's configuration can not work */
  MODHOST_E_RETRY = -5,       /* transient: run the event again later */
  MODHOST_E_CANCELLED = -6,   /* given up because the host asked for it */
  MODHOST_E_TIMEOUT = -7,
  MODHOST_E_GONE = -8,   /* it existed and has ended */
  MODHOST_E_CLOSED = -9, /* the instance is stopping or destroyed */
  MODHOST_E_FULL = -10,  /* a limit; may pass */
  MODHOST_E_NOT_FOUND = -11,
  MODHOST_E_CONFLICT = -12, /* a compare-and-set lost */
  MODHOST_E_DENIED = -13,   /* not granted to this module by `grants:` */
  MODHOST_E_NETWORK = -14,  /* no answer from the peer */
  MODHOST_E_SNOOZE = -15    /* not now: run the event again later, no attempt used */
};

/* The caller's; the callee writes at most sizeof message bytes, no terminator needed, and sets message_len. */
typedef struct modhost_error {
  uint32_t struct_size;
  uint32_t message_len;
  char message[504];
} modhost_error;

/* ------------------------------------------------------------------------------------------------------- the host */

/* One per instance, readable until the process ends: a late call on a destroyed instance answers MODHOST_E_CLOSED. */
typedef struct modhost_host {
  uint32_t struct_size;
  uint32_t abi_minor;      /* the host's */
  void* host_data;         /* the host's; leave it alone */
  modhost_str name;        /* "modhost"; borrowed until process exit, as the next two */
  modhost_str version;     /* e.g. "0.1.0" */
  modhost_str module_name; /* the name in modules.yaml */

  /* The service table with this id, e.g. MODHOST_SERVICE_LOG: immutable, without null slots, valid until process exit.
   * Null for an id this host does not know. A service that `grants:` denies is there and answers MODHOST_E_DENIED.
   * [any] */
  modhost_service (*get_service)(const struct modhost_host* host, const char* service_id) MODHOST_NOEXCEPT;
} modhost_host;

/* ----------------------------------------------------------------------------------------------------- the plugin */

typedef struct modhost_instance modhost_instance; /* the plugin's own, opaque to the host */

/* Bits of modhost_event.flags; ignore those you do not know. */
enum {
  MODHOST_EVENT_PRIOR_RUN = 1u << 0, /* an earlier attempt may have reached the outside world */
  MODHOST_EVENT_REPLAY = 1u << 1     /* an operator runs an ended event again */
};

/* One attempt at one event. All memory reached from here is borrowed until the plugin has finished the event: until
 * on_event returns anything but MODHOST_PENDING, or complete() is called. That holds even after the host gave up. */
typedef struct modhost_event {
  uint32_t struct_size;
  uint32_t flags;
  modhost_str name;            /* "unique.chat.external-module.chosen" */
  modhost_str module_name;     /* the module it was routed to */
  modhost_str event_id;        /* "evt_..." as the platform sent it */
  modhost_str idempotency_key; /* equal in all attempts at this event, different after a replay */
  modhost_str app_id;          /* "app_..." whose secret signed it */
  modhost_str company_id;
  modhost_str user_id;
  modhost_str chat_id; /* may be empty, as the next three */
  modhost_str assistant_id;
  modhost_str assistant_message_id; /* the empty message the platform made for the answer */
  modhost_str user_message_id;
  modhost_str body;         /* the signed JSON document, byte for byte */
  modhost_str traceparent;  /* W3C trace context, may be empty */
  modhost_bytes checkpoint; /* what an earlier attempt left, may be empty */
  int64_t received_unix_ms; /* when the host accepted it */
  int64_t deadline_mono_ns; /* end of this attempt, CLOCK_MONOTONIC; 0 = none */
  uint32_t attempt;         /* 1 for the first */
  uint32_t max_attempts;
} modhost_event;

/* What an instance is made with. Borrowed until create returns. */
typedef struct modhost_settings {
  uint32_t struct_size;
  uint32_t threads;   /* most threads that run this instance's code at once */
  uint32_t in_flight; /* most unfinished events */
  uint32_t reserved0;
  modhost_str config; /* `config:` of modules.yaml as a JSON object */
} modhost_settings;

/* Why an event is cancelled; expect new reasons. */
enum {
  MODHOST_CANCEL_USER = 1,       /* the user pressed stop */
  MODHOST_CANCEL_SUPERSEDED = 2, /* a newer event of the chat took its place */
  MODHOST_CANCEL_DEADLINE = 3,
  MODHOST_CANCEL_STOPPING = 4,
  MODHOST_CANCEL_OPERATOR = 5
};

/* The plugin's description and functions; constant from load on. Calls come in this order:
 * create, start, on_event (any number, up to in_flight unfinished), stop, destroy. */
typedef struct modhost_plugin {
  uint32_t struct_size;
  uint32_t threads_max;      /* ceiling for `threads:`; 0 = none, 1 = not thread-safe */
  const char* id;            /* reverse domain of [a-z0-9.-], e.g. "com.acme.summary" */
  const char* version;       /* semantic version of the plugin */
  const char* summary;       /* one line; may be null */
  const char* config_schema; /* JSON schema (draft 4) for `config:`; may be null */

  /* Makes an instance; there may be several at once. host may be kept. On failure writes error and leaves *out null;
   * destroy is not called. Returns MODHOST_OK, MODHOST_E_CONFIG or another failure. [control] */
  modhost_status (*create)(const modhost_host* host, const modhost_settings* settings, modhost_instance** out,
                           modhost_error* error) MODHOST_NOEXCEPT;

  /* After MODHOST_OK events follow. The plugin's own threads start here. [control] [optional] */
  modhost_status (*start)(modhost_instance* self, modhost_error* error) MODHOST_NOEXCEPT;

  /* Handles one event. Returns MODHOST_OK: done. MODHOST_PENDING: complete() is called exactly once, perhaps already.
   * MODHOST_E_RETRY, MODHOST_E_SNOOZE: run it again later. Another failure: the event ends dead and the host tells the
   * user. [worker] */
  modhost_status (*on_event)(modhost_instance* self, modhost_event_id id, const modhost_event* event) MODHOST_NOEXCEPT;

  /* The result is no longer wanted: return at once, finish the event soon. Never begins after complete() returned.
   * Polling modhost_event_service.cancelled does as well. [any] [optional] */
  void (*on_cancel)(modhost_instance* self, modhost_event_id id, int32_t reason) MODHOST_NOEXCEPT;

  /* No on_event follows. Finish or give up what is pending before the deadline. [control] [optional] */
  void (*stop)(modhost_instance* self, int64_t deadline_mono_ns) MODHOST_NOEXCEPT;

  /* Frees the instance. Threads the plugin started for it are joined when this returns. No call of the host runs or
   * follows. [control] */
  void (*destroy)(modhost_instance* self) MODHOST_NOEXCEPT;

  /* The plugin's own services for the host, by id; null for unknown ones. [any] [optional] */
  modhost_service (*get_service)(modhost_instance* self, const char* service_id) MODHOST_NOEXCEPT;
} modhost_plugin;

/* The exported symbol modhost_entry_v1. A later major stands beside it as modhost_entry_v2. */
typedef struct modhost_entry {
  uint32_t struct_size;
  uint32_t abi_major;      /* MODHOST_ABI_MAJOR */
  uint32_t abi_minor;      /* MODHOST_ABI_MINOR when it was built; for diagnosis */
  uint32_t min_host_minor; /* older hosts refuse it */
  const modhost_plugin* plugin;
} modhost_entry;

/* ------------------------------------------------------------------------------------------------- service: log */

#define MODHOST_SERVICE_LOG "modhost.log/1"

enum {
  MODHOST_LOG_TRACE = 0,
  MODHOST_LOG_DEBUG = 1,
  MODHOST_LOG_INFO = 2,
  MODHOST_LOG_WARN = 3,
  MODHOST_LOG_ERROR = 4
};

typedef struct modhost_log_service {
  uint32_t struct_size;
  uint32_t reserved0;
  /* 1 when a line of this level would be written. [any] */
  uint32_t (*enabled)(const modhost_host* host, int32_t level) MODHOST_NOEXCEPT;
  /* Writes one line with the module's name and, when event is not 0, the event's ids. Borrowed until return. Values of
   * `secrets:` are blotted out; text over 8 KiB is cut. Never log what users wrote. [any] */
  void (*write)(const modhost_host* host, modhost_event_id event, int32_t level, modhost_str message,
                const modhost_kv* fields, size_t field_count) MODHOST_NOEXCEPT;
} modhost_log_service;

/* ----------------------------------------------------------------------------------------------- service: event */

#define MODHOST_SERVICE_EVENT "modhost.event/1"

typedef struct modhost_outcome {
  uint32_t struct_size;
  modhost_status status;  /* as on_event returns it, without MODHOST_PENDING */
  int64_t retry_after_ms; /* with MODHOST_E_RETRY and MODHOST_E_SNOOZE; 0 = as configured */
  modhost_str detail;     /* for operators; never shown to the user */
} modhost_outcome;

typedef struct modhost_event_service {
  uint32_t struct_size;
  uint32_t reserved0;
  /* Finishes an event, once; also allowed while on_event still runs, which then returns MODHOST_PENDING. Ends the loan
   * of the event's memory. MODHOST_OK; MODHOST_E_GONE when the host had given up or the event was finished before;
   * MODHOST_E_INVALID for a bad handle or outcome. [any] */
  modhost_status (*complete)(const modhost_host* host, modhost_event_id event,
                             const modhost_outcome* outcome) MODHOST_NOEXCEPT;
  /* The cancel reason (MODHOST_CANCEL_*), 0 while the result is wanted. [any] */
  int32_t (*cancelled)(const modhost_host* host, modhost_event_id event) MODHOST_NOEXCEPT;
  /* Asks for more time; the host grants up to the event's own deadline. *deadline_mono_ns is what holds now.
   * MODHOST_OK, MODHOST_E_FULL when nothing more is granted, MODHOST_E_GONE. [any] */
  modhost_status (*extend)(const modhost_host* host, modhost_event_id event, int64_t more_ms,
                           int64_t* deadline_mono_ns) MODHOST_NOEXCEPT;
  /* After MODHOST_OK the host does not complete the chat's turn: the module, or a later event, will. MODHOST_OK or
   * MODHOST_E_GONE. [any] */
  modhost_status (*leave_turn_open)(const modhost_host* host, modhost_event_id event) MODHOST_NOEXCEPT;
} modhost_event_service;

/* ---------------------------------------------------------------------------------------------- service: config */

#define MODHOST_SERVICE_CONFIG "modhost.config/1"

typedef struct modhost_config_service {
  uint32_t struct_size;
  uint32_t reserved0;
  /* path is a JSON pointer (RFC 6901) into `config:`. MODHOST_OK, MODHOST_E_NOT_FOUND, or MODHOST_E_INVALID for another
   * type or a bad pointer. json gives any value as JSON text. Blobs are the caller's to release. [any] */
  modhost_status (*get_string)(const modhost_host* host, modhost_str path, modhost_blob* out) MODHOST_NOEXCEPT;
  modhost_status (*get_int)(const modhost_host* host, modhost_str path, int64_t* out) MODHOST_NOEXCEPT;
  modhost_status (*get_double)(const modhost_host* host, modhost_str path, double* out) MODHOST_NOEXCEPT;
  modhost_status (*get_bool)(const modhost_host* host, modhost_str path, uint32_t* out) MODHOST_NOEXCEPT;
  modhost_status (*get_json)(const modhost_host* host, modhost_str path, modhost_blob* out) MODHOST_NOEXCEPT;
  /* A value of `secrets:`; wiped when released. MODHOST_OK or MODHOST_E_NOT_FOUND. [any] */
  modhost_status (*get_secret)(const modhost_host* host, modhost_str name, modhost_blob* out) MODHOST_NOEXCEPT;
} modhost_config_service;

/* ------------------------------------------------------------------------------------------------ service: http */

#define MODHOST_SERVICE_HTTP "modhost.http/1"

/* Bits of modhost_http_request.flags; others are answered MODHOST_E_INVALID. */
enum {
  MODHOST_HTTP_PLATFORM = 1u << 0,      /* target is a path below the platform's API base; the host adds base URL,
                                           credentials and the event's user and company, which a plugin never sees */
  MODHOST_HTTP_SAFE_TO_REPEAT = 1u << 1 /* a POST that may be sent again after its bytes went out */
};

typedef struct modhost_http_request {
  uint32_t struct_size;
  uint32_t flags;
  modhost_str method;        /* "GET", "POST", "PUT", "PATCH", "DELETE" */
  modhost_str target;        /* PLATFORM: "/messages?chatId=..."; otherwise an absolute URL `grants:` allows */
  const modhost_kv* headers; /* header_count further ones; those the host owns are MODHOST_E_INVALID */
  size_t header_count;
  modhost_bytes body;
  int64_t timeout_ms;          /* 0 = until the attempt's deadline, which always bounds it */
  uint64_t max_response_bytes; /* 0 = the host's limit, which always bounds it */
  modhost_event_id event;      /* the event this call serves; it is cancelled with it */
} modhost_http_request;

typedef struct modhost_http_sink {
  uint32_t struct_size;
  uint32_t reserved0;
  void* user; /* the plugin's, passed back */
  /* In this order, one at a time per call: head once, data any number of times, done exactly once and last, for every
   * start() that returned MODHOST_OK, after cancel() too. Arguments are borrowed until return, names of headers are in
   * lower case. A failure returned from head or data aborts the call. [worker] head and data are [optional] */
  modhost_status (*head)(void* user, modhost_call_id call, int32_t http_status, const modhost_kv* headers,
                         size_t header_count) MODHOST_NOEXCEPT;
  modhost_status (*data)(void* user, modhost_call_id call, modhost_bytes chunk) MODHOST_NOEXCEPT;
  /* result: MODHOST_OK when a whole answer came, whatever its http_status; MODHOST_E_NETWORK, _TIMEOUT, _CANCELLED,
   * _FULL (answer too large), _CLOSED. detail is for operators. */
  void (*done)(void* user, modhost_call_id call, modhost_status result, modhost_str detail) MODHOST_NOEXCEPT;
} modhost_http_sink;

typedef struct modhost_http_response {
  uint32_t struct_size;
  int32_t status;
  modhost_blob headers; /* "name: value\n" lines, names in lower case */
  modhost_blob body;
} modhost_http_response;

typedef struct modhost_http_service {
  uint32_t struct_size;
  uint32_t reserved0;
  /* request and sink are copied before return. On failure no callback is made: MODHOST_E_INVALID (target, header,
   * flag), MODHOST_E_DENIED, MODHOST_E_GONE (the event has ended), MODHOST_E_CLOSED, MODHOST_E_FULL. [any] */
  modhost_status (*start)(const modhost_host* host, const modhost_http_request* request, const modhost_http_sink* sink,
                          modhost_call_id* call) MODHOST_NOEXCEPT;
  /* No data callback while paused. MODHOST_OK or MODHOST_E_GONE. [any] */
  modhost_status (*pause)(const modhost_host* host, modhost_call_id call, uint32_t paused) MODHOST_NOEXCEPT;
  /* done follows with MODHOST_E_CANCELLED unless it ran already. MODHOST_OK or MODHOST_E_GONE. [any] */
  modhost_status (*cancel)(const modhost_host* host, modhost_call_id call) MODHOST_NOEXCEPT;
  /* The blocking form; keeps its thread. response is set on MODHOST_OK and its blobs are the caller's to release.
   * Fails as start() and done do. Not from a sink callback (MODHOST_E_INVALID). [worker] */
  modhost_status (*perform)(const modhost_host* host, const modhost_http_request* request,
                            modhost_http_response* response, modhost_error* error) MODHOST_NOEXCEPT;
} modhost_http_service;

/* ------------------------------------------------------------------------------------------------ service: task */

#define MODHOST_SERVICE_TASK "modhost.task/1"

/* why: MODHOST_OK, or MODHOST_E_CLOSED when the instance stops first. [worker] */
typedef void (*modhost_task_fn)(void* user, modhost_status why) MODHOST_NOEXCEPT;

/* Work and timers on the instance's own threads. Better than threads of the plugin: the host knows when the code has
 * returned and counts it against `threads`. */
typedef struct modhost_task_service {
  uint32_t struct_size;
  uint32_t reserved0;
  /* fn is called exactly once, soon, for every MODHOST_OK. MODHOST_E_INVALID, _CLOSED, _FULL. [any] */
  modhost_status (*submit)(const modhost_host* host, modhost_task_fn fn, void* user) MODHOST_NOEXCEPT;
  /* As submit, after delay_ms (CLOCK_MONOTONIC), unless cancelled before. timer may be null. [any] */
  modhost_status (*after)(const modhost_host* host, int64_t delay_ms, modhost_task_fn fn, void* user,
                          modhost_timer_id* timer) MODHOST_NOEXCEPT;
  /* MODHOST_OK: fn is not called. MODHOST_E_GONE: it was or will be. [any] */
  modhost_status (*cancel)(const modhost_host* host, modhost_timer_id timer) MODHOST_NOEXCEPT;
} modhost_task_service;

/* --------------------------------------------------------------------------------------------- service: metrics */

#define MODHOST_SERVICE_METRICS "modhost.metrics/1"

enum {
  MODHOST_COUNTER = 0,  /* update adds, never a negative value */
  MODHOST_GAUGE = 1,    /* update sets */
  MODHOST_HISTOGRAM = 2 /* update observes, in seconds: 50 us to 10 s are told apart */
};

/* Shown on /metrics as modhost_plugin_<name>{module="..."}. Never put an id of a user, chat or event into a label. */
typedef struct modhost_metrics_service {
  uint32_t struct_size;
  uint32_t reserved0;
  /* The same name, kind and labels give the same id. Names match [a-z][a-z0-9_]{0,63}. Values of labels come with each
   * update, in this order. MODHOST_E_INVALID, MODHOST_E_CONFLICT (the name is another metric's), MODHOST_E_FULL.
   * Strings are borrowed until return. [any] */
  modhost_status (*define)(const modhost_host* host, int32_t kind, modhost_str name, modhost_str help,
                           const modhost_str* label_names, size_t label_count,
                           modhost_metric_id* metric) MODHOST_NOEXCEPT;
  /* Series beyond 100 of one metric are counted as one whose labels are "other". [any] */
  modhost_status (*update)(const modhost_host* host, modhost_metric_id metric, double value,
                           const modhost_str* label_values, size_t label_count) MODHOST_NOEXCEPT;
} modhost_metrics_service;

/* -------------------------------------------------------------------------------------------------- service: kv */

#define MODHOST_SERVICE_KV "modhost.kv/1"

#define MODHOST_KV_ANY UINT64_MAX     /* expected_version: whatever is there */
#define MODHOST_KV_ABSENT UINT64_C(0) /* expected_version: nothing is there */

/* Small durable state of the module, the same for all its instances and after a restart. Not a database: keys of 1 to
 * 512 bytes, values of at most 64 KiB, 10,000 keys and 16 MiB a module. Every function waits for the disk; put and del
 * return when the change is durable. */
typedef struct modhost_kv_service {
  uint32_t struct_size;
  uint32_t reserved0;
  /* MODHOST_OK: value is the caller's to release; version may be null. MODHOST_E_NOT_FOUND. [any] */
  modhost_status (*get)(const modhost_host* host, modhost_bytes key, modhost_blob* value,
                        uint64_t* version) MODHOST_NOEXCEPT;
  /* ttl_ms 0: for good. version, which may be null, is that of the new value; no version comes twice.
   * MODHOST_E_CONFLICT when another version than expected is there, MODHOST_E_FULL, MODHOST_E_INVALID. [any] */
  modhost_status (*put)(const modhost_host* host, modhost_bytes key, modhost_bytes value, int64_t ttl_ms,
                        uint64_t expected_version, uint64_t* version) MODHOST_NOEXCEPT;
  /* MODHOST_E_CONFLICT, MODHOST_E_NOT_FOUND. [any] */
  modhost_status (*del)(const modhost_host* host, modhost_bytes key, uint64_t expected_version) MODHOST_NOEXCEPT;
  /* Calls each, in the order of the keys, before it returns; a failure from each ends it and is returned. key is
   * borrowed until each returns. [any] */
  modhost_status (*list)(const modhost_host* host, modhost_bytes prefix,
                         modhost_status (*each)(void* user, modhost_bytes key, uint64_t version) MODHOST_NOEXCEPT,
                         void* user) MODHOST_NOEXCEPT;
} modhost_kv_service;

/* ------------------------------------------------------------------------------------------ service: checkpoint */

#define MODHOST_SERVICE_CHECKPOINT "modhost.checkpoint/1"

typedef struct modhost_checkpoint_service {
  uint32_t struct_size;
  uint32_t reserved0;
  /* What the next attempt at this event finds in modhost_event.checkpoint, in place of what was there: a mark to go on
   * from, at most 64 KiB. Waits for the disk; durable when it returns MODHOST_OK. MODHOST_E_GONE, _INVALID. [any] */
  modhost_status (*save)(const modhost_host* host, modhost_event_id event, modhost_bytes blob) MODHOST_NOEXCEPT;
} modhost_checkpoint_service;

/* ------------------------------------------------------------------------------------------- declaring a plugin */

/* The ELF note by which the host knows a plugin before it runs any of its code. */
typedef struct modhost_note {
  uint32_t name_size; /* 8 */
  uint32_t desc_size; /* 16 */
  uint32_t type;      /* 1 */
  char name[8];       /* "modhost" */
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t min_host_minor;
  uint32_t reserved0;
} modhost_note;

extern MODHOST_EXPORT const modhost_entry modhost_entry_v1;

/* Once per plugin, at file scope, with the address of its modhost_plugin. */
#define MODHOST_DECLARE_PLUGIN(plugin_table)                                                                     \
  __attribute__((section(".note.modhost"), used, aligned(4))) static const modhost_note modhost_note_v1 = {      \
      8u, 16u, 1u, "modhost", MODHOST_ABI_MAJOR, MODHOST_ABI_MINOR, MODHOST_MIN_HOST_MINOR, 0u};                 \
  const modhost_entry modhost_entry_v1 = {(uint32_t)sizeof(modhost_entry), MODHOST_ABI_MAJOR, MODHOST_ABI_MINOR, \
                                          MODHOST_MIN_HOST_MINOR, plugin_table}

#ifdef __cplusplus
}
#endif
#endif /* MODHOST_PLUGIN_H */
