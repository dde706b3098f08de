//! The TypeScript types and constants in `ui/` match this crate.
//!
//! - the committed file equals the generated one (`UPDATE_TYPES=1 cargo test -p ichat-protocol` writes it)

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

use std::fmt::Write as _;
use std::path::Path;

use ichat_protocol::text_rule::{self, RefusalTemplate, TextRule, TextUnit};
use ichat_protocol::{
    Auth, Availability, Away, Body, Challenge, ClientEvent, Closing, Collapse, Create, DeviceId, Entries, Entry,
    EntryId, Epoch, ErrorCode, Head, Heads, Hello, History, InRoom, Key, Kind, KindProperties, LimitsInfo, Member,
    MemberId, MemberList, Mention, Name, Nothing, Page, Person, Post, Presence, Read, Refused, Reset, RoomId, RoomList,
    RoomSummary, Seq, ServerEvent, ServerId, ServerInfo, SetName, Signature, Sync, TargetEffect, Typing, TypingNow,
    WireError, Writer, limits,
};
use strum::VariantArray as _;
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

/// Returns the constants of the protocol as TypeScript.
fn constants() -> String {
    let mut out =
        String::from("/** The limits of the protocol, durations in milliseconds. */\nexport const limits = {\n");
    for (name, value) in limits::all() {
        writeln!(out, "  {}: {value},", camel_case(name)).unwrap();
    }
    out += "} as const;\n\n/** The rules for the free text of entries. */\nexport const textRules = {\n";
    for (name, rule) in [
        ("message", text_rule::MESSAGE),
        ("topic", text_rule::TOPIC),
        ("emoji", text_rule::EMOJI),
    ] {
        writeln!(out, "  {name}: {},", serde_json::to_string(&rule).unwrap()).unwrap();
    }
    out += "} as const satisfies Record<string, TextRule>;\n\n/** The properties of each kind of entry. */\n";
    out += "export const kinds = {\n";
    for kind in Kind::VARIANTS {
        let properties = serde_json::to_string(&kind.properties()).unwrap();
        writeln!(out, "  {}: {properties},", kind.as_str()).unwrap();
    }
    out += "} as const satisfies Record<Kind, KindProperties>;\n\n";
    writeln!(
        out,
        "export const protocols: readonly number[] = {:?};",
        ichat_protocol::PROTOCOLS
    )
    .unwrap();
    out
}

/// Converts a constant's name; durations get the suffix `Ms`.
fn camel_case(name: &str) -> String {
    let mut out = String::new();
    for (index, word) in name.split('_').enumerate() {
        let word = word.to_ascii_lowercase();
        if index == 0 {
            out += &word;
        } else {
            out += &word[..1].to_ascii_uppercase();
            out += &word[1..];
        }
    }
    let is_duration = ["INTERVAL", "TIMEOUT", "LIFETIME"]
        .iter()
        .any(|end| name.ends_with(end));
    out + if is_duration { "Ms" } else { "" }
}

#[test]
fn the_interface_has_the_same_types_and_constants() {
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
        Writer,
        TargetEffect,
        Collapse,
        Kind,
        KindProperties,
        Body,
        Mention,
        Entry,
        Head,
        Page,
        RoomSummary,
        Member,
        Availability,
        Person,
        ErrorCode,
        WireError,
        TextUnit,
        RefusalTemplate,
        TextRule,
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
    types += &constants();
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
