//! The TypeScript types of the shell's events in `ui/` match this crate.
//!
//! - the committed file equals the generated one (`UPDATE_TYPES=1 cargo test -p ichat --test types` writes it)

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

use std::fmt::Write as _;
use std::path::Path;

use ichat_app::{BackendEvent, Hosting, KnownServer, NearbyServer, Notification};
use ts_rs::{Config, TS};

const HEADER: &str = r#"// Generated from src-tauri by its test `types`. Do not edit.

import type { DeviceId, Name, RoomId, ServerId, WireError } from "./protocol";
import type { Update } from "./session-types";

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
    declare![BackendEvent, KnownServer, NearbyServer, Hosting, Notification];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/backend/backend-events.ts");
    if std::env::var_os("UPDATE_TYPES").is_some() {
        std::fs::write(&path, &types).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == types,
        "ui/src/backend/backend-events.ts is stale: run `UPDATE_TYPES=1 cargo test -p ichat --test types` and commit it"
    );
}
