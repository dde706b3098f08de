-- A smaller file, and one that notices what was altered in it. What the first format held is copied by `schema/first.rs`.

ALTER TABLE entry RENAME TO entry_1;
DROP INDEX entry_amends;
DROP TABLE words;

-- `generation` says which file this is: a restored one is another. `sum` is over the three others.
ALTER TABLE meta ADD COLUMN generation BLOB;
ALTER TABLE meta ADD COLUMN sum INTEGER;

-- `key` is the room's key and the place in it (room << 40 | seq): a page is one range of the table itself.
-- `lag` is the time of the entry, counted from the time that its id holds. `text` may be in the shorthand of a book.
-- `reply` is what a message answers, `amends` what an edit, deletion or reaction changes.
-- `sum` says whether the entry is what was written: 32 bits, as a signed number, because that takes 4 bytes and not 6.
-- `hash` is that of a wiped entry's first body, so that a repeated post of it is still known.
CREATE TABLE entry (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    author INTEGER NOT NULL,
    device INTEGER NOT NULL,
    lag INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    text,
    reply BLOB,
    amends BLOB,
    hash BLOB,
    sum INTEGER
);

-- Finds an entry by its id, of which 48 bits are kept here: 18 bytes an entry, where an index over whole ids takes 32.
CREATE TABLE ident (
    tag INTEGER NOT NULL,
    key INTEGER NOT NULL,
    PRIMARY KEY (tag, key)
) WITHOUT ROWID;

CREATE INDEX entry_amends ON entry (amends) WHERE amends IS NOT NULL;

-- Sequences that texts have often, and how many messages there were when they were learned.
CREATE TABLE book (
    key INTEGER PRIMARY KEY,
    learned INTEGER NOT NULL,
    sequences BLOB NOT NULL
);

-- Over the current text of messages, by the entry's key, and a word that stands for the author. Neither the text nor the
-- places of words in it are kept here: phrases are looked for in the messages that hold all of their words.
CREATE VIRTUAL TABLE words USING fts5 (
    text,
    content = '',
    columnsize = 0,
    detail = none,
    tokenize = 'unicode61 remove_diacritics 2'
);

-- The index is written behind the log. Of each room it knows the entries up to this key, and none behind it.
CREATE TABLE indexed (
    room INTEGER PRIMARY KEY,
    until INTEGER NOT NULL
);

-- What is taken out of the index leaves the file, and not only the results.
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
