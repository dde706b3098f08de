use ichat_protocol::History;
use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use serde_json::json;

use super::{check_member, head, tell_page};
use crate::asker::{Asker, send_ack};
use crate::house::Shared;
use crate::shelf::Range;

/// Gives a range of a room's log.
pub(super) async fn history(house: &Shared, mut asker: Asker, wanted: History) {
    let History {
        room,
        before,
        after,
        limit,
    } = wanted;
    if let Err(error) = check_member(house, room, &asker).await {
        return asker.refuse(error);
    }
    let page = async {
        let range = Range {
            room,
            head: head(house, room).await?,
            before,
            after,
            limit: limit.unwrap_or(MAX_PAGE_ENTRIES),
        };
        house.shelf.page(&house.store, range).await
    };
    match page.await {
        Ok(page) => match asker.ack.take() {
            Some(ack) => send_ack(ack, &json!({ "event": "page", "data": page.json })),
            None => tell_page(&asker.seat, &page).await,
        },
        Err(error) => asker.refuse(error),
    }
}
