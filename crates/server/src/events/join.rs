use ichat_protocol::{Body, EntryId, RoomId, ServerEvent, WireError};

use super::{draft, open};
use crate::asker::{self, Asker};
use crate::house::Shared;
use crate::writer::refusal;

/// Becomes a member, and sees the room from then on. Joining again only shows it again.
pub(super) async fn join(house: &Shared, mut asker: Asker, room: RoomId) {
    let summary = match enter(house, &asker, room).await {
        Ok(summary) => summary,
        Err(error) => return asker.refuse(error),
    };
    asker.answer_patiently(&summary).await;
    if let Err(error) = open(house, &mut asker, room).await {
        asker.refuse(error);
    }
}

async fn enter(house: &Shared, asker: &Asker, room: RoomId) -> Result<ServerEvent, WireError> {
    let seat = &asker.seat;
    let is_member = house
        .may_see(room, &seat.member)
        .await
        .map_err(|error| asker::storage(&error))?;
    if !is_member {
        let name = house.people.name(&seat.member).ok_or_else(asker::closing)?;
        let joined = draft(seat, room, EntryId::fresh(), Body::Joined { name });
        let outcomes = house.writer.commit(vec![joined], None).await?;
        if let Some(error) = outcomes.iter().find_map(refusal) {
            return Err(error);
        }
    }
    let summary = house
        .summary(room, &seat.member)
        .await
        .map_err(|error| asker::storage(&error))?;
    summary.map(ServerEvent::Room).ok_or_else(asker::unknown_room)
}
