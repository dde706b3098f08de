use ichat_protocol::{MemberList, RoomId, ServerEvent};

use super::check_member;
use crate::asker::{self, Asker};
use crate::house::Shared;

/// Lists who is and was a member.
pub(super) async fn members(house: &Shared, mut asker: Asker, room: RoomId) {
    if let Err(error) = check_member(house, room, &asker).await {
        return asker.refuse(error);
    }
    match house.store.members(room).await {
        Ok(members) => {
            asker
                .answer_patiently(&ServerEvent::Members(MemberList { room, members }))
                .await;
        }
        Err(error) => asker.refuse(asker::storage(&error)),
    }
}
