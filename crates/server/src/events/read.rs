use ichat_protocol::{ErrorCode, Read, ServerEvent, WireError};

use super::check_member;
use crate::asker::{self, Asker};
use crate::house::Shared;

/// Keeps how far somebody has read, and tells their other devices.
pub(super) async fn read(house: &Shared, asker: Asker, read: Read) {
    if let Err(error) = keep(house, &asker, read).await {
        return asker.refuse(error);
    }
    for seat in house.people.seats_of(&asker.seat.member) {
        if seat.socket.id != asker.seat.socket.id {
            seat.tell(&ServerEvent::Read(read));
        }
    }
}

async fn keep(house: &Shared, asker: &Asker, Read { room, seq }: Read) -> Result<(), WireError> {
    check_member(house, room, asker).await?;
    let head = house.store.head(room).await.map_err(|error| asker::storage(&error))?;
    let head = head.ok_or_else(asker::unknown_room)?;
    if seq > head.seq {
        let message = format!("The room has {} entries; nobody can have read entry {seq}.", head.seq);
        return Err(WireError::new(ErrorCode::BadRequest, message));
    }
    let kept = house.store.set_read(room, &asker.seat.member, seq).await;
    kept.map_err(|error| asker::storage(&error))
}
