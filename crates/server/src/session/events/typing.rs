use std::slice;

use ichat_protocol::{ServerEvent, Typing, TypingNow};

use crate::errors;
use crate::fanout::hub::Channel;
use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::request::Request;
use crate::session::state::ServerState;

/// Forwards that a member is typing. The event may be lost, and is when one member types too often.
pub(super) fn typing(state: &ServerState, request: Request, Typing { room, on }: Typing) {
    // Membership was checked when the client subscribed.
    if !request.client.is_subscribed(room) {
        return request.reject(errors::not_joined());
    }
    let member = &request.client.member;
    if !state.typing_limiter.allows(member) {
        return;
    }
    let event = ServerEvent::Typing(TypingNow {
        room,
        member: member.clone(),
        on,
    });
    let data = event.data();
    let event = OutgoingEvent::new(event.name(), slice::from_ref(&data));
    for subscriber in state.hub.subscribers(Channel::Room(room)).iter() {
        if subscriber.client.member != *member {
            subscriber.try_send(&event);
        }
    }
}
