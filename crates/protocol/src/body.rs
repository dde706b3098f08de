//! The bodies of entries: the changes to a room.
//!
//! A new kind is a variant of [`Body`] and of [`Kind`], an arm in each method below, and a row in [`Kind::properties`].
//! The store, the sessions and the interface use these. Where they match on kinds, there is no wildcard arm.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use crate::kind::{Collapse, Kind, KindProperties, Writer};
use crate::limits::{MAX_MENTIONS, MAX_NAME_CHARS};
use crate::text_rule::{self, NOT_ONE_EMOJI};
use crate::{EntryId, ErrorCode, MemberId, Name, WireError, emoji};

/// A change to a room. A client keeps a kind that it doesn't know whole and shows "update I-Chat to see this".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// Creates the room: the first entry of every room. Written by the server.
    Created {
        /// The room's name.
        name: Name,
    },
    /// Makes the author a member. Written by the server.
    Joined {
        /// The member's name.
        name: Name,
    },
    /// Ends the author's membership. Written by the server.
    Left,
    /// Renames the author. Written by the server, in each of the member's rooms.
    MemberRenamed {
        /// The new name.
        name: Name,
        /// The name until then, which the server adds at commit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        from: Option<Name>,
    },
    /// Renames the room.
    RoomRenamed {
        /// The new name.
        name: Name,
    },
    /// Sets the room's topic; an empty one removes it.
    Topic {
        /// At most 256 characters on one line.
        text: String,
    },
    /// A message.
    Message {
        /// 1 byte to 16 KiB of Markdown.
        text: String,
        /// The message that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        reply_to: Option<EntryId>,
        /// The members whom the text mentions. Clients look for names in the text where there is none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<Mention>>")]
        mentions: Vec<Mention>,
    },
    /// Replaces the text of one's own message.
    Edit {
        /// The message.
        of: EntryId,
        /// The whole new text.
        text: String,
        /// The members whom the new text mentions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<Mention>>")]
        mentions: Vec<Mention>,
    },
    /// Deletes one's own message. The server erases its text, and that of its edits, from the log and leaves `wiped`.
    Delete {
        /// The message.
        of: EntryId,
    },
    /// The remains of a deleted message or of one of its edits. Written by the server.
    Wiped,
    /// Sets or removes a reaction.
    React {
        /// The message.
        to: EntryId,
        /// One emoji, fully qualified.
        emoji: String,
        /// `true` sets the reaction, `false` removes it.
        on: bool,
    },
    /// A kind from a later version, kept as it came.
    // In TypeScript this variant would make the others indistinguishable; unknown kinds are the default branch there.
    #[serde(untagged)]
    #[ts(skip)]
    Unknown(Map<String, Value>),
}

/// A mention of a member in a text. It stays one when the member changes their name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Mention {
    /// The member.
    pub member: MemberId,
    /// The name that follows an `@` in the text.
    pub name: String,
}

/// Entries with the same key replace each other: only the last one counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CollapseKey {
    /// The kind of the entries.
    pub kind: Kind,
    /// The entry that they refer to.
    pub target: EntryId,
    /// The author, where each author has a value of their own.
    pub author: Option<MemberId>,
    /// The value, where one author may have several on one target: for example each emoji.
    pub value: Option<String>,
}

