use std::time::Instant;

use ichat_protocol::{ServerEvent, Typing, TypingNow};

use crate::errors;
use crate::fanout::hub::Channel;
use crate::fanout::request::Request;
use crate::session::state::ServerState;

/// Forwards that a member is typing. The event may be lost, and is dropped if one member sends too many.
pub(super) async fn typing(state: &ServerState, request: Request, Typing { room, on }: Typing) {
    // Membership was checked when the client subscribed.
    if !request.client.is_subscribed(room) {
        return request.reject(errors::not_joined());
    }
    let member = &request.client.member;
    if !state.typing_limiter.allows(member, Instant::now()) {
        return;
    }
    let event = ServerEvent::Typing(TypingNow {
        room,
        member: member.clone(),
        on,
    });
    state.hub.broadcast_to_others(Channel::Room(room), &event, member).await;
}
