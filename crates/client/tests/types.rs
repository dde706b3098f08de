//! The TypeScript types of a session in `ui/` match this crate.
//!
//! - the committed file equals the generated one (`UPDATE_TYPES=1 cargo test -p ichat-client --test types` writes it)

use ichat_client::session::{
    Change, Command, ConnectionStatus, Effect, Input, LogRange, OutboxItem, OutboxState, PersistedState, RoomCursor,
    Update,
};
use ichat_testkit::{assert_generated, typescript_types};

const HEADER: &str = r#"// Generated from crates/client by its test `types`. Do not edit.

import type {
  Body,
  ClientEvent,
  Entry,
  EntryId,
  Epoch,
  Head,
  Hello,
  Member,
  MemberId,
  Name,
  Person,
  RoomId,
  RoomList,
  RoomSummary,
  Seq,
  ServerEvent,
  WireError,
} from "./protocol";

"#;

#[test]
fn the_committed_types_are_up_to_date() {
    let types = typescript_types![
        Input,
        PersistedState,
        RoomCursor,
        OutboxItem,
        OutboxState,
        Command,
        LogRange,
        Effect,
        Change,
        Update,
        ConnectionStatus,
    ];
    let text = format!("{HEADER}{types}");
    assert_generated("ichat-client", "ui/src/backend/session-types.ts", &text);
}
