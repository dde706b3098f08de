//! Texts in shorthand: what a room says often takes a byte each time.
//!
//! A book has up to 255 sequences of one to eight bytes, learned from the folder's own messages (FSST: Boncz, Neumann and
//! Leis, "Fast Random Access String Compression", 2020). A text in shorthand is a string of codes, each a sequence of the
//! book, or 255 and a byte as it is. So each text can be read by itself, whatever its length, in a fraction of a
//! microsecond, and takes somewhat more than half of its bytes. In a column it is a BLOB: the book's number, then the codes.
//! A text that would not be shorter stands as TEXT.
//!
//! A book is never changed and never removed: its texts would be lost. What a sequence gives away of a deleted message is
//! no more than eight bytes that its room said dozens of times.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use fsst::{Compressor, Symbol};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Type, Value, ValueRef};
use rusqlite::{Connection, Error};

use crate::code::{RoomKey, kind, unreadable};

/// The code ahead of a byte that no sequence begins with.
const AS_IT_IS: u8 = 255;
/// The first book is made of so many messages. Fewer say little, and take little.
const FIRST: i64 = 2_000;
/// A room's talk changes: a further book is made whenever the messages have become so many times as many.
const TIMES: i64 = 8;
/// How many messages a book is made of at most, and how much of each: nobody's single message makes a sequence.
const SAMPLE: u32 = 4_000;
const OF_EACH: usize = 256;
/// After a look that failed, so many entries come before the next one.
const RETRY: usize = 10_000;
/// A folder that has grown by this factor for each of its books is beyond any disk.
const BOOKS: u8 = 40;

/// The books of a folder, shared by all of its connections. Clones are the same books.
#[derive(Clone, Default)]
pub(crate) struct Books {
    known: Arc<RwLock<Known>>,
}

impl fmt::Debug for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Books").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Known {
    books: HashMap<u8, Book>,
    /// The number of the book that is written with.
    newest: u8,
    writing: Option<Arc<Compressor>>,
}

impl Books {
    /// Reads the folder's books.
    pub(crate) fn load(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached("SELECT key, sequences FROM book ORDER BY key")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let book = Book::parse(row.get_ref(1)?.as_blob()?).ok_or_else(|| unreadable(1, "a book is damaged"))?;
            self.add(row.get(0)?, book);
        }
        Ok(())
    }

    /// Gives a connection the functions `shorthand(text)` and `longhand(column)`.
    pub(crate) fn teach(&self, connection: &Connection) -> rusqlite::Result<()> {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
        let books = self.clone();
        connection.create_scalar_function("shorthand", 1, flags, move |context| match context.get_raw(0) {
            ValueRef::Text(text) => Ok(match books.write(text) {
                Some(short) => Value::Blob(short),
                None => as_it_is(context)?,
            }),
            _ => as_it_is(context),
        })?;
        let books = self.clone();
        connection.create_scalar_function("longhand", 1, flags, move |context| match context.get_raw(0) {
            ValueRef::Blob(short) => books
                .read(short)
                .map(|text| ToSqlOutput::Owned(Value::Text(text)))
                .ok_or_else(|| Error::UserFunctionError("a text is in no known shorthand".into())),
            _ => as_it_is(context).map(ToSqlOutput::Owned),
        })
    }

    fn add(&self, key: u8, book: Book) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.newest = key;
        known.writing = Some(Arc::new(book.compressor()));
        known.books.insert(key, book);
    }

    /// A text in the newest book's shorthand, if that is shorter.
    fn write(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (newest, writing) = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            (known.newest, known.writing.clone()?)
        };
        let codes = writing.compress(text);
        if codes.len() + 1 >= text.len() {
            return None;
        }
        let mut short = Vec::with_capacity(codes.len() + 1);
        short.push(newest);
        short.extend(codes);
        // Nothing is written that could not be read again, whatever the library did.
        (self.read(&short)?.as_bytes() == text).then_some(short)
    }

    fn read(&self, short: &[u8]) -> Option<String> {
        let (book, codes) = short.split_first()?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.books.get(book)?.read(codes)
    }
}

fn as_it_is(context: &Context<'_>) -> rusqlite::Result<Value> {
    Value::try_from(context.get_raw(0)).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, error.into()))
}

/// Some frequent sequences, by their codes.
struct Book {
    sequences: Vec<Vec<u8>>,
}

impl Book {
    fn of(compressor: &Compressor) -> Self {
        let lengths = compressor.symbol_lengths();
        let symbols = compressor.symbol_table().iter().zip(lengths);
        let sequences = symbols
            .map(|(symbol, length)| symbol.to_u64().to_le_bytes()[..usize::from(*length)].to_vec())
            // The library takes a zero for the end of a sequence.
            .filter(|sequence| !sequence.contains(&0));
        Self {
            sequences: sequences.collect(),
        }
    }

