use ichat_protocol::limits::PAGE_ENTRIES;
use ichat_protocol::{History, ServerEvent};

use super::{check_member, page};
use crate::asker::Asker;
use crate::house::Shared;

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
    match page(house, room, before, after, limit.unwrap_or(PAGE_ENTRIES)).await {
        Ok(page) => asker.answer_patiently(&ServerEvent::Page(page)).await,
        Err(error) => asker.refuse(error),
    }
}
