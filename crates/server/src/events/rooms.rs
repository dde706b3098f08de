use ichat_protocol::{RoomList, ServerEvent};

use crate::asker::{self, Asker};
use crate::house::Shared;

/// Lists every room.
pub(super) async fn rooms(house: &Shared, mut asker: Asker) {
    match house.summaries(&asker.seat.member).await {
        Ok(rooms) => asker.answer_patiently(&ServerEvent::Rooms(RoomList { rooms })).await,
        Err(error) => asker.refuse(asker::storage(&error)),
    }
}
