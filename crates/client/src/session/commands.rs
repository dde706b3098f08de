//! The commands of the user, and the ranges of history that they load.

use ichat_protocol::{
    Away, ClientEvent, ClientEventKind, Create, Entry, EntryId, ErrorCode, FindMembers, FindRooms, InRoom, Read,
    RoomId, Seq, SetName, WireError, limits::MAX_PAGE_ENTRIES,
};

use super::{
    Change, Command, Effect, LogRange, OutboxItem, OutboxState, Session, Update, effects::Effects, members_update,
};

impl Session {
    pub(super) fn run_command(&mut self, now: u64, command: Command, effects: &mut Effects) {
        match command {
            Command::Send {
                room,
                id,
                body,
                written,
            } => {
                let body = body.canonical();
                let state = match body.check() {
                    Ok(()) => OutboxState::Sending,
                    Err(error) => OutboxState::Failed { error },
                };
                let item = OutboxItem {
                    id,
                    room,
                    body,
                    written,
                    state,
                    sent: false,
                };
                self.send(now, item, effects);
            }
            Command::Retry { id } => self.outbox.retry(id, effects),
            Command::Discard { id } => self.discard(id, effects),
            Command::Editing { id, on: true } => {
                self.outbox.start_edit(id, self.connection.is_online().then_some(now));
            }
            Command::Editing { id, on: false } => self.outbox.end_edit(id),
            Command::Create { room, name, topic } => {
                self.emit_if_online(ClientEvent::Create(Create { room, name, topic }), Some(room), effects);
            }
            Command::Browse { query, after } => {
                let joined = false;
                let find = FindRooms { joined, query, after };
                self.emit_if_online(ClientEvent::Rooms(find), None, effects);
            }
            // What is known is enough to begin with.
            Command::FindMembers { room, query } => {
                if self.connection.is_online() && self.joined_room(room).is_some() {
                    effects.emit(ClientEvent::Members(FindMembers {
                        query: Some(query),
                        ..FindMembers::first(room)
                    }));
                }
            }
            Command::Join { room } => {
                if self.emit_if_online(ClientEvent::Join(InRoom { room }), Some(room), effects) {
                    self.pending.joined.insert(room);
                }
            }
            Command::Leave { room } => {
                self.emit_if_online(ClientEvent::Leave(InRoom { room }), Some(room), effects);
            }
            Command::Open { room } => self.open(room, effects),
            Command::History { room, range } => load(room, range, effects),
            // Typing without a connection is not worth an error.
            Command::Typing { room, on } => {
                if self.connection.is_online() {
                    self.typing.report_own(now, room, on, effects);
                }
            }
            Command::Read { room, seq } => self.read(Read { room, seq }, effects),
            Command::Away { away } => {
                self.pending.away = away;
                if self.connection.is_online() {
                    effects.emit(ClientEvent::Away(Away { away }));
                }
            }
            Command::SetName { name } => {
                self.pending.name = Some(name.clone());
                if self.connection.is_online() {
                    effects.emit(ClientEvent::SetName(SetName { name }));
                }
            }
        }
    }

    /// Handles the answer to [`Effect::Load`]: reports the entries, and requests from the server what the replica lacks.
    pub(super) fn on_loaded(
        &mut self,
        room: RoomId,
        range: LogRange,
        entries: Vec<Entry>,
        later: Vec<Entry>,
        effects: &mut Effects,
    ) {
        let (entries, later) = if starts_at_lower_bound(range, &entries) {
            (entries, later)
        } else {
            (Vec::new(), Vec::new())
        };
        self.extend_unread_back(room, &entries);
        let Some(known) = self.rooms.get(&room) else {
            return;
        };
        // While nothing is known of the room, its newest page is on its way. Any other place has to be requested.
        let is_on_its_way = known.log.epoch().is_none() && range.is_newest();
        let can_request = self.connection.is_online() && known.is_joined() && !is_on_its_way;
        let missing = if can_request {
            missing(range, &entries, known.summary().head.seq)
        } else {
            None
        };
        // An empty result is reported as well: the interface must not wait for entries that do not exist.
        if !entries.is_empty() || missing.is_none() {
            self.notify_entries(room, entries, later, effects);
        }
        if let Some(missing) = missing {
            effects.emit(ClientEvent::History(missing.request(room)));
        }
    }

    /// Handles an answer to [`Effect::Load`] that the replica could not give: replaces the room's log by the server's. Without
    /// a connection the rest of the log is worth keeping.
    pub(super) fn on_damaged(&mut self, now: u64, room: RoomId, range: LogRange, effects: &mut Effects) {
        if !self.connection.is_online() || !self.replace_log(now, room, effects) {
            return self.on_loaded(room, range, Vec::new(), Vec::new(), effects);
        }
        // The newest page is on its way.
        if !range.is_newest() {
            effects.emit(ClientEvent::History(range.request(room)));
        }
    }

