use ichat_protocol::{Typing, TypingNow};

use crate::asker::{self, Asker};
use crate::house::Shared;
use crate::seat::Seat;

/// Passes on that somebody types. It may be lost, and is when one person types too often.
pub(super) async fn typing(house: &Shared, asker: Asker, Typing { room, on }: Typing) {
    // Who is subscribed was found to be a member.
    if !asker.seat.is_subscribed(room) {
        return asker.refuse(asker::not_joined());
    }
    let member = asker.seat.member.clone();
    let Some(io) = house.io.get().filter(|_| house.people.may_type(&member)) else {
        return;
    };
    let others = io.to(room.to_string()).except(Seat::own_room(&member)).volatile();
    // Volatile: whose buffer is full does not need it.
    drop(others.emit("typing", &TypingNow { room, member, on }).await);
}
