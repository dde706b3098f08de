//! The rooms of the server: lists them, finds one, joins it.

use std::slice;

use ichat_client::session::{Command, Update};
use ichat_protocol::{ClientEventKind, ErrorCode, RoomId, RoomList, RoomSummary, WireError};

use super::CliSession;

impl CliSession {
    /// Returns a part of the list of the server's rooms: of all, or of those that have a text in their name, topic or id.
    pub(crate) async fn list_rooms(
        &mut self,
        query: Option<&str>,
        after: Option<RoomId>,
    ) -> Result<RoomList, WireError> {
        let browse = browse(query, after);
        let listed = self.request(slice::from_ref(&browse), (ClientEventKind::Rooms, None), |update| {
            listed_rooms(query, after, update)
        });
        listed.await?
    }

    /// Finds a room by its name or id. `None` means the lobby.
    pub(crate) async fn find_room(&mut self, wanted: Option<&str>) -> Result<RoomSummary, WireError> {
        let Some(wanted) = wanted else {
            let found = self.hello.rooms.iter().find(|room| room.id == self.hello.lobby);
            return found
                .cloned()
                .ok_or_else(|| WireError::new(ErrorCode::UnknownRoom, "The server shows no lobby."));
        };
        // Those that are called so are the first.
        let rooms = self.list_rooms(Some(wanted), None).await?.rooms;
        let has_id = |room: &&RoomSummary| wanted.parse::<RoomId>().is_ok_and(|id| id == room.id);
        let has_name = |room: &&RoomSummary| room.name.as_str().to_lowercase() == wanted.to_lowercase();
        if let Some(room) = rooms.iter().find(has_id) {
            return Ok(room.clone());
        }
        let found: Vec<_> = rooms.iter().filter(has_name).collect();
        let message = match found.as_slice() {
            [room] => return Ok((*room).clone()),
            [] => {
                let list = self.list_rooms(None, None).await?;
                let names: Vec<_> = list.rooms.iter().map(|room| room.name.to_string()).take(20).collect();
                let rest = if list.more || list.rooms.len() > names.len() {
                    " and others"
                } else {
                    ""
                };
                format!("There is no room \"{wanted}\". There are: {}{rest}.", names.join(", "))
            }
            several => {
                let ids: Vec<_> = several.iter().map(|room| room.id.to_string()).collect();
                let ids = ids.join(", ");
                format!("Several rooms are called \"{wanted}\". Name one by its id: {ids}.")
            }
        };
        Err(WireError::new(ErrorCode::UnknownRoom, message))
    }

    /// Joins a room and waits for the confirmation. Does nothing for a member.
    pub(crate) async fn join(&mut self, room: &RoomSummary) -> Result<(), WireError> {
        if room.joined {
            return Ok(());
        }
        let id = room.id;
        let join = [Command::Join { room: id }];
        let joined = self.request(&join, (ClientEventKind::Join, Some(id)), |update| {
            let Update::Rooms { rooms, .. } = update else {
                return None;
            };
            rooms.iter().any(|room| room.id == id).then_some(())
        });
        joined.await?
    }
}

/// Returns the command that requests a part of the list of rooms.
pub(super) fn browse(query: Option<&str>, after: Option<RoomId>) -> Command {
    Command::Browse {
        query: query.map(str::to_owned),
        after,
    }
}

/// Returns this part of the list of rooms, if the update is it.
pub(super) fn listed_rooms(query: Option<&str>, after: Option<RoomId>, update: &Update) -> Option<RoomList> {
    let Update::Directory(list) = update else {
        return None;
    };
    (list.query.as_deref() == query && list.after == after).then(|| list.clone())
}
