//! Collects what a client leaves behind for the checker.

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::Seq;

use crate::checker::ClientHistory;
use crate::client_handle::{CLIENT_TIMEOUT, ClientHandle, ClientKind};
use crate::history::{self, Event};
use crate::room_log::{self, RoomLog};

/// Waits until the client is in sync with the log, ends it, and returns everything that it leaves behind. Fails if there
/// was a command that this process of the client could not carry out.
pub(crate) fn history_in_sync(client: &ClientHandle, head: Seq) -> Result<ClientHistory> {
    client
        .wait_until_within(CLIENT_TIMEOUT, "being in sync with the log", |now| {
            now.status.waiting == 0 && now.status.last >= head
        })
        .with_context(|| format!("the log ends with entry {head}"))?;
    let view = client.view()?;
    let failures = client.state().failures;
    ensure!(
        failures.is_empty(),
        "{} reports: {}",
        client.name(),
        failures.join("; ")
    );
    client.shut_down()?;
    Ok(ClientHistory {
        name: client.name().to_owned(),
        incarnations: incarnations(client)?,
        view: Some(view),
        replica: replica(client)?,
        is_complete: client.kind() == ClientKind::IChat,
    })
}

/// Kills the client, and returns what it leaves behind then.
pub(crate) fn history_after_kill(client: &ClientHandle) -> Result<ClientHistory> {
    client.kill()?;
    Ok(ClientHistory {
        name: client.name().to_owned(),
        incarnations: incarnations(client)?,
        view: None,
        replica: None,
        is_complete: false,
    })
}

fn incarnations(client: &ClientHandle) -> Result<Vec<Vec<Event>>> {
    let files = client.histories().into_iter().filter(|file| file.exists());
    files.map(|file| history::read(&file)).collect()
}

/// Reads our client's replica of the server that it joined.
fn replica(client: &ClientHandle) -> Result<Option<Vec<RoomLog>>> {
    match client.kind() {
        ClientKind::SocketIo => Ok(None),
        ClientKind::IChat => {
            let mut logs = Vec::new();
            for server in std::fs::read_dir(client.data().join("servers"))? {
                logs.extend(room_log::read(&server?.path())?);
            }
            Ok(Some(logs))
        }
    }
}
