use ichat_protocol::{Body, EntryId, ErrorCode, RoomId, ServerEvent, WireError};

use super::draft;
use crate::asker::{self, Asker};
use crate::house::Shared;
use crate::writer::refusal;

/// Stops being a member. With the entry's publication all devices stop hearing of the room.
pub(super) async fn leave(house: &Shared, mut asker: Asker, room: RoomId) {
    match exit(house, &asker, room).await {
        Ok(answer) => asker.answer(&answer),
        Err(error) => asker.refuse(error),
    }
}

async fn exit(house: &Shared, asker: &Asker, room: RoomId) -> Result<ServerEvent, WireError> {
    let seat = &asker.seat;
    if room == house.lobby() {
        return Err(WireError::new(
            ErrorCode::BadRequest,
            "Everybody is in the lobby; it can't be left.",
        ));
    }
    let left = draft(seat, room, EntryId::fresh(), Body::Left);
    let outcomes = house.writer.commit(vec![left], None).await?;
    if let Some(error) = outcomes.iter().find_map(refusal) {
        return Err(error);
    }
    let summary = house
        .summary(room, &seat.member)
        .await
        .map_err(|error| asker::storage(&error))?;
    summary.map(ServerEvent::Room).ok_or_else(asker::unknown_room)
}
