-- journal.db as schema version 5 left it: what version 4 left, evt_ready is a replay, and a module is paused.
-- Frozen, as version 1 is.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('clean_stop','1');
INSERT INTO meta VALUES('epoch','1');
INSERT INTO meta VALUES('once_modules','');
INSERT INTO meta VALUES('schema_version','5');
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
  not_before INTEGER NOT NULL DEFAULT 0,
  turn_completed INTEGER NOT NULL DEFAULT 0,
  fresh_at INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO event VALUES(1,'app_1','evt_done','unique.chat.external-module.chosen','DemoApp','DemoApp','user_1','company_1','chat_1','assistant_1','msg_1','msg_0',1760000000,'app_1/1','00-trace',1760000000000,1760000000000,X'd31f8aa51de422c55dd4acc3b6b2802c5fb2b4efc62fe05cd2ca33d709331465',17,3,'ok','',0,1,1,0,0,0,0);
INSERT INTO event VALUES(2,'app_1','evt_dead','unique.chat.external-module.chosen','DemoApp','DemoApp','user_1','company_1','chat_1','assistant_1','msg_1','msg_0',1760000000,'app_1/1','00-trace',1760000000005,1760000000005,X'8304cb78332d10460a1b57db5cfbc6aab3c4704797c0cd8380328c08dce3f529',17,6,'permanent','the plugin said no',0,1,1,0,0,0,0);
INSERT INTO event VALUES(3,'app_1','evt_waiting','unique.chat.external-module.chosen','DemoApp','DemoApp','user_1','company_1','chat_1','assistant_1','msg_1','msg_0',1760000000,'app_1/1','00-trace',1760000000005,1760000000010,X'9cca32c961b26dcbadf1fae89a61a86545afd7e91debf8f1f62163eb842852d5',20,2,'retry','',0,1,1,0,1760000010000,1,0);
INSERT INTO event VALUES(4,'app_1','evt_ready','unique.chat.external-module.chosen','DemoApp','DemoApp','user_1','company_1','chat_1','assistant_1','msg_1','msg_0',1760000000,'app_1/1','00-trace',1760000000005,1760000000005,X'd12584ee1060501180e77d3111038d6dbb8f330b26be64e813844ec4fd18237b',18,0,'replayed','',1,0,1,0,0,0,1760000000009);
CREATE TABLE event_key (hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (hash, seq)) STRICT, WITHOUT ROWID;
INSERT INTO event_key VALUES(3584638846186433331,1);
INSERT INTO event_key VALUES(7504752941992177809,2);
CREATE TABLE body (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
INSERT INTO body VALUES(1,X'7b226964223a226576745f646f6e65227d');
INSERT INTO body VALUES(2,X'7b226964223a226576745f64656164227d');
INSERT INTO body VALUES(3,X'7b226964223a226576745f77616974696e67227d');
INSERT INTO body VALUES(4,X'7b226964223a226576745f7265616479227d');
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
INSERT INTO attempt VALUES(1,1,0,1,1,1760000000000,1760000000000,'ok','');
INSERT INTO attempt VALUES(2,1,0,1,1,1760000000005,1760000000005,'permanent','the plugin said no');
INSERT INTO attempt VALUES(3,1,0,1,1,1760000000005,1760000000005,'retry','');
CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY, blob BLOB NOT NULL) STRICT;
INSERT INTO checkpoint VALUES(3,X'706172742032');
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  ending TEXT NOT NULL,
  tries INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  is_prepared INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO outbox VALUES(1,2,'{"text":"sorry"}',0,0,0);
INSERT INTO outbox VALUES(2,3,'{"step":"message_log_1"}',0,0,1);
CREATE TABLE ledger (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  accepted INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  live_bytes INTEGER NOT NULL,
  keyed_upto INTEGER NOT NULL
) STRICT;
INSERT INTO ledger VALUES(1,4,2,38,2);
CREATE TABLE kv (
  id INTEGER PRIMARY KEY,
  module TEXT NOT NULL,
  key BLOB NOT NULL,
  version INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  value BLOB NOT NULL,
  UNIQUE (module, key)
) STRICT;
INSERT INTO kv VALUES(1,'DemoApp',X'6d61726b',7,0,X'6b657074');
CREATE TABLE kv_usage (module TEXT PRIMARY KEY, keys INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO kv_usage VALUES('DemoApp',1,8);
CREATE TABLE kv_version (id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL) STRICT;
INSERT INTO kv_version VALUES(1,7);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  detail TEXT NOT NULL,
  count INTEGER NOT NULL
) STRICT;
INSERT INTO audit VALUES(1,1760000000009,'anna','replay','seq=4',1);
CREATE TABLE paused_module (
  module TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO paused_module VALUES('Slow',1760000000009,'anna');
CREATE INDEX event_live ON event (module, state) WHERE state < 3;
CREATE INDEX outbox_event ON outbox (seq);
CREATE INDEX kv_expiry ON kv (expires_at) WHERE expires_at > 0;
CREATE INDEX event_failed ON event (state) WHERE state > 3;