/// A change to the fields of a room that its log determines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomChange<'a> {
    /// Sets the room's name.
    Name(&'a Name),
    /// Sets the room's topic.
    Topic(&'a str),
    /// Makes the author a member under this name.
    Join(&'a Name),
    /// Ends the author's membership.
    Leave,
    /// Sets the author's name.
    RenameMember(&'a Name),
}

impl Body {
    /// Returns the entry's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Body::Created { .. } => Kind::Created,
            Body::Joined { .. } => Kind::Joined,
            Body::Left => Kind::Left,
            Body::MemberRenamed { .. } => Kind::MemberRenamed,
            Body::RoomRenamed { .. } => Kind::RoomRenamed,
            Body::Topic { .. } => Kind::Topic,
            Body::Message { .. } => Kind::Message,
            Body::Edit { .. } => Kind::Edit,
            Body::Delete { .. } => Kind::Delete,
            Body::Wiped => Kind::Wiped,
            Body::React { .. } => Kind::React,
            Body::Unknown(_) => Kind::Unknown,
        }
    }

    /// Returns the properties of the entry's kind.
    pub fn properties(&self) -> KindProperties {
        self.kind().properties()
    }

    /// Returns the entry that this one changes the appearance of.
    pub fn target(&self) -> Option<EntryId> {
        match self {
            Body::Edit { of, .. } | Body::Delete { of } => Some(*of),
            Body::React { to, .. } => Some(*to),
            Body::Created { .. }
            | Body::Joined { .. }
            | Body::Left
            | Body::MemberRenamed { .. }
            | Body::RoomRenamed { .. }
            | Body::Topic { .. }
            | Body::Message { .. }
            | Body::Wiped
            | Body::Unknown(_) => None,
        }
    }

    /// Returns the text that a message has after this entry: its own, or the one that an edit gives it.
    pub fn message_text(&self) -> Option<&str> {
        self.message().map(|(text, _)| text)
    }

    /// Returns the bytes of a message's text and mentions. Bodies of other kinds are short, and count as 0.
    pub fn message_bytes(&self) -> usize {
        self.message().map_or(0, |(text, mentions)| {
            let mentions = mentions.iter();
            text.len() + mentions.map(|m| m.member.as_str().len() + m.name.len()).sum::<usize>()
        })
    }

    /// Returns the text and the mentions that a message has after this entry.
    fn message(&self) -> Option<(&str, &[Mention])> {
        match self {
            Body::Message { text, mentions, .. } | Body::Edit { text, mentions, .. } => Some((text, mentions)),
            Body::Created { .. }
            | Body::Joined { .. }
            | Body::Left
            | Body::MemberRenamed { .. }
            | Body::RoomRenamed { .. }
            | Body::Topic { .. }
            | Body::Delete { .. }
            | Body::Wiped
            | Body::React { .. }
            | Body::Unknown(_) => None,
        }
    }

    /// Returns `true` if the entry removes what an earlier one with the same collapse key set.
    pub fn is_removal(&self) -> bool {
        match self {
            Body::React { on, .. } => !on,
            Body::Created { .. }
            | Body::Joined { .. }
            | Body::Left
            | Body::MemberRenamed { .. }
            | Body::RoomRenamed { .. }
            | Body::Topic { .. }
            | Body::Message { .. }
            | Body::Edit { .. }
            | Body::Delete { .. }
            | Body::Wiped
            | Body::Unknown(_) => false,
        }
    }

    /// Returns the key under which later entries replace this one, or `None` if nothing replaces it.
    pub fn collapse_key(&self, author: &MemberId) -> Option<CollapseKey> {
        let (author, value) = match self.properties().collapse {
            Collapse::Never => return None,
            Collapse::PerTarget => (None, None),
            Collapse::PerAuthor => (Some(author.clone()), self.collapse_value()),
        };
        Some(CollapseKey {
            kind: self.kind(),
            target: self.target()?,
            author,
            value: value.map(str::to_owned),
        })
    }

    /// Returns the part of the collapse key that separates several values of one author.
    pub fn collapse_value(&self) -> Option<&str> {
        match self {
            Body::React { emoji, .. } => Some(emoji),
            Body::Created { .. }
            | Body::Joined { .. }
            | Body::Left
            | Body::MemberRenamed { .. }
            | Body::RoomRenamed { .. }
            | Body::Topic { .. }
            | Body::Message { .. }
            | Body::Edit { .. }
            | Body::Delete { .. }
            | Body::Wiped
            | Body::Unknown(_) => None,
        }
    }

    /// Returns the entry's change to the room's fields or members.
    pub fn room_change(&self) -> Option<RoomChange<'_>> {
        match self {
            Body::Created { name } | Body::RoomRenamed { name } => Some(RoomChange::Name(name)),
            Body::Topic { text } => Some(RoomChange::Topic(text)),
            Body::Joined { name } => Some(RoomChange::Join(name)),
            Body::Left => Some(RoomChange::Leave),
            Body::MemberRenamed { name, .. } => Some(RoomChange::RenameMember(name)),
            Body::Message { .. }
            | Body::Edit { .. }
            | Body::Delete { .. }
            | Body::Wiped
            | Body::React { .. }
            | Body::Unknown(_) => None,
        }
    }

    /// Returns the body in the form in which it is stored: forms of one emoji are one reaction.
    #[must_use]
    pub fn canonical(mut self) -> Self {
        match &mut self {
            Body::React { emoji, .. } => {
                if let Some(canonical) = emoji::canonical(emoji) {
                    canonical.clone_into(emoji);
                }
            }
            Body::Created { .. }
            | Body::Joined { .. }
            | Body::Left
            | Body::MemberRenamed { .. }
            | Body::RoomRenamed { .. }
            | Body::Topic { .. }
            | Body::Message { .. }
            | Body::Edit { .. }
            | Body::Delete { .. }
            | Body::Wiped
            | Body::Unknown(_) => {}
        }
        self
    }

    /// Checks that a client may post this body, which is in its canonical form: clients write its kind, and its text or name
    /// follows the rules.
    pub fn check(&self) -> Result<(), WireError> {
        match self.properties().writer {
            Writer::Member | Writer::TargetAuthor => {}
            Writer::Server => return Err(WireError::bad_request("Only the server writes entries of this kind.")),
            Writer::Unknown => {
                return Err(WireError::bad_request(
                    "This server does not know that kind of entry, or a field of it is missing or of the wrong type.",
                ));
            }
        }
        self.check_text()?;
        self.check_mentions()
    }

    /// Checks that a message doesn't list too many mentions, or one that is not in its text.
    fn check_mentions(&self) -> Result<(), WireError> {
        let Some((text, mentions)) = self.message() else {
            return Ok(());
        };
        if mentions.len() > MAX_MENTIONS {
            return Err(WireError::new(
                ErrorCode::TooLarge,
                format!("A message mentions at most {MAX_MENTIONS} members."),
            ));
        }
        // Counted in characters first, so that a long name isn't searched for.
        let is_mentioned =
            |name: &str| (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && text.contains(&format!("@{name}"));
        if mentions.iter().any(|mention| !is_mentioned(&mention.name)) {
            return Err(WireError::bad_request(
                "Each of a message's mentions needs a name that follows an @ in its text.",
            ));
        }
        Ok(())
    }

    /// Checks the text or the name that a client wrote.
    fn check_text(&self) -> Result<(), WireError> {
        match self {
            Body::Message { text, .. } | Body::Edit { text, .. } => text_rule::MESSAGE.check(text),
            Body::Topic { text } => text_rule::TOPIC.check(text),
            Body::React { emoji, .. } if emoji::canonical(emoji) == Some(emoji.as_str()) => Ok(()),
            Body::React { .. } => Err(NOT_ONE_EMOJI.into()),
            Body::RoomRenamed { name } => Ok(name.check()?),
            Body::Created { .. }
            | Body::Joined { .. }
            | Body::Left
            | Body::MemberRenamed { .. }
            | Body::Delete { .. }
            | Body::Wiped
            | Body::Unknown(_) => Ok(()),
        }
    }
}