    fn send(&mut self, now: u64, mut item: OutboxItem, effects: &mut Effects) {
        // A text that can't be accepted is refused by itself, and leaves the message as it is.
        if item.state == OutboxState::Sending && self.outbox.merge(&item, effects) {
            return;
        }
        // It is stored once, as it will be at the end of this step.
        item.sent =
            item.state == OutboxState::Sending && self.connection.is_online() && self.outbox.sends_next(now, item.room);
        if self.outbox.push(item.clone()) {
            if item.body.properties().counts_as_unread {
                self.typing.message_sent(item.room);
            }
            effects.save(Change::Outbox(item));
        }
    }

    fn discard(&mut self, id: EntryId, effects: &mut Effects) {
        if !self.outbox.may_be_committed(id) {
            self.outbox.withdraw(id, effects);
            return;
        }
        effects.notify(Update::Refused {
            event: ClientEventKind::Post.name().into(),
            room: self.outbox.room_of(id),
            id: None,
            error: WireError::new(ErrorCode::Other, "It is already on its way and can't be taken back."),
        });
    }

    fn open(&mut self, room: RoomId, effects: &mut Effects) {
        let Some(known) = self.rooms.get_mut(&room) else {
            return;
        };
        if !known.members.is_empty() {
            effects.notify(members_update(room, known));
        }
        if self.connection.is_online() && known.is_joined() {
            known.members.request_list(room, effects);
        }
        load(room, LogRange::newest(MAX_PAGE_ENTRIES), effects);
    }

    /// Moves the read marker and sends it to the server, now or after the next `hello`.
    fn read(&mut self, read: Read, effects: &mut Effects) {
        if !self.move_read_marker(read) {
            return;
        }
        let Read { room, seq } = read;
        let pending = !self.connection.is_online();
        effects.save(Change::Read { room, seq, pending });
        if pending {
            self.pending.read.insert(room, seq);
        } else {
            effects.emit(ClientEvent::Read(read));
        }
    }

    /// Handles a request that the server was too busy for until the connection ended. The next connection gets the read marker
    /// from here; it gets the name and the absence anyway, and the interface repeats the loads. The user repeats the others.
    pub(super) fn outlive_connection(&mut self, event: &ClientEvent, effects: &mut Effects) {
        let room = match event {
            ClientEvent::Read(Read { room, seq }) => {
                self.pending.read.insert(*room, *seq);
                effects.save(Change::Read {
                    room: *room,
                    seq: *seq,
                    pending: true,
                });
                return;
            }
            ClientEvent::Create(Create { room, .. })
            | ClientEvent::Join(InRoom { room })
            | ClientEvent::Leave(InRoom { room }) => *room,
            ClientEvent::Rooms(_)
            | ClientEvent::Members(_)
            | ClientEvent::History(_)
            | ClientEvent::Away(_)
            | ClientEvent::SetName(_)
            | ClientEvent::Post(_)
            | ClientEvent::Sync(_)
            | ClientEvent::Typing(_) => return,
        };
        notify_not_connected(event, Some(room), effects);
    }

    /// Emits an event that makes sense only now. Without a connection it reports a refusal and returns false.
    fn emit_if_online(&mut self, event: ClientEvent, room: Option<RoomId>, effects: &mut Effects) -> bool {
        if self.connection.is_online() {
            effects.emit(event);
            return true;
        }
        notify_not_connected(&event, room, effects);
        false
    }
}

/// Reports a request as refused, because there is no connection to send it on.
fn notify_not_connected(event: &ClientEvent, room: Option<RoomId>, effects: &mut Effects) {
    effects.notify(Update::Refused {
        event: event.name().into(),
        room,
        id: None,
        error: WireError::new(
            ErrorCode::Other,
            "There is no connection to the server. Try again when it is back.",
        ),
    });
}

fn load(room: RoomId, range: LogRange, effects: &mut Effects) {
    let limit = range.limit.clamp(1, MAX_PAGE_ENTRIES);
    let range = LogRange { limit, ..range };
    effects.push(Effect::Load { room, range });
}

/// Returns whether the entries begin at the range's lower bound. A replica that begins further up has nothing of the range.
fn starts_at_lower_bound(range: LogRange, entries: &[Entry]) -> bool {
    let first = entries.first().map(|entry| entry.seq);
    range
        .after
        .is_none_or(|after| first.is_none_or(|first| first <= after.next()))
}

/// Returns the rest of a range behind these entries, in a log that ends at `head`.
fn missing(range: LogRange, entries: &[Entry], head: Seq) -> Option<LogRange> {
    if range.around.is_some() {
        return entries.is_empty().then_some(range);
    }
    let loaded = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let limit = range.limit.saturating_sub(loaded);
    if limit == 0 {
        return None;
    }
    if let Some(after) = range.after {
        let after = entries.last().map_or(after, |entry| entry.seq);
        let end = range.before.map_or(head.next(), |before| before.min(head.next()));
        let is_complete = after.next() >= end;
        return (!is_complete).then_some(LogRange {
            before: range.before,
            ..LogRange::after(after, limit)
        });
    }
    let before = entries.first().map(|entry| entry.seq).or(range.before);
    let is_complete = before.is_some_and(|before| before <= Seq(1));
    (!is_complete).then_some(LogRange {
        before,
        ..LogRange::newest(limit)
    })
}
