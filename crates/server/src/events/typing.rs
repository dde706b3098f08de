use ichat_protocol::{ServerEvent, Typing, TypingNow};

use crate::asker::{self, Asker};
use crate::audience::{Circle, Listener};
use crate::house::Shared;

/// Passes on that somebody types. It may be lost, and is when one person types too often.
pub(super) fn typing(house: &Shared, asker: Asker, Typing { room, on }: Typing) {
    // Who is subscribed was found to be a member.
    if !asker.seat.is_subscribed(room) {
        return asker.refuse(asker::not_joined());
    }
    let member = &asker.seat.member;
    if !house.people.may_type(member) {
        return;
    }
    let event = ServerEvent::Typing(TypingNow {
        room,
        member: member.clone(),
        on,
    });
    for Listener { seat, .. } in house.audience.of(Circle::Room(room)).iter() {
        if seat.member != *member {
            seat.tell(&event);
        }
    }
}
