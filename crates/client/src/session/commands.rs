//! What the person wants.

use ichat_protocol::{
    Away, ClientEvent, Create, Entry, ErrorCode, History, InRoom, Nothing, Read, RoomId, Seq, SetName, WireError,
    limits::MAX_PAGE_ENTRIES,
};

use super::{Change, Command, Effect, LogRange, OutboxItem, OutboxState, Session, Update, out::Out};

impl Session {
    pub(super) fn command(&mut self, now: u64, command: Command, out: &mut Out) {
        match command {
            Command::Send {
                room,
                id,
                body,
                written,
            } => {
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
                };
                if self.outbox.push(item.clone()) {
                    out.save(Change::Outbox(item));
                    self.typing.said(room);
                }
            }
            Command::Retry { id } => self.outbox.retry(id, out),
            Command::Discard { id } if self.outbox.is_under_way(id) => {
                out.up(Update::Refused {
                    event: "post".into(),
                    room: None,
                    error: WireError::new(ErrorCode::Other, "It is already on its way and can't be taken back."),
                });
            }
            Command::Discard { id } => self.outbox.discard(id, out),
            Command::Create { room, name, topic } => {
                if self.ask_server(ClientEvent::Create(Create { room, name, topic }), Some(room), out) {
                    self.wishes.created.insert(room);
                }
            }
            Command::Browse => {
                self.ask_server(ClientEvent::Rooms(Nothing {}), None, out);
            }
            Command::Join { room } => {
                self.ask_server(ClientEvent::Join(InRoom { room }), Some(room), out);
            }
            Command::Leave { room } => {
                self.ask_server(ClientEvent::Leave(InRoom { room }), Some(room), out);
            }
            Command::Open { room } => self.open(room, out),
            Command::History { room, range } => load_range(room, range, out),
            Command::Typing { room, on } if self.line.is_online() => self.typing.own(now, room, on, out),
            // Typing means nothing without a connection.
            Command::Typing { .. } => {}
            Command::Read { room, seq } => self.read_here(Read { room, seq }, out),
            Command::Away { away } => {
                self.wishes.away = away;
                if self.line.is_online() {
                    out.emit(ClientEvent::Away(Away { away }));
                }
            }
            Command::SetName { name } => {
                self.wishes.name = Some(name.clone());
                if self.line.is_online() {
                    out.emit(ClientEvent::SetName(SetName { name }));
                }
            }
        }
    }

    /// The answer to [`Effect::Load`]. What the replica does not hold of the range is asked of the server.
    pub(super) fn loaded(
        &mut self,
        room: RoomId,
        range: LogRange,
        entries: Vec<Entry>,
        later: Vec<Entry>,
        out: &mut Out,
    ) {
        let (entries, later) = if begins_right(range, &entries) {
            (entries, later)
        } else {
            (Vec::new(), Vec::new())
        };
        self.looked_back(room, &entries);
        let Some(known) = self.rooms.get(&room) else {
            return;
        };
        // Where nothing is held yet, the newest page is on its way.
        let asks = self.line.is_online() && known.is_joined() && known.log.epoch().is_some();
        let missing = if asks {
            missing(range, &entries, known.summary().head.seq)
        } else {
            None
        };
        // Nothing at all is told as well: whoever waits for the range learns that there is none now.
        if !entries.is_empty() || missing.is_none() {
            self.tell_entries(room, entries, later, out);
        }
        if let Some(LogRange { before, after, limit }) = missing {
            out.emit(ClientEvent::History(History {
                room,
                before,
                after,
                limit: Some(limit),
            }));
        }
    }

    fn open(&mut self, room: RoomId, out: &mut Out) {
        let Some(known) = self.rooms.get_mut(&room) else {
            return;
        };
        if !known.members.is_empty() {
            let members = known.members.clone();
            out.up(Update::Members { room, members });
        }
        if self.line.is_online() && known.is_joined() && !known.members_asked {
            known.members_asked = true;
            out.emit(ClientEvent::Members(InRoom { room }));
        }
        let newest = LogRange {
            before: None,
            after: None,
            limit: MAX_PAGE_ENTRIES,
        };
        load_range(room, newest, out);
    }

    fn read_here(&mut self, read: Read, out: &mut Out) {
        if !self.read(read, out) {
            return;
        }
        if self.line.is_online() {
            out.emit(ClientEvent::Read(read));
        } else {
            self.wishes.read.insert(read.room, read.seq);
        }
    }

    /// Emits what only makes sense now; false, and told, if there is no connection.
    fn ask_server(&mut self, event: ClientEvent, room: Option<RoomId>, out: &mut Out) -> bool {
        if self.line.is_online() {
            out.emit(event);
            return true;
        }
        out.up(Update::Refused {
            event: event.name().into(),
            room,
            error: WireError::new(
                ErrorCode::Other,
                "There is no connection to the server. Try again when it is back.",
            ),
        });
        false
    }
}

fn load_range(room: RoomId, range: LogRange, out: &mut Out) {
    let limit = range.limit.clamp(1, MAX_PAGE_ENTRIES);
    let range = LogRange { limit, ..range };
    out.0.push(Effect::Load { room, range });
}

/// Whether these are the first entries of the range: a replica that begins further up has none of it.
fn begins_right(range: LogRange, entries: &[Entry]) -> bool {
    let first = entries.first().map(|entry| entry.seq);
    range
        .after
        .is_none_or(|after| first.is_none_or(|first| first <= after.next()))
}

/// What is left of a range after these entries of it, in a log that goes up to `head`.
fn missing(range: LogRange, entries: &[Entry], head: Seq) -> Option<LogRange> {
    let got = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let limit = range.limit.saturating_sub(got);
    if limit == 0 {
        return None;
    }
    if let Some(after) = range.after {
        let after = entries.last().map_or(after, |entry| entry.seq);
        let end = range.before.map_or(head.next(), |before| before.min(head.next()));
        let after_all = after.next() >= end;
        return (!after_all).then_some(LogRange {
            before: range.before,
            after: Some(after),
            limit,
        });
    }
    let before = entries.first().map(|entry| entry.seq).or(range.before);
    let at_start = before.is_some_and(|before| before <= Seq(1));
    (!at_start).then_some(LogRange {
        before,
        after: None,
        limit,
    })
}
