//! The costs of requests, in units of a short post, and the budgets that pay for them.
//!
//! The defaults are chosen from what people and bots do, and each leaves room for the other devices of the same person:
//!
//! - 200 posts at once, of an app that comes back with a full outbox: 200, and 50 for its rooms
//! - 50 messages of 2 KiB that are pasted one after the other: 100
//! - a bot that answers 20 times a second, and reads a page for each answer: 60 a second
//! - somebody who scrolls through 10,000 messages as fast as they can: 200, and not more than 40 a second
//!
//! and from what the worst client may do with them: 100 short posts a second take 1 % of a core, and messages of 16 KiB come
//! down from a thousand a second to six, after a first 60. Others don't notice either.

use ichat_protocol::{Body, ClientEventKind};

/// Bytes of a packet that cost one unit. They are stored, indexed, and sent to everyone in the room.
const BYTES_PER_UNIT: usize = 1024;
/// Rooms or members in one answer that cost one unit: reading and encoding them takes as long as writing a post.
const LISTED_PER_UNIT: usize = 16;
/// Bytes of a page of `history` that cost one unit: some 80 short messages. The longest page of 512 KiB costs as much as 18 posts.
const PAGE_BYTES_PER_UNIT: usize = 32 * 1024;
/// Rooms that cost one unit when they are searched: the name and the topic of each are read.
const SEARCHED_ROOMS_PER_UNIT: usize = 256;
/// Rooms of one `sync` that cost one unit. Most have nothing new, so each is a look-up.
const SYNCED_ROOMS_PER_UNIT: usize = 8;
/// Bytes that a page of a `sync` costs at least: a unit for four empty ones.
const MIN_SYNCED_PAGE_BYTES: usize = PAGE_BYTES_PER_UNIT / 4;
/// A new connection: its signature takes as long as writing a few posts, its `hello` and the page that it reads another few.
pub(crate) const SIGN_IN: u32 = 10;
/// A new topic or name of a room, beyond its entry: it changes the list of rooms, and every device shows it.
const ROOM_CHANGE: u32 = 4;

/// Returns the cost of an event by its kind, `None` for a `chat message` or an unknown one, and the bytes of its packet.
pub(crate) fn of_packet(kind: Option<ClientEventKind>, bytes: usize) -> u32 {
    let base = match kind {
        Some(
            ClientEventKind::Post
            | ClientEventKind::Sync
            | ClientEventKind::Typing
            | ClientEventKind::Away
            | ClientEventKind::Read
            | ClientEventKind::SetName
            | ClientEventKind::Rooms
            | ClientEventKind::Members,
        )
        | None => 1,
        // A page of up to 200 entries, which costs more by its length.
        Some(ClientEventKind::History) => 2,
        // They write two or three entries, and read the room again.
        Some(ClientEventKind::Join | ClientEventKind::Leave) => 5,
        Some(ClientEventKind::Create) => 10,
    };
    base + units(bytes, BYTES_PER_UNIT)
}

/// Returns the cost of a post beyond that of its packet.
pub(crate) fn of_body(body: &Body) -> u32 {
    match body {
        Body::RoomRenamed { .. } | Body::Topic { .. } => ROOM_CHANGE,
        Body::Created { .. }
        | Body::Joined { .. }
        | Body::Left
        | Body::MemberRenamed { .. }
        | Body::Message { .. }
        | Body::Edit { .. }
        | Body::Delete { .. }
        | Body::Wiped
        | Body::React { .. }
        | Body::Unknown(_) => 0,
    }
}

/// Returns the cost of a list of rooms or members beyond that of its packet.
pub(crate) fn of_list(length: usize) -> u32 {
    units(length, LISTED_PER_UNIT)
}

/// Returns the cost of a page of `history`, of so many bytes of JSON, beyond that of its packet.
pub(crate) fn of_page(bytes: usize) -> u32 {
    units(bytes, PAGE_BYTES_PER_UNIT)
}

/// Returns the cost of a search in the names and topics of so many rooms, beyond that of its packet and of what it finds.
pub(crate) fn of_search(rooms: usize) -> u32 {
    units(rooms, SEARCHED_ROOMS_PER_UNIT)
}

/// Returns the cost of a `sync` of so many rooms beyond that of its packet.
pub(crate) fn of_synced_rooms(rooms: usize) -> u32 {
    units(rooms, SYNCED_ROOMS_PER_UNIT)
}

/// The bytes of the pages that a `sync` has sent, in all of its rooms.
#[derive(Default)]
pub(crate) struct SyncedPages(usize);

impl SyncedPages {
    /// Counts a page of so many bytes of JSON. Returns its cost, so that a client which doesn't wait for the last one pays for the
    /// others.
    pub(crate) fn count(&mut self, bytes: usize) -> u32 {
        let before = of_page(self.0);
        self.0 = self.0.saturating_add(bytes.max(MIN_SYNCED_PAGE_BYTES));
        of_page(self.0) - before
    }
}

/// Returns the cost of a new name of a member beyond that of its packet: an entry in each of their rooms.
pub(crate) fn of_rename(rooms: usize) -> u32 {
    units(rooms, 1)
}

fn units(amount: usize, per_unit: usize) -> u32 {
    u32::try_from(amount / per_unit).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    //! - what people and bots do in a burst fits into the default budget
    //! - scrolling by five pages a second leaves half of the default budget
    //! - long messages cost more
    //! - the pages of a sync cost the same, whichever rooms they are of

    use super::*;
    use crate::Config;

    /// Units that a person may spend at once, and in each second.
    fn default_budget() -> (u32, u32) {
        let rate = Config::default().max_rate_per_person;
        (10 * rate, rate)
    }

    fn post(bytes: usize) -> u32 {
        of_packet(Some(ClientEventKind::Post), bytes)
    }

    #[test]
    fn what_people_and_bots_do_fits_into_the_default_budget() {
        let (burst, rate) = default_budget();
        let rooms = of_packet(Some(ClientEventKind::Sync), 30_000) + of_synced_rooms(200);
        let returning_outbox = SIGN_IN + rooms + 200 * post(300);
        assert!(
            3 * returning_outbox <= burst,
            "three devices at once: {returning_outbox}"
        );
        assert!(50 * post(2_300) <= burst / 2);
        let answer = post(600) + of_packet(Some(ClientEventKind::History), 150);
        assert!(20 * answer <= rate, "{answer}");
    }

    #[test]
    fn scrolling_leaves_half_of_the_default_budget() {
        let (_, rate) = default_budget();
        let history = of_packet(Some(ClientEventKind::History), 150);
        // 100 messages of a few words, in JSON.
        assert!(5 * (history + of_page(100 * 450)) <= rate / 2);
        assert!(
            20 * (history + of_page(512 * 1024)) > 3 * rate,
            "long pages are a few a second"
        );
    }

    #[test]
    fn the_pages_of_a_sync_cost_the_same_whichever_rooms_they_are_of() {
        let mut pages = SyncedPages::default();
        // 1,000 rooms with three pages each.
        let cost: u32 = (0..3 * 1_000).map(|_| pages.count(0)).sum();
        assert_eq!(cost, 750);
        let long: u32 = (0..10).map(|_| pages.count(512 * 1024)).sum();
        assert_eq!(
            long,
            10 * of_page(512 * 1024),
            "long pages cost as much as those of history"
        );
    }

    #[test]
    fn long_messages_cost_more() {
        assert_eq!(post(900), 1);
        assert_eq!(post(16 * 1024 + 200), 17);
    }
}
