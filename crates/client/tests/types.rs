//! The TypeScript types of a session in `ui/` match this crate.
//!
//! - the committed file equals the generated one (`UPDATE_TYPES=1 cargo test -p ichat-client --test types` writes it)

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

use std::fmt::Write as _;
use std::path::Path;

use ichat_client::session::{
    Change, Command, ConnectionStatus, Effect, Input, LogRange, OutboxItem, OutboxState, PersistedState, RoomCursor,
    Update,
};
use ts_rs::{Config, TS};

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
  RoomSummary,
  Seq,
  ServerEvent,
  WireError,
} from "./protocol";

"#;

#[test]
fn the_committed_types_are_up_to_date() {
    let config = Config::default();
    let mut types = String::from(HEADER);
    macro_rules! declare {
        ($($type:ty),* $(,)?) => {
            $(write!(types, "{}export {}\n\n", <$type>::docs().unwrap_or_default(), <$type>::decl(&config)).unwrap();)*
        };
    }
    declare![
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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/backend/session-types.ts");
    if std::env::var_os("UPDATE_TYPES").is_some() {
        std::fs::write(&path, &types).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == types,
        "ui/src/backend/session-types.ts is stale: run `UPDATE_TYPES=1 cargo test -p ichat-client --test types` and commit it"
    );
}
