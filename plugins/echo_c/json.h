/* The little JSON this plugin needs: find one string in a document, build one object. Nothing recurses, nothing is read
 * beyond its length, and a document that is not what it should be gives "not found". */
#ifndef ECHO_C_JSON_H
#define ECHO_C_JSON_H

#include <stddef.h>

/* A stretch of JSON text; of a string, what stands between its quotes, escapes and all. */
typedef struct json_slice {
  const char* ptr;
  size_t len;
} json_slice;

/* The string at a path of member names, e.g. {"payload", "userMessage", "text"}. 1 when it is there. Of duplicate
 * members the last counts, as for the platform. */
int json_find_string(json_slice document, const char* const* path, size_t path_length, json_slice* out);

/* Text that grows; after a failed allocation it stays empty and `failed` is 1. */
typedef struct json_buffer {
  char* ptr;
  size_t len;
  size_t capacity;
  int failed;
} json_buffer;

void json_add(json_buffer* buffer, const char* text, size_t length);         /* as it is */
void json_add_escaped(json_buffer* buffer, const char* text, size_t length); /* UTF-8 as the inside of a string */
void json_free(json_buffer* buffer);

#endif
