//! A client that has joined one server, with what the subcommands need to know of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use ichat_client::session::{Command, ConnectionStatus, Update};
use ichat_client::{Client, ClientUpdate, UnsentMark, Updates};
use ichat_protocol::{
    ClientEventKind, Entry, ErrorCode, Hello, Member, MemberId, Name, RoomChange, RoomId, RoomSummary, Seq, ServerId,
    WireError,
};
use tokio::time::Instant;

use crate::args::Args;

pub(crate) struct CliSession {
    client: Client,
    updates: Updates,
    unsent: UnsentMark,
    server: ServerId,
    deadline: Option<Instant>,
    hello: Hello,
    /// The reason that is shown if the server does not answer in time.
    connection_problem: String,
    /// The names of the members seen so far.
    pub(crate) names: BTreeMap<MemberId, Name>,
    /// The members of each room, as last listed.
    members: BTreeMap<RoomId, Vec<Member>>,
    /// The last entry of each room seen so far.
    pub(crate) heads: BTreeMap<RoomId, Seq>,
    reset_rooms: BTreeSet<RoomId>,
}

impl CliSession {
    /// Joins the server and waits for its `hello`.
    pub(crate) async fn start(args: &Args) -> Result<Self, WireError> {
        let dir = args.data.clone().or_else(default_folder).ok_or_else(|| {
            WireError::new(
                ErrorCode::Other,
                "There is no home folder here. Name a data folder with --data.",
            )
        })?;
        let (client, mut updates, unsent) = Client::open_in_parallel(&dir, args.name.as_ref())
            .map_err(|error| WireError::new(ErrorCode::Storage, error.to_string()))?;
        let server = client
            .join(&[args.subcommand.address().clone()])
            .await
            .map_err(|error| error.to_wire())?;
        let deadline = args.timeout().map(|timeout| Instant::now() + timeout);
        let mut connection_problem = String::from("it does not answer");
        let hello = loop {
            let update = next_update(&mut updates, server, deadline, &mut connection_problem).await?;
            if let Update::Hello(hello) = update {
                break hello;
            }
        };
        Ok(Self {
            client,
            updates,
            unsent,
            server,
            deadline,
            hello,
            connection_problem,
            names: BTreeMap::new(),
            members: BTreeMap::new(),
            heads: BTreeMap::new(),
            reset_rooms: BTreeSet::new(),
        })
    }

    pub(crate) async fn command(&self, command: Command) -> Result<(), WireError> {
        let done = self.client.command(self.server, command).await;
        done.map_err(|error| error.to_wire())
    }

    /// Marks the data folder as one with a post that may wait to be sent by a later command.
    pub(crate) fn mark_unsent(&self) -> Result<(), WireError> {
        let marked = self.unsent.set();
        marked.map_err(|error| {
            WireError::new(
                ErrorCode::Storage,
                format!("The data folder can't be written: {error}."),
            )
        })
    }

    /// Takes the mark back.
    pub(crate) fn clear_unsent(&self) {
        self.unsent.clear();
    }

    /// Waits for the next update of the server. Fails at the deadline.
    pub(crate) async fn next(&mut self) -> Result<Update, WireError> {
        let update = next_update(
            &mut self.updates,
            self.server,
            self.deadline,
            &mut self.connection_problem,
        )
        .await?;
        self.track(&update);
        Ok(update)
    }

    /// Waits for the first update for which `wanted` returns something.
    pub(crate) async fn wait_for<T>(&mut self, mut wanted: impl FnMut(&Update) -> Option<T>) -> Result<T, WireError> {
        loop {
            let update = self.next().await?;
            if let Some(found) = wanted(&update) {
                return Ok(found);
            }
        }
    }

    /// Returns `true` if the server has replaced the log of a room since the last call.
    pub(crate) fn take_reset(&mut self, room: RoomId) -> bool {
        self.reset_rooms.remove(&room)
    }

    /// Removes the deadline.
    pub(crate) fn wait_without_deadline(&mut self) {
        self.deadline = None;
    }

    /// Returns all rooms of the server.
    pub(crate) async fn directory(&mut self) -> Result<Vec<RoomSummary>, WireError> {
        self.command(Command::Browse).await?;
        let listed = self.wait_for(|update| {
            if let Update::Directory { rooms } = update {
                return Some(Ok(rooms.clone()));
            }
            refusal_of(ClientEventKind::Rooms, None, update).map(Err)
        });
        listed.await?
    }

