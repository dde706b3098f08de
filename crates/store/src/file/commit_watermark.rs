//! The commit watermark: the number of acknowledged entries, in a file of its own beside the database.
//!
//! The write-ahead log guards its pages with checksums, but the database takes the first page that doesn't match for the
//! log's end. Acknowledged entries behind a flipped bit, or in a part that was cut off, would be lost without an error. So the
//! writer writes their number after each commit. It never forces the file to the disk, which would double the cost of a
//! commit: after a power failure the watermark may be older than the database, which is fine, but never newer.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use rusqlite::Connection;
use uuid::Uuid;

use crate::file::private::open_private_file;
use crate::log::natural;

/// The file's name in the data folder.
pub(crate) const FILE_NAME: &str = "commit-watermark";
/// The file has one line, which is shorter.
const MAX_LINE_BYTES: u64 = 200;

/// Numbers that only ever grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// The entries of a server's rooms. 0 in a replica, which may start a room over.
    pub(crate) entries: u64,
    /// The posts that were ever added to the outbox.
    pub(crate) posts: u64,
}

impl Counts {
    /// Reads the numbers from the database.
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_row(
            "SELECT coalesce((SELECT sum(last_seq) FROM room
                              WHERE EXISTS (SELECT 1 FROM identity JOIN room ON room.id = lobby)), 0),
                    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)",
            [],
            |row| {
                Ok(Self {
                    entries: natural(row.get(0)?),
                    posts: natural(row.get(1)?),
                })
            },
        )
    }

    /// Returns the difference to a higher watermark, in plain words.
    pub(crate) fn missing_since(self, watermark: Self) -> Option<String> {
        let entries = watermark.entries.saturating_sub(self.entries);
        let posts = watermark.posts.saturating_sub(self.posts);
        match (entries, posts) {
            (0, 0) => None,
            (entries, 0) => Some(format!("the newest {entries} of its entries")),
            (0, posts) => Some(format!("the newest {posts} of the posts that wait to be sent")),
            (entries, posts) => Some(format!("the newest {entries} of its entries and {posts} posts")),
        }
    }
}

/// The open file.
#[derive(Debug)]
pub(crate) struct CommitWatermark {
    file: File,
    generation: Uuid,
    counts: Counts,
}

impl CommitWatermark {
    /// Opens or creates the file, and writes the counts.
    pub(crate) fn open(dir: &Path, generation: Uuid, counts: Counts) -> io::Result<Self> {
        let file = open_private_file(&dir.join(FILE_NAME))?;
        let mut watermark = Self {
            file,
            generation,
            counts,
        };
        watermark.write()?;
        Ok(watermark)
    }

    /// Adds committed entries. The writer calls this before it acknowledges them.
    pub(crate) fn add_entries(&mut self, connection: &Connection, committed: u64) {
        if committed == 0 {
            return;
        }
        if self.counts.entries == 0 {
            // The first entry of a server's folder is its lobby's. Before that, no entry counts.
            return self.recount(connection);
        }
        self.counts.entries += committed;
        self.write_or_warn();
    }

    /// Reads the counts from the database again.
    pub(crate) fn recount(&mut self, connection: &Connection) {
        match Counts::read(connection) {
            Ok(counts) if counts == self.counts => {}
            Ok(counts) => {
                self.counts = counts;
                self.write_or_warn();
            }
            Err(error) => tracing::warn!(%error, "the commit watermark could not be counted"),
        }
    }

    /// Forces the file to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write_or_warn(&mut self) {
        if let Err(error) = self.write() {
            tracing::warn!(%error, "the commit watermark could not be written");
        }
    }

    fn write(&mut self) -> io::Result<()> {
        // All lines have the same length, so that a write replaces the whole line before it.
        let line = line(self.generation, self.counts);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(line.as_bytes())
    }
}

fn line(generation: Uuid, Counts { entries, posts }: Counts) -> String {
    let text = format!("{} {entries:020} {posts:020}", generation.as_simple());
    let checksum = crc32fast::hash(text.as_bytes());
    format!("{text} {checksum:08x}\n")
}

/// Reads the watermark of the file with this generation, or of any. Returns `None` if there is none or it is damaged.
pub(crate) fn read(dir: &Path, generation: Option<Uuid>) -> Option<Counts> {
    let mut text = String::new();
    let file = File::open(dir.join(FILE_NAME)).ok()?;
    file.take(MAX_LINE_BYTES).read_to_string(&mut text).ok()?;
    let mut words = text.split_whitespace();
    let found = Uuid::try_parse(words.next()?).ok()?;
    let counts = Counts {
        entries: words.next()?.parse().ok()?,
        posts: words.next()?.parse().ok()?,
    };
    let is_wanted = generation.is_none_or(|generation| generation == found);
    (is_wanted && text == line(found, counts)).then_some(counts)
}

#[cfg(test)]
mod tests {
    //! - a watermark is read back
    //! - one of another generation, or with a flipped bit, is not

    use super::*;

    #[test]
    fn a_watermark_is_read_back_unless_it_is_damaged_or_of_another_file() {
        let dir = tempfile::tempdir().unwrap();
        let generation = Uuid::new_v4();
        assert_eq!(read(dir.path(), Some(generation)), None);
        let mut watermark = CommitWatermark::open(dir.path(), generation, Counts::default()).unwrap();
        watermark.counts = Counts { entries: 12, posts: 3 };
        watermark.write_or_warn();
        assert_eq!(read(dir.path(), Some(generation)), Some(watermark.counts));
        assert_eq!(read(dir.path(), Some(Uuid::new_v4())), None);
        let file = dir.path().join(FILE_NAME);
        let sound = std::fs::read(&file).unwrap();
        for byte in 0..sound.len() {
            let mut flipped = sound.clone();
            flipped[byte] ^= 1;
            std::fs::write(&file, &flipped).unwrap();
            assert_eq!(read(dir.path(), Some(generation)), None, "byte {byte}");
        }
    }
}