    /// Each sequence with its length ahead of it.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for sequence in &self.sequences {
            bytes.push(u8::try_from(sequence.len()).unwrap_or(0));
            bytes.extend(sequence);
        }
        bytes
    }

    /// `None` for what is no book.
    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut sequences: Vec<Vec<u8>> = Vec::new();
        while let Some((length, rest)) = bytes.split_first() {
            let (sequence, rest) = rest.split_at_checked(usize::from(*length))?;
            // The order that the library's codes rest on: lengths 2 to 8, then 1.
            let rank = |length: usize| if length == 1 { 9 } else { length };
            let in_order = sequences
                .last()
                .is_none_or(|last| rank(last.len()) <= rank(sequence.len()));
            if !(1..=8).contains(&sequence.len()) || !in_order || sequences.len() == usize::from(AS_IT_IS) {
                return None;
            }
            sequences.push(sequence.to_vec());
            bytes = rest;
        }
        Some(Self { sequences })
    }

    fn compressor(&self) -> Compressor {
        let symbols: Vec<Symbol> = self
            .sequences
            .iter()
            .map(|sequence| {
                let mut bytes = [0; 8];
                bytes[..sequence.len()].copy_from_slice(sequence);
                Symbol::from_slice(&bytes)
            })
            .collect();
        let lengths: Vec<u8> = self
            .sequences
            .iter()
            .map(|s| u8::try_from(s.len()).unwrap_or(1))
            .collect();
        Compressor::rebuild_from(symbols, lengths)
    }

    fn read(&self, codes: &[u8]) -> Option<String> {
        let mut text = Vec::with_capacity(codes.len() * 3);
        let mut codes = codes.iter();
        while let Some(code) = codes.next() {
            if *code == AS_IT_IS {
                text.push(*codes.next()?);
            } else {
                text.extend(self.sequences.get(usize::from(*code))?);
            }
        }
        String::from_utf8(text).ok()
    }
}

/// When the writer looks whether the next book is due: never within a commit, because it takes some milliseconds.
pub(crate) struct Learning {
    books: Books,
    /// So many more entries come before the next look.
    left: usize,
}

impl Learning {
    pub(crate) fn with(books: Books) -> Self {
        Self { books, left: 0 }
    }

    /// So many entries came.
    pub(crate) fn after(&mut self, entries: usize, connection: &Connection) {
        self.left = self.left.saturating_sub(entries);
        if self.left > 0 {
            return;
        }
        self.left = match self.books.learn(connection) {
            Ok(left) => usize::try_from(left).unwrap_or(usize::MAX),
            Err(error) => {
                // Texts are written as they are, or in the shorthand of the book before.
                tracing::warn!(%error, "no shorthand could be learned");
                RETRY
            }
        };
    }
}

impl Books {
    /// Makes the next book if it is due. Gives how many more messages make the one after it due.
    fn learn(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let messages: i64 =
            connection.query_row("SELECT coalesce(sum(messages), 0) FROM tally", [], |row| row.get(0))?;
        let (newest, learned): (u8, i64) = connection.query_row(
            "SELECT coalesce(max(key), 0), coalesce(max(learned), 0) FROM book",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let due = FIRST.max(learned * TIMES);
        if newest >= BOOKS {
            return Ok(i64::MAX);
        }
        if messages < due {
            return Ok(due - messages);
        }
        self.put(connection, newest + 1, messages, &sample(connection, "entry")?)?;
        Ok(messages * (TIMES - 1))
    }

    /// Makes the first book of what stands in this table, if that says enough.
    pub(crate) fn learn_from(&self, connection: &Connection, table: &str) -> rusqlite::Result<()> {
        let sample = sample(connection, table)?;
        let messages = connection.query_row("SELECT coalesce(sum(messages), 0) FROM tally", [], |row| row.get(0))?;
        if messages < FIRST {
            return Ok(());
        }
        self.put(connection, 1, messages, &sample)
    }

    /// Makes a book of these texts.
    fn put(&self, connection: &Connection, key: u8, learned: i64, sample: &[Vec<u8>]) -> rusqlite::Result<()> {
        let texts = sample.iter().map(|text| &text[..text.len().min(OF_EACH)]).collect();
        let book = Book::of(&Compressor::train(&texts));
        connection
            .prepare_cached("INSERT INTO book (key, learned, sequences) VALUES (?1, ?2, ?3)")?
            .execute((key, learned, book.bytes()))?;
        self.add(key, book);
        Ok(())
    }
}

/// The newest messages of the rooms that were last talked in.
fn sample(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Vec<u8>>> {
    let rooms: Vec<i64> = connection
        .prepare_cached("SELECT key FROM room ORDER BY at DESC LIMIT 40")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    // There are at most forty.
    let each = SAMPLE / u32::try_from(rooms.len()).unwrap_or(SAMPLE).max(1);
    let mut sample = Vec::new();
    for room in rooms {
        let (first, last) = RoomKey(room).range();
        let texts = connection
            .prepare_cached(&format!(
                "SELECT longhand(text) FROM {table} WHERE key BETWEEN ?1 AND ?2 AND kind = ?3 ORDER BY key DESC LIMIT ?4",
            ))?
            .query_map((first, last, kind::MESSAGE, each), |row| Ok(row.get::<_, String>(0)?.into_bytes()))?
            .collect::<Result<Vec<_>, _>>()?;
        sample.extend(texts);
    }
    Ok(sample)
}
