//! The server's log, read in full from its data folder by the store that wrote it, and a client's replica likewise.

use std::path::Path;

use anyhow::{Context as _, Result};
use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Entry, Epoch, MemberId, RoomId, Seq};
use ichat_store::Store;
use uuid::Uuid;

/// A room's log, or the part of it that is held.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) room: RoomId,
    pub(crate) epoch: Epoch,
    /// In order of `seq`.
    pub(crate) entries: Vec<Entry>,
}

/// Reads every room of a data folder that nobody has open.
pub(crate) fn read(data: &Path) -> Result<Vec<Log>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(data).await?;
        let logs = rooms(&store).await;
        store.close().await;
        logs.with_context(|| format!("the log in {} can't be read", data.display()))
    })
}

async fn rooms(store: &Store) -> Result<Vec<Log>> {
    let mut logs = Vec::new();
    for room in store.rooms(&MemberId::guest(Uuid::nil())).await? {
        let mut log = Log {
            room: room.id,
            epoch: room.head.epoch,
            entries: Vec::new(),
        };
        let mut before = None;
        loop {
            let page = store.page(room.id, before, None, MAX_PAGE_ENTRIES).await?;
            let page = page.with_context(|| format!("room {} has gone", room.id))?;
            let Some(first) = page.entries.first() else { break };
            before = Some(first.seq);
            let first = first.seq;
            log.entries.splice(0..0, page.entries);
            if first <= Seq(1) {
                break;
            }
        }
        logs.push(log);
    }
    Ok(logs)
}
