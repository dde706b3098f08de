//! The classic contract: clients after the Socket.IO tutorial, unchanged.
//!
//! They emit `chat message` with a text, and perhaps an id of their own and a callback, and get everybody's `chat message`
//! with the text and its place in the lobby. One that says in its `auth` which was the last that it saw (`serverOffset`)
//! gets what it missed.

use std::sync::Arc;

use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, Entry, EntryId, ErrorCode, Seq, WireError};
use serde_json::Value;
use uuid::Uuid;

use crate::asker::Asker;
use crate::audience::Circle;
use crate::events::{self, ReadArguments};
use crate::house::Shared;
use crate::publish::Work;
use crate::seat::Seat;
use crate::writer::{Job, Then};

/// The one event of the classic contract, both ways.
pub(crate) const EVENT: &str = "chat message";

/// How many of a client's own ids' bytes count; theirs are made of a socket's id and a counter.
const ID_BYTES: usize = 256;

/// Takes a `chat message` for the lobby.
pub(crate) async fn say(house: &Shared, mut asker: Asker, arguments: ReadArguments) {
    let (text, own_id) = match read(arguments) {
        Ok(read) => read,
        Err(error) => return asker.refuse(error),
    };
    let body = Body::Message { text, reply_to: None };
    if let Err(error) = body.check() {
        return asker.refuse(error);
    }
    let Body::Message { text, .. } = &body else { return };
    let id = own_id.map_or_else(EntryId::fresh, |own| entry_id(house, &own, text));
    let room = house.lobby();
    asker.room = Some(room);
    let drafts = events::with_guest_joined(house, &asker.seat, events::draft(&asker.seat, room, id, body));
    house
        .writer
        .hand_in(Job {
            drafts,
            then: Then::Chat(asker),
        })
        .await;
}

fn read(arguments: ReadArguments) -> Result<(String, Option<String>), WireError> {
    let wrong = |message: &str| WireError::new(ErrorCode::BadRequest, message);
    let mut arguments = arguments
        .ok_or_else(|| wrong("The arguments are not JSON."))?
        .into_iter();
    let Some(Value::String(text)) = arguments.next() else {
        return Err(wrong("A \"chat message\" is one text, and perhaps an id for it."));
    };
    let own_id = match arguments.next() {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if id.len() <= ID_BYTES => Some(id),
        Some(Value::Number(id)) => Some(id.to_string()),
        Some(_) => return Err(wrong("The id of a \"chat message\" is a short text or a number.")),
    };
    match arguments.next() {
        None => Ok((text, own_id)),
        Some(_) => Err(wrong(
            "A \"chat message\" has at most two arguments: the text, and an id for it.",
        )),
    }
}

/// The client repeats a message with the same id of its own after it has connected anew, as another guest. So the entry's
/// id is made without the person; the text is in it because careless clients all count from 0.
fn entry_id(house: &Shared, own: &str, text: &str) -> EntryId {
    EntryId(Uuid::new_v5(&house.lobby().0, format!("{own}\n{text}").as_bytes()))
}

/// The end of a catch-up.
pub(crate) struct Replay {
    seat: Arc<Seat>,
    after: Seq,
}

/// Tells what a client missed after `offset`, and from then on everything, in order, nothing twice.
pub(crate) async fn catch_up(house: &Shared, seat: &Arc<Seat>, offset: u64) {
    let mut after = Seq(offset);
    // All but the last page is told from here, at the client's own speed.
    while let Some(published) = house.published.head(house.lobby())
        && published.seq > Seq(after.0.saturating_add(u64::from(MAX_PAGE_ENTRIES)))
        && !seat.gone.is_cancelled()
    {
        let entries = missed(house, after, published.seq).await;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        for entry in entries {
            if let Body::Message { text, .. } = entry.body {
                seat.tell_raw_patiently(EVENT, &(text, entry.seq)).await;
            }
        }
    }
    // The last page goes out between two broadcasts: what was published is in it, what will be published is not.
    let replay = Replay {
        seat: Arc::clone(seat),
        after,
    };
    house.publisher.hand_in(Work::Replay(replay)).await;
}

/// Tells the last page, and subscribes. Called by the publisher.
pub(crate) async fn finish(house: &Shared, Replay { seat, after }: Replay) {
    if let Some(published) = house.published.head(house.lobby()) {
        for entry in missed(house, after, published.seq).await {
            if let Body::Message { text, .. } = entry.body {
                seat.tell_raw(EVENT, &(text, entry.seq));
            }
        }
    }
    house.audience.follow(house.lobby(), &seat);
    house.audience.join(Circle::Classic, &seat);
}

/// One page of the lobby after `after`, as far as it is published.
async fn missed(house: &Shared, after: Seq, published: Seq) -> Vec<Entry> {
    match house
        .store
        .page(house.lobby(), Some(published.next()), Some(after), MAX_PAGE_ENTRIES)
        .await
    {
        Ok(page) => page.map(|page| page.entries).unwrap_or_default(),
        Err(error) => {
            tracing::error!(%error, "a client could not be told what it missed");
            Vec::new()
        }
    }
}
