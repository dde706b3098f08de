use ichat_protocol::Post;

use super::{draft, with_guest_joined};
use crate::asker::Asker;
use crate::house::Shared;
use crate::writer::{Job, Then};

/// Adds an entry. It does not wait for the commit: the writer takes posts in the order in which they are handed in.
pub(super) async fn post(house: &Shared, asker: Asker, Post { room, id, body }: Post) {
    if let Err(error) = body.check() {
        return asker.refuse(error);
    }
    let drafts = with_guest_joined(house, &asker.seat, draft(&asker.seat, room, id, body));
    house
        .writer
        .hand_in(Job {
            drafts,
            then: Then::Post(asker),
        })
        .await;
}
