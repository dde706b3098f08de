use ichat_protocol::Post;

use crate::fanout::request::Request;
use crate::session::costs;
use crate::session::entries::submit_post;
use crate::session::state::ServerState;

/// Adds an entry. It does not wait for the commit: the writer keeps the order in which posts are submitted.
pub(super) async fn post(state: &ServerState, request: Request, Post { room, id, body }: Post) {
    let body = body.canonical();
    if let Err(error) = body.check() {
        return request.reject(error);
    }
    request.client.budget.charge(costs::of_body(&body));
    submit_post(state, request, room, id, body).await;
}
