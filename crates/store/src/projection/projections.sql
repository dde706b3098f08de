-- Tables that are computed from schema.sql's. They are dropped and rebuilt when `projection::VERSION` changes: change it
-- with every change of these tables, or of the code that fills them. `{schema}` is `main`, or `temp` for a check.

-- The fields of a room, by its log. `search_text` is the name and the topic, each folded for search, on two lines.
CREATE TABLE {schema}.room_state (
    room INTEGER PRIMARY KEY,
    name TEXT,
    topic TEXT NOT NULL,
    members INTEGER NOT NULL,
    search_text TEXT NOT NULL
);

CREATE INDEX {schema}.room_search ON room_state (search_text);

-- Past and present members. `named_by` is the key of the entry that gave the name, NULL if that entry is not here.
-- `search_name` is the name folded for search.
CREATE TABLE {schema}.member (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    name TEXT NOT NULL,
    joined INTEGER NOT NULL,
    named_by INTEGER,
    search_name TEXT NOT NULL,
    PRIMARY KEY (room, user)
) WITHOUT ROWID;

CREATE INDEX {schema}.member_search ON member (room, search_name, user);

CREATE INDEX {schema}.member_room ON member (user, room) WHERE joined;

-- What amends a message, as its result: the last entry of each collapse key, whose parts are the columns up to `value`. `author`
-- is 0 where it is no part. `shown` is 0 if the entry only removes something.
CREATE TABLE {schema}.amendment (
    room INTEGER NOT NULL,
    target BLOB NOT NULL,
    kind TEXT NOT NULL,
    author INTEGER NOT NULL,
    value TEXT NOT NULL,
    entry INTEGER NOT NULL,
    shown INTEGER NOT NULL,
    PRIMARY KEY (room, target, kind, author, value)
) WITHOUT ROWID;

CREATE INDEX {schema}.amendment_shown ON amendment (room, target, kind, author) WHERE shown;

-- The messages of each author in each block of 1,024 sequence numbers. The sum of some rows is a member's unread count.
CREATE TABLE {schema}.message_count (
    room INTEGER NOT NULL,
    block INTEGER NOT NULL,
    author INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (room, block, author)
) WITHOUT ROWID;

-- The words of each message's current text, and a word for its author, by the entry's key. The index has neither the text
-- nor the positions of words, which halves its size: a search reads the messages that have all words of a phrase.
CREATE VIRTUAL TABLE {schema}.search_index USING fts5 (
    text,
    content = '',
    columnsize = 0,
    detail = none,
    tokenize = 'unicode61 remove_diacritics 2'
);

-- Overwrites the words of an erased message in the file.
INSERT INTO {schema}.search_index (search_index, rank) VALUES ('secure-delete', 1);

-- The index is written behind the log. It has each room's entries up to the key `indexed_to`, and none above it.
CREATE TABLE {schema}.search_progress (
    room INTEGER PRIMARY KEY,
    indexed_to INTEGER NOT NULL
);
