//! Commands of the session with one server.

use ichat_client::session::{Command, LogRange};
use ichat_protocol::{Body, EntryId, RoomId, Seq, ServerId};
use tauri::State;

use super::command_result::CommandResult;
use crate::shell::{Shell, parse_name};

#[tauri::command]
pub(super) async fn send(
    shell: State<'_, Shell>,
    server: ServerId,
    room: RoomId,
    id: EntryId,
    body: Body,
    written: u64,
) -> CommandResult {
    shell
        .command(
            server,
            Command::Send {
                room,
                id,
                body,
                written,
            },
        )
        .await
}

#[tauri::command]
pub(super) async fn retry(shell: State<'_, Shell>, server: ServerId, id: EntryId) -> CommandResult {
    shell.command(server, Command::Retry { id }).await
}

#[tauri::command]
pub(super) async fn discard(shell: State<'_, Shell>, server: ServerId, id: EntryId) -> CommandResult {
    shell.command(server, Command::Discard { id }).await
}

#[tauri::command]
pub(super) async fn editing(shell: State<'_, Shell>, server: ServerId, id: EntryId, on: bool) -> CommandResult {
    shell.command(server, Command::Editing { id, on }).await
}

#[tauri::command]
pub(super) async fn create_room(
    shell: State<'_, Shell>,
    server: ServerId,
    room: RoomId,
    name: String,
    topic: Option<String>,
) -> CommandResult {
    shell
        .command(
            server,
            Command::Create {
                room,
                name: parse_name(&name)?,
                topic,
            },
        )
        .await
}

#[tauri::command]
pub(super) async fn browse_rooms(
    shell: State<'_, Shell>,
    server: ServerId,
    query: Option<String>,
    after: Option<RoomId>,
) -> CommandResult {
    shell.command(server, Command::Browse { query, after }).await
}

#[tauri::command]
pub(super) async fn find_members(
    shell: State<'_, Shell>,
    server: ServerId,
    room: RoomId,
    query: String,
) -> CommandResult {
    shell.command(server, Command::FindMembers { room, query }).await
}

#[tauri::command]
pub(super) async fn join_room(shell: State<'_, Shell>, server: ServerId, room: RoomId) -> CommandResult {
    shell.command(server, Command::Join { room }).await
}

#[tauri::command]
pub(super) async fn leave_room(shell: State<'_, Shell>, server: ServerId, room: RoomId) -> CommandResult {
    shell.command(server, Command::Leave { room }).await
}

#[tauri::command]
pub(super) async fn open_room(shell: State<'_, Shell>, server: ServerId, room: RoomId) -> CommandResult {
    shell.command(server, Command::Open { room }).await
}

#[tauri::command]
pub(super) async fn history(shell: State<'_, Shell>, server: ServerId, room: RoomId, range: LogRange) -> CommandResult {
    shell.command(server, Command::History { room, range }).await
}

#[tauri::command]
pub(super) async fn typing(shell: State<'_, Shell>, server: ServerId, room: RoomId, on: bool) -> CommandResult {
    shell.command(server, Command::Typing { room, on }).await
}

#[tauri::command]
pub(super) async fn read(shell: State<'_, Shell>, server: ServerId, room: RoomId, seq: Seq) -> CommandResult {
    shell.command(server, Command::Read { room, seq }).await
}

#[tauri::command]
pub(super) async fn away(shell: State<'_, Shell>, server: ServerId, away: bool) -> CommandResult {
    shell.command(server, Command::Away { away }).await
}
