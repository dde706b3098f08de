//! A client that has joined one server, with what the subcommands need to know of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::slice;
use std::time::Duration;

use ichat_client::session::{Command, ConnectionStatus, Update};
use ichat_client::{Address, Client, ClientUpdate, UnsentMark, Updates};
use ichat_protocol::limits::{MAX_MENTIONS, MAX_NAME_CHARS};
use ichat_protocol::{
    ClientEventKind, Entry, ErrorCode, Hello, Member, MemberId, Name, RoomChange, RoomId, RoomList, RoomSummary, Seq,
    ServerId, WireError,
};
use tokio::time::Instant;

use crate::args::Args;

/// The words after an `@` that are looked for as the beginning of a name.
const MAX_NAME_WORDS: usize = 3;
/// The time to wait for the names of members before entries are printed without them.
const NAMES_TIMEOUT: Duration = Duration::from_secs(2);

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
    /// The rooms that have more members than are known.
    partly_known: BTreeSet<RoomId>,
    /// The last entry of each room seen so far.
    pub(crate) heads: BTreeMap<RoomId, Seq>,
    reset_rooms: BTreeSet<RoomId>,
}

impl CliSession {
    /// Joins the server and waits for its `hello`.
    pub(crate) async fn start(args: &Args, address: &Address) -> Result<Self, WireError> {
        let dir = args.data.clone().or_else(default_folder).ok_or_else(|| {
            WireError::new(
                ErrorCode::Other,
                "There is no home folder here. Name a data folder with --data.",
            )
        })?;
        let (client, mut updates, unsent) = Client::open_in_parallel(&dir, args.name.as_ref())
            .map_err(|error| WireError::new(ErrorCode::Storage, error.to_string()))?;
        let server = client
            .join(slice::from_ref(address))
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
            hello: *hello,
            connection_problem,
            names: BTreeMap::new(),
            members: BTreeMap::new(),
            partly_known: BTreeSet::new(),
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

    /// Returns a part of the list of the server's rooms: of all, or of those that have a text in their name, topic or id.
    pub(crate) async fn list_rooms(
        &mut self,
        query: Option<&str>,
        after: Option<RoomId>,
    ) -> Result<RoomList, WireError> {
        loop {
            if let Some(list) = self.request_rooms(query, after).await? {
                return Ok(list);
            }
        }
    }

    /// Requests a part of the list of rooms. `None` means that the connection was lost, and the request with it. There is a new
    /// one then.
    async fn request_rooms(
        &mut self,
        query: Option<&str>,
        after: Option<RoomId>,
    ) -> Result<Option<RoomList>, WireError> {
        let query = query.map(str::to_owned);
        self.command(Command::Browse { query, after }).await?;
        let listed = self.wait_for(|update| {
            if let Update::Directory(list) = update {
                return Some(Ok(Some(list.clone())));
            }
            if let Update::Hello(_) = update {
                return Some(Ok(None));
            }
            refusal_of(ClientEventKind::Rooms, None, update).map(Err)
        });
        listed.await?
    }

    /// Finds a room by its name or id. `None` means the lobby.
    pub(crate) async fn find_room(&mut self, wanted: Option<&str>) -> Result<RoomSummary, WireError> {
        let Some(wanted) = wanted else {
            let found = self.hello.rooms.iter().find(|room| room.id == self.hello.lobby);
            return found
                .cloned()
                .ok_or_else(|| WireError::new(ErrorCode::UnknownRoom, "The server shows no lobby."));
        };
        // Those that are called so are the first.
        let rooms = self.list_rooms(Some(wanted), None).await?.rooms;
        let has_id = |room: &&RoomSummary| wanted.parse::<RoomId>().is_ok_and(|id| id == room.id);
        let has_name = |room: &&RoomSummary| room.name.as_str().to_lowercase() == wanted.to_lowercase();
        if let Some(room) = rooms.iter().find(has_id) {
            return Ok(room.clone());
        }
        let found: Vec<_> = rooms.iter().filter(has_name).collect();
        let message = match found.as_slice() {
            [room] => return Ok((*room).clone()),
            [] => {
                let list = self.list_rooms(None, None).await?;
                let names: Vec<_> = list.rooms.iter().map(|room| room.name.to_string()).take(20).collect();
                let rest = if list.more || list.rooms.len() > names.len() {
                    " and others"
                } else {
                    ""
                };
                format!("There is no room \"{wanted}\". There are: {}{rest}.", names.join(", "))
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

    /// Returns the members of a room who may be mentioned in a text: those whose names begin like what follows an `@`.
    pub(crate) async fn mentionable(&mut self, room: RoomId, text: &str) -> Result<&[Member], WireError> {
        loop {
            for beginning in beginnings_of_names(text) {
                let query = beginning.to_owned();
                self.command(Command::FindMembers { room, query }).await?;
            }
            // The server answers in order, so the answer to this follows those.
            if self.request_rooms(None, None).await?.is_some() {
                break;
            }
        }
        Ok(self.members.get(&room).map_or(&[], Vec::as_slice))
    }

    /// Waits for the names of the authors of entries, where the session doesn't have all members of the room.
    pub(crate) async fn wait_for_names(&mut self, room: RoomId, entries: &[Entry]) -> Result<(), WireError> {
        let is_named = |entry: &Entry| self.names.contains_key(&entry.author);
        if !self.partly_known.contains(&room) || entries.iter().all(is_named) {
            return Ok(());
        }
        let is_answer =
            |update: &Update| matches!(update, Update::Members { room: of, .. } if *of == room).then_some(());
        match tokio::time::timeout(NAMES_TIMEOUT, self.wait_for(is_answer)).await {
            Ok(answered) => answered,
            // Without the names, the entries are printed with parts of the authors' keys.
            Err(_) => Ok(()),
        }
    }

    /// Ends the session. When this returns, everything is on disk, and the data folder is marked only if a post waits there.
    pub(crate) async fn end(self) {
        self.client.shutdown_marked(&self.unsent).await;
    }

    fn track(&mut self, update: &Update) {
        match update {
            Update::Members { room, members, partial } => {
                if *partial {
                    self.partly_known.insert(*room);
                } else {
                    self.partly_known.remove(room);
                }
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
            | Update::Directory(_)
            | Update::Outbox { .. }
            | Update::Presence { .. }
            | Update::Typing { .. }
            | Update::Refused { .. } => {}
        }
    }
}

/// Returns the beginnings of the names that a text may mention: the first words that follow each `@`.
fn beginnings_of_names(text: &str) -> BTreeSet<&str> {
    let names = text.split('@').skip(1).take(MAX_MENTIONS);
    let beginnings = names.flat_map(|name| {
        let first = name.chars().next().filter(|c| !c.is_alphanumeric());
        let word_ends = name.char_indices().zip(name.chars().skip(1).map(Some).chain([None]));
        let word_ends = word_ends.filter_map(|((at, c), next)| {
            let is_end = c.is_alphanumeric() && !next.is_some_and(char::is_alphanumeric);
            is_end.then_some(at + c.len_utf8())
        });
        // A name may begin with an emoji.
        let ends = first
            .map(char::len_utf8)
            .into_iter()
            .chain(word_ends.take(MAX_NAME_WORDS));
        ends.map(|end| &name[..end]).collect::<Vec<_>>()
    });
    beginnings
        .filter(|beginning| beginning.chars().count() <= MAX_NAME_CHARS && !beginning.trim().is_empty())
        .collect()
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
        if let Some(problem) = problem_in(&update) {
            problem.trim_end_matches('.').clone_into(connection_problem);
        }
        if let Update::Connection(ConnectionStatus::Refused { error, .. }) = update {
            return Err(error);
        }
        return Ok(update);
    }
}

/// Returns why the server doesn't do what it was asked for, if the update says so and the session tries again by itself.
fn problem_in(update: &Update) -> Option<&str> {
    if let Update::Connection(ConnectionStatus::Reconnecting { message, .. }) = update {
        return message.as_deref();
    }
    // A post that is refused for good has an id, and leaves the outbox.
    if let Update::Refused {
        event, id: None, error, ..
    } = update
        && *event == ClientEventKind::Post.name()
    {
        return Some(&error.message);
    }
    None
}

fn default_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "ichat-cli")?;
    Some(folders.data_dir().to_owned())
}
