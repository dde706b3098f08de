-- The log and what is read from it. Ids of people, devices and rooms stand once and are numbered, because a million
-- entries carry them.

PRAGMA application_id = 1229146196;

CREATE TABLE meta (
    server BLOB NOT NULL,
    lobby BLOB NOT NULL
);

CREATE TABLE person (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);

CREATE TABLE device (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE
);

-- `first..=last` is the range of the log that is held, without a gap; 0 and 0 when it is empty. `at` is the last entry's.
CREATE TABLE room (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    epoch BLOB NOT NULL,
    name TEXT,
    topic TEXT NOT NULL DEFAULT '',
    first INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL DEFAULT 0,
    members INTEGER NOT NULL DEFAULT 0
);

-- `key` is the room's key and the place in it (room << 40 | seq): a page is one range of the table itself.
-- `reply` is what a message answers, `amends` what an edit, deletion or reaction changes.
-- `hash` is that of a wiped entry's first body, so that a repeated post of it is still known.
CREATE TABLE entry (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    author INTEGER NOT NULL,
    device INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    text TEXT,
    reply BLOB,
    amends BLOB,
    hash BLOB
);

CREATE INDEX entry_amends ON entry (amends) WHERE amends IS NOT NULL;

-- `member_renamed` is the entry that gave the name; `read` is how far the member has read.
CREATE TABLE member (
    room INTEGER NOT NULL,
    person INTEGER NOT NULL,
    name TEXT NOT NULL,
    joined INTEGER NOT NULL,
    read INTEGER NOT NULL DEFAULT 0,
    named INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, person)
) WITHOUT ROWID;

CREATE INDEX member_person ON member (person, room) WHERE joined;

-- How many messages of an author stand in each block of 1,024 places of a room: what is unread is added up from here.
CREATE TABLE tally (
    room INTEGER NOT NULL,
    block INTEGER NOT NULL,
    author INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (room, block, author)
) WITHOUT ROWID;

-- Over the current text of messages, by the entry's key. The text itself is not kept a second time.
CREATE VIRTUAL TABLE words USING fts5 (
    text,
    content = '',
    contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2'
);

-- A client's: the room as the server told it. `unread` is as of the place `counted`, or NULL when the marker moved since.
CREATE TABLE told (
    room INTEGER PRIMARY KEY,
    epoch BLOB NOT NULL,
    head INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    read INTEGER NOT NULL,
    unread INTEGER,
    counted INTEGER NOT NULL
);

CREATE TABLE outbox (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    room BLOB NOT NULL,
    body TEXT NOT NULL,
    written INTEGER NOT NULL,
    failed TEXT
);
