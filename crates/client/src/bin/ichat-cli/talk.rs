//! A client that has joined one server, and what it is told from there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ichat_client::session::{Command, ConnectionStatus, Update};
use ichat_client::{Client, ClientUpdate, Updates};
use ichat_protocol::{Body, Entry, ErrorCode, Hello, MemberId, Name, RoomId, RoomSummary, Seq, ServerId, WireError};
use tokio::time::Instant;

use crate::args::Args;

pub(crate) struct Talk {
    client: Client,
    updates: Updates,
    server: ServerId,
    deadline: Option<Instant>,
    /// Why the server is not reached, as far as known.
    trouble: String,
    pub(crate) hello: Hello,
    /// Under which names people go, as far as seen.
    pub(crate) names: BTreeMap<MemberId, Name>,
    /// How far the rooms go, as far as told.
    pub(crate) heads: BTreeMap<RoomId, Seq>,
}

impl Talk {
    /// Joins the server, and waits until the session is in step.
    pub(crate) async fn start(args: &Args) -> Result<Self, WireError> {
        let dir = args.data.clone().or_else(default_folder).ok_or_else(|| {
            WireError::new(
                ErrorCode::Other,
                "There is no home folder here. Say with --data where to keep things.",
            )
        })?;
        let (client, mut updates) = Client::open(&dir, args.name.clone())
            .map_err(|error| WireError::new(ErrorCode::Storage, error.to_string()))?;
        let server = client
            .join(&[args.what.address().clone()])
            .await
            .map_err(|error| error.to_wire())?;
        let deadline = args.patience().map(|patience| Instant::now() + patience);
        let mut trouble = String::from("it does not answer");
        let hello = loop {
            match next(&mut updates, server, deadline, &mut trouble).await? {
                Update::Hello(hello) => break hello,
                Update::Connection(ConnectionStatus::Refused { error }) => return Err(error),
                _ => {}
            }
        };
        Ok(Self {
            client,
            updates,
            server,
            deadline,
            trouble,
            hello,
            names: BTreeMap::new(),
            heads: BTreeMap::new(),
        })
    }

    pub(crate) async fn command(&self, command: Command) -> Result<(), WireError> {
        let done = self.client.command(self.server, command).await;
        done.map_err(|error| error.to_wire())
    }

    /// What is told next; an error when the server stays away for too long.
    pub(crate) async fn next(&mut self) -> Result<Update, WireError> {
        let update = next(&mut self.updates, self.server, self.deadline, &mut self.trouble).await?;
        self.learn(&update);
        Ok(update)
    }

    /// Waits for what `wanted` takes.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(&Update) -> Option<T>) -> Result<T, WireError> {
        loop {
            let update = self.next().await?;
            if let Some(found) = wanted(&update) {
                return Ok(found);
            }
        }
    }

    /// From now on it is waited for ever.
    pub(crate) fn be_patient(&mut self) {
        self.deadline = None;
    }

    /// All rooms of the server.
    pub(crate) async fn directory(&mut self) -> Result<Vec<RoomSummary>, WireError> {
        self.command(Command::Browse).await?;
        self.until(|update| match update {
            Update::Directory { rooms } => Some(Ok(rooms.clone())),
            Update::Refused { event, error, .. } if event == "rooms" => Some(Err(error.clone())),
            _ => None,
        })
        .await?
    }

    /// The room of this name or id; the lobby for none.
    pub(crate) async fn find(&mut self, wanted: Option<&str>) -> Result<RoomSummary, WireError> {
        let lobby = self.hello.lobby;
        let rooms = self.directory().await?;
        let Some(wanted) = wanted else {
            let found = rooms.into_iter().find(|room| room.id == lobby);
            return found.ok_or_else(|| WireError::new(ErrorCode::UnknownRoom, "The server shows no lobby."));
        };
        let by_id = |room: &&RoomSummary| wanted.parse::<RoomId>().is_ok_and(|id| id == room.id);
        let by_name = |room: &&RoomSummary| room.name.as_str().to_lowercase() == wanted.to_lowercase();
        if let Some(room) = rooms.iter().find(by_id) {
            return Ok(room.clone());
        }
        let named: Vec<_> = rooms.iter().filter(by_name).collect();
        match named.as_slice() {
            [room] => Ok((*room).clone()),
            [] => {
                let all: Vec<_> = rooms.iter().map(|room| room.name.to_string()).take(20).collect();
                let text = format!("There is no room \"{wanted}\". There are: {}.", all.join(", "));
                Err(WireError::new(ErrorCode::UnknownRoom, text))
            }
            several => {
                let ids: Vec<_> = several.iter().map(|room| room.id.to_string()).collect();
                let text = format!(
                    "Several rooms are called \"{wanted}\". Name one by its id: {}.",
                    ids.join(", ")
                );
                Err(WireError::new(ErrorCode::UnknownRoom, text))
            }
        }
    }

    pub(crate) async fn join(&mut self, room: &RoomSummary) -> Result<(), WireError> {
        if room.joined {
            return Ok(());
        }
        let wanted = room.id;
        self.command(Command::Join { room: wanted }).await?;
        self.until(|update| match update {
            Update::Rooms { rooms } if rooms.iter().any(|room| room.id == wanted) => Some(Ok(())),
            Update::Refused { event, room, error } if event == "join" && *room == Some(wanted) => {
                Some(Err(error.clone()))
            }
            _ => None,
        })
        .await?
    }

    /// Ends the session; everything is on disk then.
    pub(crate) async fn end(self) {
        self.client.shutdown().await;
    }

    fn learn(&mut self, update: &Update) {
        match update {
            Update::Members { members, .. } => {
                let names = members.iter().map(|member| (member.id.clone(), member.name.clone()));
                self.names.extend(names);
            }
            Update::Entries {
                room, head, entries, ..
            } => {
                self.names.extend(entries.iter().filter_map(name_in));
                self.heads.insert(*room, head.seq);
            }
            _ => {}
        }
    }
}

fn name_in(entry: &Entry) -> Option<(MemberId, Name)> {
    match &entry.body {
        Body::Joined { name } | Body::MemberRenamed { name } => Some((entry.author.clone(), name.clone())),
        _ => None,
    }
}

async fn next(
    updates: &mut Updates,
    server: ServerId,
    deadline: Option<Instant>,
    trouble: &mut String,
) -> Result<Update, WireError> {
    loop {
        let update = match deadline {
            None => updates.next().await,
            Some(deadline) => tokio::time::timeout_at(deadline, updates.next())
                .await
                .map_err(|_| WireError::new(ErrorCode::Other, format!("Gave up waiting for the server: {trouble}.")))?,
        };
        let Some(update) = update else {
            return Err(WireError::new(ErrorCode::Closing, "I-Chat is closing."));
        };
        let ClientUpdate::Session { server: of, update } = update else {
            continue;
        };
        if of != server {
            continue;
        }
        if let Update::Connection(ConnectionStatus::Reconnecting {
            message: Some(message), ..
        }) = &update
        {
            message.trim_end_matches('.').clone_into(trouble);
        }
        return Ok(update);
    }
}

fn default_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "ichat-cli")?;
    Some(folders.data_dir().to_owned())
}
