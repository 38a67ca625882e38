// The tables of the journal, version by version. docs/journal-format.md explains them.
#pragma once

#include <array>

#include "store/migrate.hpp"

namespace modhost::journal {

// Ids are text as the platform sent them, times are unix milliseconds. event rows stay small: bodies live beside them,
// so that a change of state never rewrites one. Uniqueness of (app, id) is kept by KnownIds over event_key.
inline constexpr const char* kSchema1 = R"sql(
CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  app TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  reference TEXT NOT NULL,
  module TEXT NOT NULL,
  user_id TEXT NOT NULL,
  company_id TEXT NOT NULL,
  chat_id TEXT NOT NULL,
  assistant_id TEXT NOT NULL,
  assistant_message_id TEXT NOT NULL,
  user_message_id TEXT NOT NULL,
  created_at_s INTEGER,
  key_id TEXT NOT NULL,
  traceparent TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  body_sha256 BLOB NOT NULL,
  body_bytes INTEGER NOT NULL,
  state INTEGER NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  generation INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  prior_run INTEGER NOT NULL DEFAULT 0,
  crash_count INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX event_live ON event (module, state) WHERE state < 3;
CREATE TABLE event_key (hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (hash, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE body (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE attempt (
  seq INTEGER NOT NULL,
  run INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  n INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (seq, run)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY, blob BLOB NOT NULL) STRICT;
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  ending TEXT NOT NULL,
  tries INTEGER NOT NULL,
  not_before INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_event ON outbox (seq);
CREATE TABLE ledger (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  accepted INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  live_bytes INTEGER NOT NULL,
  keyed_upto INTEGER NOT NULL
) STRICT;
INSERT INTO ledger VALUES (1, 0, 0, 0, 0);
)sql";

// Key-value state of modules: what they keep, and how much that is.
inline constexpr const char* kSchema2 = R"sql(
CREATE TABLE kv (
  id INTEGER PRIMARY KEY,
  module TEXT NOT NULL,
  key BLOB NOT NULL,
  version INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  value BLOB NOT NULL,
  UNIQUE (module, key)
) STRICT;
CREATE INDEX kv_expiry ON kv (expires_at) WHERE expires_at > 0;
CREATE TABLE kv_usage (module TEXT PRIMARY KEY, keys INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE kv_version (id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL) STRICT;
INSERT INTO kv_version VALUES (1, 0);
)sql";

// Endings of what a running event has opened: prepared, and due with its end. A call that is still on its way holds the
// number of its row, so none is used twice.
inline constexpr const char* kSchema3 = R"sql(
CREATE TABLE outbox_3 (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  ending TEXT NOT NULL,
  tries INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  is_prepared INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO outbox_3 SELECT id, seq, ending, tries, not_before, 0 FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_3 RENAME TO outbox;
CREATE INDEX outbox_event ON outbox (seq);
)sql";

// What an attempt has done that the next one, or the event's end, has to know.
inline constexpr const char* kSchema4 = R"sql(
ALTER TABLE event ADD COLUMN turn_completed INTEGER NOT NULL DEFAULT 0;
)sql";

// What operators do: a replayed event is fresh again, a paused module stays so over a restart, and who did what is
// kept. The index finds the few that ended badly among the many that completed.
inline constexpr const char* kSchema5 = R"sql(
ALTER TABLE event ADD COLUMN fresh_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX event_failed ON event (state) WHERE state > 3;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  detail TEXT NOT NULL,
  count INTEGER NOT NULL
) STRICT;
CREATE TABLE paused_module (
  module TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

inline constexpr std::array<store::Migration, 5> kMigrations = {
    {{1, kSchema1}, {2, kSchema2}, {3, kSchema3}, {4, kSchema4}, {5, kSchema5}}};

}  // namespace modhost::journal
