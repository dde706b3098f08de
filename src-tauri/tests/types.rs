//! The TypeScript types of the shell's commands and events in `ui/` match this crate.
//!
//! - the committed files equal the generated ones (`UPDATE_TYPES=1 cargo test -p ichat --test types` writes them)

use ichat_app::{BackendEvent, COMMANDS, Hosting, KnownServer, NearbyServer, Notification};
use ichat_testkit::{assert_generated, typescript_types};

const GENERATED: &str = "// Generated from src-tauri by its test `types`. Do not edit.\n\n";

const EVENT_IMPORTS: &str = r#"import type { DeviceId, Name, RoomId, ServerId, WireError } from "./protocol";
import type { Update } from "./session-types";

"#;

#[test]
fn the_committed_events_are_up_to_date() {
    let types = typescript_types![BackendEvent, KnownServer, NearbyServer, Hosting, Notification];
    let text = format!("{GENERATED}{EVENT_IMPORTS}{types}");
    assert_generated("ichat", "ui/src/backend/backend-events.ts", &text);
}

#[test]
fn the_committed_commands_are_up_to_date() {
    let names: Vec<_> = COMMANDS.iter().map(|name| format!("  \"{name}\",")).collect();
    let names = names.join("\n");
    let text = format!(
        "{GENERATED}/** The commands of the shell. */\nexport const shellCommands = [\n{names}\n] as const;\n\nexport type ShellCommand = (typeof shellCommands)[number];\n"
    );
    assert_generated("ichat", "ui/src/backend/shell-commands.ts", &text);
}
