//! The log of a room, read from a data folder by the store that wrote it: the server's, or a client's replica.

use std::path::Path;

use anyhow::{Context as _, Result};
use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Entry, Epoch, MemberId, RoomId, Seq};
use ichat_store::Store;
use uuid::Uuid;

/// The log of a room. A replica's may begin later than the server's.
#[derive(Clone, Debug)]
pub(crate) struct RoomLog {
    pub(crate) room: RoomId,
    pub(crate) epoch: Epoch,
    /// In order of `seq`.
    pub(crate) entries: Vec<Entry>,
}

/// Reads the logs of all rooms in a data folder that no process has open.
pub(crate) fn read(data: &Path) -> Result<Vec<RoomLog>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(data).await?;
        let logs = read_rooms(&store).await;
        store.close().await;
        logs.with_context(|| format!("the log in {} can't be read", data.display()))
    })
}

async fn read_rooms(store: &Store) -> Result<Vec<RoomLog>> {
    let mut logs = Vec::new();
    for room in store.rooms(&MemberId::guest(Uuid::nil())).await? {
        let mut log = RoomLog {
            room: room.id,
            epoch: room.head.epoch,
            entries: Vec::new(),
        };
        let mut before = None;
        loop {
            let page = store.page(room.id, before, None, MAX_PAGE_ENTRIES).await?;
            let page = page.with_context(|| format!("room {} is missing", room.id))?;
            let Some(first) = page.entries.first().map(|entry| entry.seq) else {
                break;
            };
            before = Some(first);
            log.entries.splice(0..0, page.entries);
            if first <= Seq(1) {
                break;
            }
        }
        logs.push(log);
    }
    Ok(logs)
}
