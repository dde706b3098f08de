-- What a data folder stores: entries, member state, the outbox, and what a server said beyond the entries that are here.
-- Everything else is a projection (projection/projections.sql).
--
-- To read it: sqlite3 ichat.db 'SELECT * FROM log'

PRAGMA application_id = 1229146196;

-- One row. `generation` identifies the file: a copy has that of its original, a restored file has a new one.
CREATE TABLE identity (
    server BLOB NOT NULL,
    lobby BLOB NOT NULL,
    generation BLOB NOT NULL,
    checksum INTEGER NOT NULL
);

-- At most one row, in the file of a server: the key of the secrets by which its guests keep their identity.
CREATE TABLE guest_key (
    key BLOB NOT NULL
);

-- Users, devices and rooms have a number in this file, because every entry names them.
CREATE TABLE user (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);

CREATE TABLE device (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE
);

-- `first_seq` to `last_seq` is the range of the log that is here, without a gap; both are 0 if it is empty.
-- `last_at` is the time of the last entry, in milliseconds since the Unix epoch.
CREATE TABLE room (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    epoch BLOB NOT NULL,
    first_seq INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL DEFAULT 0
);

-- The logs of all rooms. `key` is the room's key and the sequence number (room << 40 | seq), so that a page of history is
-- one range of this table. `at` is in milliseconds since the Unix epoch. `body` is the entry's JSON without its kind.
-- `target` is the message that an edit, a deletion or a reaction refers to. `wiped_hash` is the hash of what a wiped entry
-- was, to recognise a repeated post of it. `checksum` covers all other columns and the two ids.
CREATE TABLE entry (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    author INTEGER NOT NULL,
    device INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    target BLOB,
    body TEXT NOT NULL,
    wiped_hash BLOB,
    checksum INTEGER NOT NULL
);

CREATE UNIQUE INDEX entry_id ON entry (id);
CREATE INDEX entry_target ON entry (target) WHERE target IS NOT NULL;

-- Values that belong to one user; the last write wins. `key` is for example 'read/<room id>', `value` is JSON.
CREATE TABLE member_state (
    user INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (user, key)
) WITHOUT ROWID;

-- Posts of this device that the server has not acknowledged, in the order in which they were written. `sent` is 1 if the
-- server may have the post.
CREATE TABLE outbox (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    room BLOB NOT NULL,
    body TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    error TEXT,
    sent INTEGER NOT NULL DEFAULT 1
);

-- A replica has a part of each log. What the server said of the room as of the entry `head` replaces the rest.
-- `read_pending` is 1 if the server does not have the read marker yet.
-- `unread` is as of the entry `unread_as_of`, or NULL if the read marker has moved since.
-- `members_as_of` is the entry as of which the server listed the members in `server_member`; NULL if it never did.
-- `members_complete` is 0 if it has others, too.
-- Its `since` is the time from which the member has had the name, or NULL if it is not known.
CREATE TABLE server_room (
    room INTEGER PRIMARY KEY,
    epoch BLOB NOT NULL,
    head INTEGER NOT NULL,
    name TEXT NOT NULL,
    topic TEXT NOT NULL,
    members INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    read INTEGER NOT NULL,
    read_pending INTEGER NOT NULL DEFAULT 0,
    unread INTEGER,
    unread_as_of INTEGER NOT NULL,
    members_as_of INTEGER,
    members_complete INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE server_member (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    name TEXT NOT NULL,
    joined INTEGER NOT NULL,
    since INTEGER,
    PRIMARY KEY (room, user)
) WITHOUT ROWID;

-- One row: the version of the projections in this file.
CREATE TABLE projection_version (
    version INTEGER NOT NULL
);

INSERT INTO projection_version VALUES (0);

-- The logs for people.
CREATE VIEW log AS
SELECT
    room_state.name AS room,
    entry.key & ((1 << 40) - 1) AS seq,
    strftime('%Y-%m-%d %H:%M:%f', entry.at / 1000.0, 'unixepoch') AS time,
    coalesce(member.name, user.id) AS author,
    entry.kind,
    entry.body
FROM entry
JOIN user ON user.key = entry.author
LEFT JOIN room_state ON room_state.room = entry.key >> 40
LEFT JOIN member ON member.room = entry.key >> 40 AND member.user = entry.author;
