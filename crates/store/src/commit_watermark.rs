//! How much was confirmed, in a file of its own beside the database.
//!
//! The write-ahead log guards its pages with sums, but the database takes the first page that doesn't fit for its end:
//! what was confirmed after a flipped bit, or in a part that was cut off, would be gone without a word. So the writer notes
//! behind each commit how much there is by now. It is never forced to the disk, which would double a commit's cost: after
//! a loss of power it may be older than the database, which is fine, but never newer.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use rusqlite::Connection;
use uuid::Uuid;

use crate::code::natural;

/// The file's name in the data folder.
pub(crate) const FILE: &str = "confirmed";

/// What of a folder only ever grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Entries of a server's rooms. Nothing on a client, who may begin a room anew.
    pub(crate) entries: u64,
    /// Posts that were ever put into the outbox.
    pub(crate) posts: u64,
}

impl Count {
    /// What the database holds.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_row(
            "SELECT coalesce((SELECT sum(last) FROM room WHERE EXISTS (SELECT 1 FROM meta JOIN room ON room.id = lobby)), 0),
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

    /// What is missing here, in a person's words, when the other one was confirmed.
    pub(crate) fn lacks(self, confirmed: Self) -> Option<String> {
        let entries = confirmed.entries.saturating_sub(self.entries);
        let posts = confirmed.posts.saturating_sub(self.posts);
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
    count: Count,
}

impl CommitWatermark {
    /// Opens the file, and makes it when it is not there.
    pub(crate) fn open(dir: &Path, generation: Uuid, count: Count) -> io::Result<Self> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join(FILE))?;
        let mut confirmed = Self {
            file,
            generation,
            count,
        };
        confirmed.write()?;
        Ok(confirmed)
    }

    /// So many entries were committed. To be noted before anybody hears of it.
    pub(crate) fn entries(&mut self, connection: &Connection, committed: u64) {
        if committed == 0 {
            return;
        }
        if self.count.entries == 0 {
            // The first entry of a server's folder is its lobby's; before it there is nothing to count.
            return self.recount(connection);
        }
        self.count.entries += committed;
        self.note();
    }

    /// Posts may have been put into the outbox.
    pub(crate) fn recount(&mut self, connection: &Connection) {
        match Count::of(connection) {
            Ok(count) if count == self.count => {}
            Ok(count) => {
                self.count = count;
                self.note();
            }
            Err(error) => tracing::warn!(%error, "how much was confirmed could not be counted"),
        }
    }

    /// Forces it to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn note(&mut self) {
        if let Err(error) = self.write() {
            tracing::warn!(%error, "how much was confirmed could not be noted");
        }
    }

    fn write(&mut self) -> io::Result<()> {
        // One line of one length, so that a write replaces all of the one before it.
        let line = line(self.generation, self.count);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(line.as_bytes())
    }
}

fn line(generation: Uuid, Count { entries, posts }: Count) -> String {
    let said = format!("{} {entries:020} {posts:020}", generation.as_simple());
    let sum = crc32fast::hash(said.as_bytes());
    format!("{said} {sum:08x}\n")
}

/// What was confirmed of the file of this generation, or of any, as far as it was noted and can be read.
pub(crate) fn noted(dir: &Path, of: Option<Uuid>) -> Option<Count> {
    let mut text = String::new();
    // Of a file that is larger for whatever reason, only the line is read.
    let file = File::open(dir.join(FILE)).ok()?;
    file.take(200).read_to_string(&mut text).ok()?;
    let mut words = text.split_whitespace();
    let generation = Uuid::try_parse(words.next()?).ok()?;
    let count = Count {
        entries: words.next()?.parse().ok()?,
        posts: words.next()?.parse().ok()?,
    };
    let is_meant = of.is_none_or(|of| of == generation);
    (is_meant && text == line(generation, count)).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_read_back_and_a_broken_or_foreign_note_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let generation = Uuid::new_v4();
        assert_eq!(noted(dir.path(), Some(generation)), None);
        let mut confirmed = CommitWatermark::open(dir.path(), generation, Count::default()).unwrap();
        confirmed.count = Count { entries: 12, posts: 3 };
        confirmed.note();
        assert_eq!(noted(dir.path(), Some(generation)), Some(confirmed.count));
        assert_eq!(noted(dir.path(), Some(Uuid::new_v4())), None);
        let file = dir.path().join(FILE);
        let sound = std::fs::read(&file).unwrap();
        for byte in 0..sound.len() {
            let mut flipped = sound.clone();
            flipped[byte] ^= 1;
            std::fs::write(&file, &flipped).unwrap();
            assert_eq!(noted(dir.path(), Some(generation)), None, "byte {byte}");
        }
    }
}
