use ichat_protocol::{ServerEvent, Typing, TypingNow};

use crate::asker::{self, Asker};
use crate::audience::Circle;
use crate::frame::Frame;
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
    let (name, data) = (event.name(), event.data());
    let frame = Frame::event(name, &data);
    for listener in house.audience.of(Circle::Room(room)).iter() {
        if listener.seat.member != *member {
            listener.pass(&frame, name, &[&data]);
        }
    }
}
