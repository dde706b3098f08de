//! A client that has joined one server, with what the subcommands need to know of it.

mod mentions;
mod rooms;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::slice;

use ichat_client::session::{Command, ConnectionStatus, Update};
use ichat_client::{Address, Client, ClientUpdate, UnsentMark, Updates};
use ichat_protocol::{
    ClientEventKind, Entry, ErrorCode, Hello, Member, MemberId, Name, RoomChange, RoomId, Seq, ServerId, WireError,
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
    is_online: bool,
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

/// The end of a request.
enum Outcome<T> {
    Answered(Result<T, WireError>),
    /// The connection has ended, and the request with it. There is a new one.
    Lost,
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
            is_online: true,
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

    /// Sends requests and waits for the answer to the last one. Sends all of them again on the next connection, if one ends before
    /// that. The inner error is the server's refusal of the last request, which is of this kind and about this room.
    pub(crate) async fn request<T>(
        &mut self,
        commands: &[Command],
        (kind, about): (ClientEventKind, Option<RoomId>),
        answer: impl Fn(&Update) -> Option<T>,
    ) -> Result<Result<T, WireError>, WireError> {
        loop {
            while !self.is_online {
                self.next().await?;
            }
            for command in commands {
                self.command(command.clone()).await?;
            }
            let outcome = |update: &Update| {
                if let Update::Hello(_) = update {
                    return Some(Outcome::Lost);
                }
                let refusal = || refusal_of(kind, about, update).map(|error| Outcome::Answered(Err(error)));
                answer(update)
                    .map(|answer| Outcome::Answered(Ok(answer)))
                    .or_else(refusal)
            };
            match self.wait_for(outcome).await? {
                // Without a connection, the session itself refuses it.
                Outcome::Answered(Err(_)) if !self.is_online => {}
                Outcome::Answered(answer) => return Ok(answer),
                Outcome::Lost => {}
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
            Update::Connection(status) => self.is_online = *status == ConnectionStatus::Online,
            Update::Hello(_)
            | Update::Rooms { .. }
            | Update::Directory(_)
            | Update::Outbox { .. }
            | Update::Presence { .. }
            | Update::Typing { .. }
            | Update::Refused { .. } => {}
        }
    }
}

/// Returns the refusal of a request, if the update is one.
fn refusal_of(request: ClientEventKind, about: Option<RoomId>, update: &Update) -> Option<WireError> {
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
