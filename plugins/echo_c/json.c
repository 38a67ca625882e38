#include "json.h"

#include <stdlib.h>
#include <string.h>

typedef struct cursor {
  const char* at;
  const char* end;
} cursor;

static void skip_space(cursor* c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) ++c->at;
}

static int take(cursor* c, char expected) {
  skip_space(c);
  if (c->at == c->end || *c->at != expected) return 0;
  ++c->at;
  return 1;
}

/* Past a string; out is its inside. */
static int take_string(cursor* c, json_slice* out) {
  const char* begin;
  if (!take(c, '"')) return 0;
  for (begin = c->at; c->at < c->end && *c->at != '"'; ++c->at) {
    if (*c->at == '\\' && ++c->at == c->end) return 0;
  }
  if (c->at == c->end) return 0;
  out->ptr = begin;
  out->len = (size_t)(c->at - begin);
  ++c->at;
  return 1;
}

/* Past any value, however deep: brackets are counted, strings are stepped over. */
static int skip_value(cursor* c) {
  size_t depth = 0;
  json_slice ignored;
  do {
    skip_space(c);
    if (c->at == c->end || *c->at == '\0') return 0;
    switch (*c->at) {
      case '"':
        if (!take_string(c, &ignored)) return 0;
        break;
      case '{':
      case '[':
        ++depth, ++c->at;
        break;
      case '}':
      case ']':
        if (depth == 0) return 0;
        --depth, ++c->at;
        break;
      case ',':
      case ':':
        if (depth == 0) return 0;
        ++c->at;
        break;
      default: /* a number or a word */
        while (c->at < c->end && !strchr(",:]}\" \t\r\n", *c->at)) ++c->at;
    }
  } while (depth > 0);
  return 1;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The next character of a member name, -1 when it is none that our ASCII names have. */
static int next_char(cursor* c) {
  int code = 0, i;
  if (*c->at != '\\') return *c->at++;
  if (++c->at == c->end || *c->at != 'u' || c->end - c->at < 5) return -1;
  for (i = 1; i <= 4; ++i) {
    const int digit = hex_value(c->at[i]);
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  c->at += 5;
  return code;
}

static int is_name(json_slice key, const char* name) {
  cursor c;
  c.at = key.ptr;
  c.end = key.ptr + key.len;
  for (; *name != '\0'; ++name)
    if (c.at == c.end || next_char(&c) != *name) return 0;
  return c.at == c.end;
}

/* Puts value at the last member of this name of the object at c. */
static int find_member(cursor c, const char* name, cursor* value) {
  int found = 0;
  json_slice key;
  if (!take(&c, '{') || take(&c, '}')) return 0;
  do {
    cursor start;
    if (!take_string(&c, &key) || !take(&c, ':')) return 0;
    start = c;
    if (!skip_value(&c)) return 0;
    if (is_name(key, name)) {
      *value = start;
      found = 1;
    }
  } while (take(&c, ','));
  return found;
}

int json_find_string(json_slice document, const char* const* path, size_t path_length, json_slice* out) {
  cursor c;
  size_t i;
  c.at = document.ptr;
  c.end = document.ptr + document.len;
  for (i = 0; i < path_length; ++i)
    if (!find_member(c, path[i], &c)) return 0;
  return take_string(&c, out);
}

void json_add(json_buffer* buffer, const char* text, size_t length) {
  if (buffer->failed || length == 0) return;
  if (buffer->capacity - buffer->len < length) {
    const size_t capacity = (buffer->len + length) * 2;
    char* const grown = (char*)realloc(buffer->ptr, capacity);
    if (!grown) {
      json_free(buffer);
      buffer->failed = 1;
      return;
    }
    buffer->ptr = grown;
    buffer->capacity = capacity;
  }
  memcpy(buffer->ptr + buffer->len, text, length);
  buffer->len += length;
}

void json_add_escaped(json_buffer* buffer, const char* text, size_t length) {
  static const char hex[] = "0123456789abcdef";
  size_t i;
  for (i = 0; i < length; ++i) {
    const unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') {
      json_add(buffer, "\\", 1);
      json_add(buffer, &text[i], 1);
    } else if (c < 0x20) {
      char escape[6] = {'\\', 'u', '0', '0', '0', '0'};
      escape[4] = hex[c >> 4];
      escape[5] = hex[c & 15];
      json_add(buffer, escape, sizeof escape);
    } else {
      json_add(buffer, &text[i], 1);
    }
  }
}

void json_free(json_buffer* buffer) {
  free(buffer->ptr);
  buffer->ptr = NULL;
  buffer->len = buffer->capacity = 0;
}
