//! The TypeScript types of a session in `ui/` are those of this crate.
//!
//! - the committed file is what the crate would generate (`UPDATE_TYPES=1 cargo test -p ichat-client --test types` writes it)

#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::fmt::Write as _;
use std::path::Path;

use ichat_client::session::{
    Change, Command, ConnectionStatus, Effect, Input, LogRange, OutboxItem, OutboxState, PersistedState, RoomCursor,
    Update,
};
use ts_rs::{Config, TS};

#[test]
fn the_interface_speaks_of_the_same_session() {
    let config = Config::default();
    let mut types = String::from(
        "// Generated from crates/client by its test `types`. Do not edit.\n\nimport type {\n  Body,\n  ClientEvent,\n  Entry,\n  EntryId,\n  Epoch,\n  Head,\n  Hello,\n  Member,\n  MemberId,\n  Name,\n  Person,\n  RoomId,\n  RoomSummary,\n  Seq,\n  ServerEvent,\n  WireError,\n} from \"./protocol\";\n\n",
    );
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
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &types).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == types,
        "ui/src/backend/session-types.ts is stale: run `UPDATE_TYPES=1 cargo test -p ichat-client --test types` and commit it"
    );
}
