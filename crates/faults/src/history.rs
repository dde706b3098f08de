//! The history of a client: what it did and what it was shown, fsynced before anything depends on it.
//!
//! One JSON object a line, one file for each incarnation of the client (each process). The file survives a `kill -9` of
//! its writer; only the last line may be torn then.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};

use anyhow::{Context as _, Result};
use ichat_protocol::{Body, DeviceId, Entry, EntryId, Epoch, MemberId, RoomId, Seq};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// One line of a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The client has started.
    Started { me: MemberId, device: DeviceId },
    /// The client is about to be given a post. From here on the post may be in the log.
    Invoked { room: RoomId, id: EntryId, body: Body },
    /// The client has the post in its outbox, on disk.
    Queued { id: EntryId },
    /// The client showed the post as sent, perhaps with its position.
    Acknowledged { id: EntryId, at: Option<Position> },
    /// The client showed the post as refused.
    Refused { id: EntryId, reason: String },
    /// The client showed that an edit or a deletion was applied to a message that waited, so that it is not sent.
    Merged { id: EntryId },
    /// The client showed that a post was withdrawn before it was sent.
    Withdrawn { id: EntryId },
    /// The client showed these entries.
    Shown {
        room: RoomId,
        epoch: Epoch,
        entries: Vec<Entry>,
    },
    /// The client dropped what it showed of a room.
    Reset { room: RoomId },
}

/// The position of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) room: RoomId,
    pub(crate) epoch: Epoch,
    pub(crate) seq: Seq,
}

type Line = (Event, Option<oneshot::Sender<()>>);

/// Writes a history in a thread of its own. Events that wait together share one fsync.
#[derive(Clone)]
pub(crate) struct Recorder {
    lines: Sender<Line>,
}

impl Recorder {
    pub(crate) fn create(file: &Path) -> Result<Self> {
        let opened = File::options().create_new(true).append(true).open(file);
        let opened = opened.with_context(|| format!("the history {} can't be created", file.display()))?;
        let (lines, queue) = mpsc::channel();
        std::thread::spawn(move || write(opened, &queue));
        Ok(Self { lines })
    }

    /// Records an event that has happened, without waiting.
    pub(crate) fn record(&self, event: Event) {
        // The thread ends only when a write fails, and that ends the process.
        drop(self.lines.send((event, None)));
    }

    /// Records events that are about to happen, and returns when they are on disk.
    pub(crate) async fn record_ahead(&self, mut events: Vec<Event>) {
        let Some(last) = events.pop() else { return };
        for event in events {
            self.record(event);
        }
        let (on_disk, is_on_disk) = oneshot::channel();
        drop(self.lines.send((last, Some(on_disk))));
        drop(is_on_disk.await);
    }
}

fn write(mut file: File, queue: &Receiver<Line>) {
    while let Ok(first) = queue.recv() {
        let (mut text, mut waiting) = (Vec::new(), Vec::new());
        for (event, on_disk) in std::iter::once(first).chain(queue.try_iter()) {
            let written = serde_json::to_writer(&mut text, &event);
            text.push(b'\n');
            waiting.extend(on_disk.filter(|_| written.is_ok()));
        }
        if let Err(error) = file.write_all(&text).and_then(|()| file.sync_data()) {
            // A client without its history proves nothing.
            eprintln!("the history can't be written: {error}");
            std::process::exit(3);
        }
        for on_disk in waiting {
            // The receiver may have stopped waiting.
            let _: Result<(), ()> = on_disk.send(());
        }
    }
}

/// Reads the history of one incarnation. Ignores a torn last line, and fails at any other line that can't be read.
pub(crate) fn read(file: &Path) -> Result<Vec<Event>> {
    let text = fs::read(file).with_context(|| format!("the history {} can't be read", file.display()))?;
    let mut events = Vec::new();
    let mut rest = text.as_slice();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let event = serde_json::from_slice(&rest[..end]);
        events.push(event.with_context(|| format!("line {} of {}", events.len() + 1, file.display()))?);
        rest = &rest[end + 1..];
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    //! - a torn last line is ignored, and any other damage is an error
    //! - what is recorded ahead is on disk

    use super::*;

    #[test]
    fn only_the_last_line_may_be_torn() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ada.1.jsonl");
        let id = EntryId::fresh();
        let line = serde_json::to_string(&Event::Queued { id }).unwrap();
        fs::write(&file, format!("{line}\n{}", &line[..20])).unwrap();
        assert_eq!(read(&file).unwrap(), [Event::Queued { id }]);
        fs::write(&file, format!("{}\n{line}\n", &line[..20])).unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("line 1 of"));
    }

    #[tokio::test]
    async fn what_is_recorded_ahead_is_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ada.1.jsonl");
        let recorder = Recorder::create(&file).unwrap();
        let id = EntryId::fresh();
        recorder.record(Event::Queued { id });
        recorder
            .record_ahead(vec![Event::Queued { id }, Event::Queued { id }])
            .await;
        recorder.record_ahead(Vec::new()).await;
        assert_eq!(read(&file).unwrap().len(), 3);
    }
}