    /// Finds a room by its name or id. `None` means the lobby.
    pub(crate) async fn find_room(&mut self, wanted: Option<&str>) -> Result<RoomSummary, WireError> {
        let lobby = self.hello.lobby;
        let rooms = self.directory().await?;
        let Some(wanted) = wanted else {
            let found = rooms.into_iter().find(|room| room.id == lobby);
            return found.ok_or_else(|| WireError::new(ErrorCode::UnknownRoom, "The server shows no lobby."));
        };
        let has_id = |room: &&RoomSummary| wanted.parse::<RoomId>().is_ok_and(|id| id == room.id);
        let has_name = |room: &&RoomSummary| room.name.as_str().to_lowercase() == wanted.to_lowercase();
        if let Some(room) = rooms.iter().find(has_id) {
            return Ok(room.clone());
        }
        let named: Vec<_> = rooms.iter().filter(has_name).collect();
        let message = match named.as_slice() {
            [room] => return Ok((*room).clone()),
            [] => {
                let all: Vec<_> = rooms.iter().map(|room| room.name.to_string()).take(20).collect();
                format!("There is no room \"{wanted}\". There are: {}.", all.join(", "))
            }
            several => {
                let ids: Vec<_> = several.iter().map(|room| room.id.to_string()).collect();
                let ids = ids.join(", ");
                format!("Several rooms are called \"{wanted}\". Name one by its id: {ids}.")
            }
        };
        Err(WireError::new(ErrorCode::UnknownRoom, message))
    }

    /// Joins a room and waits for the confirmation. Does nothing for a member.
    pub(crate) async fn join(&mut self, room: &RoomSummary) -> Result<(), WireError> {
        if room.joined {
            return Ok(());
        }
        let id = room.id;
        self.command(Command::Join { room: id }).await?;
        let joined = self.wait_for(|update| {
            if let Update::Rooms { rooms } = update {
                return rooms.iter().any(|room| room.id == id).then_some(Ok(()));
            }
            refusal_of(ClientEventKind::Join, Some(id), update).map(Err)
        });
        joined.await?
    }

    /// Returns the members of a room, as the server lists them.
    pub(crate) async fn members(&mut self, room: RoomId) -> Result<&[Member], WireError> {
        self.command(Command::Open { room }).await?;
        // The replica may have an older list. The server answers in order, so the answer to this follows its list.
        self.directory().await?;
        Ok(self.members.get(&room).map_or(&[], Vec::as_slice))
    }

    /// Ends the session. When this returns, everything is on disk.
    pub(crate) async fn end(self) {
        self.client.shutdown().await;
    }

    fn track(&mut self, update: &Update) {
        match update {
            Update::Members { room, members } => {
                let names = members.iter().map(|member| (member.id.clone(), member.name.clone()));
                self.names.extend(names);
                self.members.insert(*room, members.clone());
            }
            Update::Reset { room } => {
                self.heads.remove(room);
                self.reset_rooms.insert(*room);
            }
            Update::Entries {
                room, head, entries, ..
            } => {
                self.names.extend(entries.iter().filter_map(name_in));
                self.heads.insert(*room, head.seq);
            }
            Update::Connection(_)
            | Update::Hello(_)
            | Update::Rooms { .. }
            | Update::Directory { .. }
            | Update::Outbox { .. }
            | Update::Presence { .. }
            | Update::Typing { .. }
            | Update::Refused { .. } => {}
        }
    }
}

/// Returns the refusal of a request, if the update is one.
pub(crate) fn refusal_of(request: ClientEventKind, about: Option<RoomId>, update: &Update) -> Option<WireError> {
    if let Update::Refused { event, room, error, .. } = update {
        let is_meant = *event == request.name() && (about.is_none() || *room == about);
        return is_meant.then(|| error.clone());
    }
    None
}

/// Returns the author's name, if the entry sets it.
fn name_in(entry: &Entry) -> Option<(MemberId, Name)> {
    match entry.body.room_change()? {
        RoomChange::Join(name) | RoomChange::RenameMember(name) => Some((entry.author.clone(), name.clone())),
        RoomChange::Name(_) | RoomChange::Topic(_) | RoomChange::Leave => None,
    }
}

/// Waits for the next update from the session. Fails at the deadline, and if the server refuses the client.
async fn next_update(
    updates: &mut Updates,
    server: ServerId,
    deadline: Option<Instant>,
    connection_problem: &mut String,
) -> Result<Update, WireError> {
    loop {
        let update = match deadline {
            None => updates.next().await,
            Some(deadline) => tokio::time::timeout_at(deadline, updates.next()).await.map_err(|_| {
                let message = format!("Gave up waiting for the server: {connection_problem}.");
                WireError::new(ErrorCode::Other, message)
            })?,
        };
        let Some(update) = update else {
            return Err(WireError::new(ErrorCode::Closing, "I-Chat is closing."));
        };
        let update = match update {
            ClientUpdate::Session { server: of, update } if of == server => update,
            ClientUpdate::Session { .. } | ClientUpdate::Servers(_) => continue,
        };
        if let Update::Connection(ConnectionStatus::Reconnecting {
            message: Some(message), ..
        }) = &update
        {
            message.trim_end_matches('.').clone_into(connection_problem);
        }
        if let Update::Connection(ConnectionStatus::Refused { error }) = update {
            return Err(error);
        }
        return Ok(update);
    }
}

fn default_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "ichat-cli")?;
    Some(folders.data_dir().to_owned())
}
