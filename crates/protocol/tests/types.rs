//! The TypeScript types and constants in `ui/` match this crate.
//!
//! - the committed types and constants equal the generated ones (`UPDATE_TYPES=1 cargo test -p ichat-protocol` writes them)
//! - so do the tables of characters

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ichat_protocol::text_rule::{self, RefusalTemplate, TextRule, TextUnit};
use ichat_protocol::{
    Auth, Availability, Away, Body, Challenge, ClientEvent, Closing, ClosingReason, Collapse, Create, DeviceId,
    Entries, Entry, EntryId, Epoch, ErrorCode, FindMembers, FindRooms, Head, Heads, Hello, History, InRoom, Key, Kind,
    KindProperties, LimitsInfo, Member, MemberId, MemberList, Mention, Name, Page, Person, Post, Presence, Read,
    Refused, Reset, RoomId, RoomList, RoomSummary, Seq, ServerEvent, ServerId, ServerInfo, SetName, Signature, Sync,
    TargetEffect, Typing, TypingNow, WireError, Writer, joiners, limits, visibility,
};
use strum::VariantArray as _;
use ts_rs::{Config, TS};
use unicode_normalization::UnicodeNormalization as _;

const GENERATED: &str = "// Generated from crates/protocol by its test `types`. Do not edit.\n\n";

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
    for (name, rule) in [("message", text_rule::MESSAGE), ("topic", text_rule::TOPIC)] {
        writeln!(out, "  {name}: {},", serde_json::to_string(&rule).unwrap()).unwrap();
    }
    out += "} as const satisfies Record<string, TextRule>;\n\n";
    out += "/** The refusal of a reaction that is not exactly one emoji. */\n";
    let not_one_emoji = serde_json::to_string(&text_rule::NOT_ONE_EMOJI).unwrap();
    writeln!(out, "export const notOneEmoji: WireError = {not_one_emoji};\n").unwrap();
    let invisible = character_class(|c| visibility::OTHER_INVISIBLE.iter().any(|range| range.contains(&c)));
    out += "/** Characters that show nothing although Unicode doesn't list them as ignorable, as a class of a regular \
            expression. */\n";
    writeln!(out, "export const otherInvisible = \"{invisible}\";\n").unwrap();
    out += "/** The properties of each kind of entry. */\n";
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

/// Returns the characters for which `is_member` is true, as a class of a regular expression.
fn character_class(is_member: impl Fn(char) -> bool) -> String {
    let mut class = String::new();
    let mut members = ('\0'..=char::MAX).filter(|c| is_member(*c)).peekable();
    while let Some(first) = members.next() {
        let mut last = first;
        while let Some(next) = members.next_if(|next| u32::from(*next) == u32::from(last) + 1) {
            last = next;
        }
        write!(class, "\\\\u{{{:x}}}", u32::from(first)).unwrap();
        if last > first {
            write!(class, "-\\\\u{{{:x}}}", u32::from(last)).unwrap();
        }
    }
    class
}

/// Returns the properties of characters that JavaScript's regular expressions don't have.
fn tables() -> String {
    let mut out = GENERATED.trim_end().to_owned() + "\n";
    for (doc, name, class) in [
        (
            "Signs that kill the vowel of the letter before them (canonical combining class 9).",
            "viramas",
            character_class(joiners::is_virama),
        ),
        (
            "Letters that join the one after them (joining types D and L).",
            "joinsNext",
            character_class(joiners::joins_next),
        ),
        (
            "Letters that join the one before them (joining types D and R).",
            "joinsPrevious",
            character_class(joiners::joins_previous),
        ),
    ] {
        writeln!(out, "\n/** {doc} */\nexport const {name} =\n  \"{class}\";").unwrap();
    }
    out
}

/// Returns the look-alikes of ASCII characters (UTS #39), for each of their forms: `а` and `ɑ` for `a`, `m` for `rn`.
fn lookalikes() -> String {
    let mut by_prototype = BTreeMap::<String, String>::new();
    for c in '!'..=char::MAX {
        let text = c.to_string();
        let prototype: String = unicode_security::confusable_detection::skeleton(&text).collect();
        let is_ascii = !prototype.is_empty() && prototype.bytes().all(|byte| byte.is_ascii_graphic());
        // A name is compared in NFKC.
        if is_ascii && prototype != text && text.nfkc().eq([c]) {
            by_prototype.entry(prototype).or_default().push(c);
        }
    }
    let mut out = String::from(GENERATED);
    out += "/** Characters that look like the key, which is ASCII (UTS #39). */\n";
    out += "export const lookalikes: Readonly<Record<string, string>> = {\n";
    for (prototype, characters) in by_prototype {
        let [key, value] = [prototype, characters].map(|text| serde_json::to_string(&text).unwrap());
        writeln!(out, "  {key}: {value},").unwrap();
    }
    out + "};\n"
}

/// Compares a generated file with the committed one, or writes it.
fn assert_committed(file: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src").join(file);
    if std::env::var_os("UPDATE_TYPES").is_some() {
        std::fs::write(&path, generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "ui/src/{file} is stale: run `UPDATE_TYPES=1 cargo test -p ichat-protocol` and commit it"
    );
}

#[test]
fn the_interface_has_the_same_tables_of_characters() {
    assert_committed("backend/unicode-tables.ts", &tables());
    assert_committed("shared/lookalikes.ts", &lookalikes());
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
    let mut types = String::from(GENERATED);
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
        FindRooms,
        FindMembers,
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
        ClosingReason,
        ClientEvent,
        ServerEvent,
    ];
    types += &constants();
    assert_committed("backend/protocol.ts", &types);
}
