use std::sync::Arc;

use ichat_protocol::{Body, Create, EntryId, ErrorCode, ServerEvent, WireError};
use uuid::Uuid;

use super::draft;
use crate::asker::{self, Asker};
use crate::house::Shared;
use crate::writer::refusal;

/// Makes a room and joins it. The entries' ids come from the room's, so that repeating the event repeats nothing.
pub(super) async fn create(house: &Shared, mut asker: Asker, create: Create) {
    match make(house, &asker, create).await {
        Ok(answer) => asker.answer(&answer),
        Err(error) => asker.refuse(error),
    }
}

async fn make(house: &Shared, asker: &Asker, Create { room, name, topic }: Create) -> Result<ServerEvent, WireError> {
    let seat = &asker.seat;
    let topic = topic.filter(|text| !text.is_empty()).map(|text| Body::Topic { text });
    topic.as_ref().map(Body::check).transpose()?;
    let me = house.people.name(&seat.member).ok_or_else(asker::closing)?;
    let named = |part: &str| EntryId(Uuid::new_v5(&room.0, part.as_bytes()));
    let mut drafts = vec![
        draft(seat, room, named("created"), Body::Created { name }),
        draft(seat, room, named("joined"), Body::Joined { name: me }),
    ];
    drafts.extend(topic.map(|topic| draft(seat, room, named("topic"), topic)));
    let outcomes = house.writer.commit(drafts, Some(Arc::clone(seat))).await?;
    if outcomes.first().is_some_and(|created| refusal(created).is_some()) {
        return Err(WireError::new(
            ErrorCode::Conflict,
            "There is a room with this id already: make a new id.",
        ));
    }
    let summary = house
        .summary(room, &seat.member)
        .await
        .map_err(|error| asker::storage(&error))?;
    summary.map(ServerEvent::Room).ok_or_else(asker::unknown_room)
}
