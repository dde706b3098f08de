//! The TypeScript types in `ui/` are those of this crate.
//!
//! - the committed file is what the crate would generate (`UPDATE_TYPES=1 cargo test -p ichat-protocol` writes it)

#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::path::Path;

use ichat_protocol::{
    Auth, Availability, Away, Body, Challenge, ClientEvent, Closing, Create, DeviceId, Entries, Entry, EntryId, Epoch,
    ErrorCode, Head, Heads, Hello, History, InRoom, Key, LimitsInfo, Member, MemberId, MemberList, Name, Nothing, Page,
    Person, Post, Presence, Read, Refused, SetName, Reset, RoomId, RoomList, RoomSummary, Seq, ServerEvent, ServerId,
    ServerInfo, Signature, Sync, Typing, TypingNow, WireError, limits,
};
use ts_rs::{Config, TS};

fn declaration<T: TS>(config: &Config) -> String {
    let docs = T::docs().unwrap_or_default();
    format!("{docs}export {}\n\n", T::decl(config))
}

macro_rules! declarations {
    ($($type:ty),* $(,)?) => {{
        let config = Config::default();
        let mut out = String::new();
        $(out.push_str(&declaration::<$type>(&config));)*
        out
    }};
}

#[test]
fn the_interface_speaks_the_same_protocol() {
    let mut types = String::from("// Generated from crates/protocol by its test `types`. Do not edit.\n\n");
    types += &declarations![
        RoomId,
        EntryId,
        DeviceId,
        ServerId,
        Epoch,
        Seq,
        MemberId,
        Name,
        Key,
        Signature,
        Body,
        Entry,
        Head,
        Page,
        RoomSummary,
        Member,
        Availability,
        Person,
        ErrorCode,
        WireError,
        ServerInfo,
        Challenge,
        Auth,
        Nothing,
        Post,
        Create,
        InRoom,
        History,
        Sync,
        Typing,
        Away,
        Read,
        SetName,
        LimitsInfo,
        Hello,
        Entries,
        Reset,
        Heads,
        RoomList,
        MemberList,
        Presence,
        TypingNow,
        Refused,
        Closing,
        ClientEvent,
        ServerEvent,
    ];
    let constants = format!(
        "export const limits = {{\n  textBytes: {},\n  nameChars: {},\n  topicChars: {},\n  pageEntries: {},\n  postsInFlight: {},\n  headsEveryMs: {},\n  typingForMs: {},\n}} as const;\n\nexport const protocols: readonly number[] = {:?};\n",
        limits::TEXT_BYTES,
        limits::NAME_CHARS,
        limits::TOPIC_CHARS,
        limits::PAGE_ENTRIES,
        limits::POSTS_IN_FLIGHT,
        limits::HEADS_EVERY.as_millis(),
        limits::TYPING_FOR.as_millis(),
        ichat_protocol::PROTOCOLS,
    );
    types += &constants;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/backend/protocol.ts");
    if std::env::var_os("UPDATE_TYPES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &types).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == types,
        "ui/src/backend/protocol.ts is stale: run `UPDATE_TYPES=1 cargo test -p ichat-protocol` and commit it"
    );
}
