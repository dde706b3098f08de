use ichat_protocol::{Availability, Body, EntryId, Person, Presence, ServerEvent, SetName, WireError};

use super::draft;
use crate::asker::{self, Asker};
use crate::house::Shared;
use crate::writer::refusal;

/// Takes another name: in the log of each of one's rooms, and for everybody who is here.
pub(super) async fn set_name(house: &Shared, mut asker: Asker, SetName { name }: SetName) {
    let body = Body::MemberRenamed { name: name.clone() };
    if let Err(error) = note(house, &asker, &body).await {
        return asker.refuse(error);
    }
    let member = asker.seat.member.clone();
    house.people.set_known(&member, &name);
    house.people.set_name(&member, &name);
    if asker.ack.is_some() {
        let availability = Availability::Online;
        let people = vec![Person {
            id: member,
            name,
            availability,
        }];
        asker.answer(&ServerEvent::Presence(Presence { people }));
    }
}

async fn note(house: &Shared, asker: &Asker, body: &Body) -> Result<(), WireError> {
    let seat = &asker.seat;
    let rooms = house
        .store
        .rooms_of(&seat.member)
        .await
        .map_err(|error| asker::storage(&error))?;
    if rooms.is_empty() {
        return Ok(());
    }
    let drafts = rooms
        .into_iter()
        .map(|room| draft(seat, room, EntryId::fresh(), body.clone()))
        .collect();
    let outcomes = house.writer.commit(drafts, None).await?;
    outcomes.iter().find_map(refusal).map_or(Ok(()), Err)
}
