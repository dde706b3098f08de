//! What a client did and what it was told, on disk before anything rests on it: one JSON object a line, one file for each
//! life of a client. The file outlives a `kill -9` of its writer; only its last line may then be torn.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};

use anyhow::{Context as _, Result};
use ichat_protocol::{Body, DeviceId, Entry, EntryId, Epoch, MemberId, RoomId, Seq};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(crate) enum Line {
    /// The client began to live.
    Opened { me: MemberId, device: DeviceId },
    /// It is about to be handed a post. From here on the post may stand in the log.
    Sent { room: RoomId, id: EntryId, body: Body },
    /// The client has taken the post: it is in the outbox, on disk.
    Kept { id: EntryId },
    /// The client showed the post as sent; with its place, if it showed that too.
    Acknowledged { id: EntryId, at: Option<Place> },
    /// The client showed the post as refused.
    Refused { id: EntryId, why: String },
    /// The client showed these.
    Shown {
        room: RoomId,
        epoch: Epoch,
        entries: Vec<Entry>,
    },
    /// The client dropped what it showed of a room.
    Reset { room: RoomId },
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) room: RoomId,
    pub(crate) epoch: Epoch,
    pub(crate) seq: Seq,
}

/// Writes a record from a thread of its own; lines that wait together share one fsync.
#[derive(Clone)]
pub(crate) struct Recorder {
    lines: Sender<(Line, Option<oneshot::Sender<()>>)>,
}

impl Recorder {
    pub(crate) fn create(file: &Path) -> Result<Self> {
        let opened = File::options().create_new(true).append(true).open(file);
        let opened = opened.with_context(|| format!("the record {} can't be made", file.display()))?;
        let (lines, waiting) = mpsc::channel();
        std::thread::spawn(move || keep(opened, &waiting));
        Ok(Self { lines })
    }

    /// Notes something that was told; nothing waits for it.
    pub(crate) fn note(&self, line: Line) {
        // The thread ends only by a failed write, which ends the process.
        drop(self.lines.send((line, None)));
    }

    /// Notes what is about to be done, in this order, and returns when it is on disk.
    pub(crate) async fn note_first(&self, lines: Vec<Line>) {
        let (answer, answered) = oneshot::channel();
        let mut answer = Some(answer);
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.into_iter().enumerate() {
            drop(self.lines.send((line, answer.take_if(|_| at == last))));
        }
        drop(answered.await);
    }
}

fn keep(mut file: File, waiting: &Receiver<(Line, Option<oneshot::Sender<()>>)>) {
    while let Ok(first) = waiting.recv() {
        let (mut text, mut answers) = (Vec::new(), Vec::new());
        for (line, answer) in std::iter::once(first).chain(waiting.try_iter()) {
            let written = serde_json::to_writer(&mut text, &line);
            text.push(b'\n');
            answers.extend(answer.filter(|_| written.is_ok()));
        }
        if let Err(error) = file.write_all(&text).and_then(|()| file.sync_data()) {
            // A client whose record can't be kept proves nothing: better none.
            eprintln!("the record can't be written: {error}");
            std::process::exit(3);
        }
        for answer in answers {
            // Who asked may have ended.
            let _: Result<(), ()> = answer.send(());
        }
    }
}

/// Reads the record of one life. The last line may be torn; any other that can't be read is an error.
pub(crate) fn read(file: &Path) -> Result<Vec<Line>> {
    let text = fs::read(file).with_context(|| format!("the record {} can't be read", file.display()))?;
    let mut lines = Vec::new();
    let mut rest = text.as_slice();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = serde_json::from_slice(&rest[..end]);
        lines.push(line.with_context(|| format!("line {} of {}", lines.len() + 1, file.display()))?);
        rest = &rest[end + 1..];
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    //! A torn last line is left out; damage anywhere else is said.

    use super::*;

    #[test]
    fn only_the_last_line_may_be_torn() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ada.1.jsonl");
        let id = EntryId::fresh();
        let line = serde_json::to_string(&Line::Kept { id }).unwrap();
        fs::write(&file, format!("{line}\n{}", &line[..20])).unwrap();
        assert_eq!(read(&file).unwrap(), [Line::Kept { id }]);
        fs::write(&file, format!("{}\n{line}\n", &line[..20])).unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("line 1 of"));
    }

    #[tokio::test]
    async fn what_was_noted_first_is_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ada.1.jsonl");
        let recorder = Recorder::create(&file).unwrap();
        let id = EntryId::fresh();
        recorder.note(Line::Kept { id });
        recorder.note_first(vec![Line::Kept { id }, Line::Kept { id }]).await;
        assert_eq!(read(&file).unwrap().len(), 3);
    }
}
