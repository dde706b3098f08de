use std::collections::BTreeMap;

use ichat_protocol::limits::{MAX_PAGE_ENTRIES, MAX_SYNC_ROOMS};
use ichat_protocol::{ErrorCode, Head, Heads, Refused, Reset, RoomId, ServerEvent, Sync, WireError};

use super::{check_member, head, open, tell_page};
use crate::asker::Asker;
use crate::house::Shared;
use crate::shelf::Range;

/// Subscribes, and tells what is missing. Each room is answered with pages up to the head (an empty one when nothing is
/// missing) or with a reset; an acknowledgement comes after all of them and holds the heads.
pub(super) async fn sync(house: &Shared, mut asker: Asker, Sync { rooms }: Sync) {
    if rooms.len() > MAX_SYNC_ROOMS {
        let message = format!(
            "One sync names at most {MAX_SYNC_ROOMS} rooms; this one names {}.",
            rooms.len()
        );
        return asker.refuse(WireError::new(ErrorCode::TooLarge, message));
    }
    let mut heads = BTreeMap::new();
    for (room, held) in rooms {
        match sync_room(house, &mut asker, room, held).await {
            Ok(()) => heads.extend(house.published.head(room).map(|head| (room, head))),
            Err(error) => {
                let refused = Refused {
                    event: asker.event.clone(),
                    room: Some(room),
                    id: None,
                    error,
                };
                asker.seat.tell_patiently(&ServerEvent::Refused(refused)).await;
            }
        }
        if asker.seat.gone.is_cancelled() {
            return;
        }
    }
    if asker.ack.is_some() {
        asker.answer(&ServerEvent::Heads(Heads { heads }));
    }
}

async fn sync_room(house: &Shared, asker: &mut Asker, room: RoomId, held: Option<Head>) -> Result<(), WireError> {
    check_member(house, room, asker).await?;
    let Some(held) = held else {
        return open(house, asker, room).await;
    };
    // First the subscription, then the head: what is committed in between comes as a broadcast, as a page, or as both.
    #[cfg(feature = "broken")]
    if ichat_store::broken::Broken::HeadBeforeJoin.is_wanted() {
        return broken::sync_room(house, asker, room, held).await;
    }
    house.audience.follow(room, &asker.seat);
    let now = head(house, room).await?;
    if held.epoch != now.epoch || held.seq > now.seq {
        asker
            .seat
            .tell_patiently(&ServerEvent::Reset(Reset { room, head: now }))
            .await;
        return open(house, asker, room).await;
    }
    let mut after = held.seq;
    loop {
        // As of `now`: what changes a page after it comes as a broadcast, for the subscription stands.
        let missing = Range {
            room,
            head: now,
            before: None,
            after: Some(after),
            limit: MAX_PAGE_ENTRIES,
        };
        let page = house.shelf.page(&house.store, missing).await?;
        tell_page(&asker.seat, &page).await;
        match page.last {
            Some(last) if last < now.seq && !asker.seat.gone.is_cancelled() => after = last,
            _ => return Ok(()),
        }
    }
}

/// The resume that is wrong on purpose: see [`ichat_store::broken`].
#[cfg(feature = "broken")]
mod broken {
    use ichat_store::broken::WINDOW;

    use super::{Asker, Head, MAX_PAGE_ENTRIES, Range, RoomId, Shared, WireError, head, tell_page};

    pub(super) async fn sync_room(
        house: &Shared,
        asker: &mut Asker,
        room: RoomId,
        held: Head,
    ) -> Result<(), WireError> {
        let now = head(house, room).await?;
        let missing = Range {
            room,
            head: now,
            before: None,
            after: Some(held.seq),
            limit: MAX_PAGE_ENTRIES,
        };
        let page = house.shelf.page(&house.store, missing).await?;
        tell_page(&asker.seat, &page).await;
        tokio::time::sleep(WINDOW).await;
        house.audience.follow(room, &asker.seat);
        Ok(())
    }
}
