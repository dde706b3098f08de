//! The kinds of entries as a plain enum, and the table of their properties.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The kind of an entry. Its text form is the `kind` field on the wire.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    TS,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[allow(missing_docs, reason = "each kind is documented on the variant of `Body`")]
pub enum Kind {
    Created,
    Joined,
    Left,
    MemberRenamed,
    RoomRenamed,
    Topic,
    Message,
    Edit,
    Delete,
    Wiped,
    React,
    Unknown,
}

/// The properties of a kind: everything that the store, a session and the interface need to know to handle it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[ts(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct KindProperties {
    /// The party that may write it.
    pub writer: Writer,
    /// The effect on the entry that it refers to, `None` if it refers to none.
    pub effect: Option<TargetEffect>,
    /// The rule by which later entries replace earlier ones.
    pub collapse: Collapse,
    /// `true` if other entries may refer to it.
    pub is_target: bool,
    /// `true` if it counts as unread for the other members.
    pub counts_as_unread: bool,
    /// `true` if the timeline shows it as a line of its own.
    pub in_timeline: bool,
}

/// The party that may write a kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// The server alone; a client that posts it is refused.
    Server,
    /// Any member of the room.
    Member,
    /// The author of the entry that it refers to.
    TargetAuthor,
    /// Unknown to this version, which accepts it from a server and posts none.
    Unknown,
}

/// The effect of an entry on the one that it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TargetEffect {
    /// Replaces the target's text.
    ReplaceText,
    /// Erases the target and its edits from the log and the search index.
    Erase,
    /// Adds something beside the target, whose text stays.
    Annotate,
}

/// The rule by which a later entry replaces an earlier one of the same kind and target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Collapse {
    /// Every entry counts.
    Never,
    /// The last entry of the target counts.
    PerTarget,
    /// The last entry of each author counts, separately for each value (for example, each emoji).
    PerAuthor,
}

/// The properties from which the rows below differ: those of an entry that the server writes and that refers to no other.
const BASE: KindProperties = KindProperties {
    writer: Writer::Server,
    effect: None,
    collapse: Collapse::Never,
    is_target: false,
    counts_as_unread: false,
    in_timeline: true,
};

impl Kind {
    /// Returns the properties of this kind.
    pub const fn properties(self) -> KindProperties {
        match self {
            Kind::Created | Kind::Joined | Kind::Left | Kind::MemberRenamed | Kind::Wiped => BASE,
            Kind::RoomRenamed | Kind::Topic => KindProperties {
                writer: Writer::Member,
                ..BASE
            },
            Kind::Message => KindProperties {
                writer: Writer::Member,
                is_target: true,
                counts_as_unread: true,
                ..BASE
            },
            Kind::Edit => KindProperties {
                writer: Writer::TargetAuthor,
                effect: Some(TargetEffect::ReplaceText),
                collapse: Collapse::PerTarget,
                in_timeline: false,
                ..BASE
            },
            Kind::Delete => KindProperties {
                writer: Writer::TargetAuthor,
                effect: Some(TargetEffect::Erase),
                collapse: Collapse::PerTarget,
                in_timeline: false,
                ..BASE
            },
            Kind::React => KindProperties {
                writer: Writer::Member,
                effect: Some(TargetEffect::Annotate),
                collapse: Collapse::PerAuthor,
                in_timeline: false,
                ..BASE
            },
            Kind::Unknown => KindProperties {
                writer: Writer::Unknown,
                ..BASE
            },
        }
    }

    /// Returns the text form, as in the `kind` field on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
