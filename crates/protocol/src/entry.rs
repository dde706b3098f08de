//! Entries: everything that ever changed a room.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use crate::limits::{EMOJI_BYTES, TEXT_BYTES, TOPIC_CHARS};
use crate::{DeviceId, EntryId, ErrorCode, MemberId, Name, Seq, WireError};

/// One line of a room's log. The room's id stands once on the batch or page that carries it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Entry {
    /// Its place in the room, given at commit.
    pub seq: Seq,
    /// Made by the author's device before sending.
    pub id: EntryId,
    /// Who.
    pub author: MemberId,
    /// On which device.
    pub device: DeviceId,
    /// The server's time at commit, in milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub at: u64,
    /// What happened.
    pub body: Body,
}

/// What happened. A kind that this version doesn't know is kept whole and shown as "update I-Chat to see this".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// The first entry of every room.
    Created {
        /// The room's name.
        name: Name,
    },
    /// Somebody became a member, under this name. Written by the server.
    Joined {
        /// The member's name.
        name: Name,
    },
    /// A member left. Written by the server.
    Left,
    /// A member took another name. Written by the server, in each of the member's rooms.
    MemberRenamed {
        /// The new name.
        name: Name,
    },
    /// The room has another name.
    RoomRenamed {
        /// The new name.
        name: Name,
    },
    /// The room has another topic; an empty one takes it away.
    Topic {
        /// At most 256 characters.
        text: String,
    },
    /// Somebody said something.
    Message {
        /// 1 byte to 16 KiB of Markdown.
        text: String,
        /// The message that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        reply_to: Option<EntryId>,
    },
    /// The author of a message changed its text.
    Edit {
        /// The message.
        of: EntryId,
        /// The whole new text.
        text: String,
    },
    /// The author of a message took it back. Its text is wiped from the log, and `wiped` stands in its place.
    Delete {
        /// The message.
        of: EntryId,
    },
    /// What a deleted message, or an edit of one, has become.
    Wiped,
    /// A reaction was set or taken back.
    React {
        /// The message.
        to: EntryId,
        /// One emoji.
        emoji: String,
        /// Set, or taken back.
        on: bool,
    },
    /// A kind from a later version, kept as it came.
    // TypeScript could not tell the known kinds apart with this one among them; there it is the default branch.
    #[serde(untagged)]
    #[ts(skip)]
    Unknown(Map<String, Value>),
}

impl Body {
    /// Whether a client may post this body as it is: the kind is one that clients write, and the sizes are within the limits.
    pub fn check(&self) -> Result<(), WireError> {
        match self {
            Body::Message { text, .. } | Body::Edit { text, .. } => check_text(text),
            Body::Topic { text } if text.chars().count() > TOPIC_CHARS => Err(WireError::new(
                ErrorCode::TooLarge,
                format!("A topic has at most {TOPIC_CHARS} characters."),
            )),
            Body::Topic { text } if text.chars().any(char::is_control) => {
                Err(WireError::new(ErrorCode::BadRequest, "A topic is one line of text."))
            }
            Body::React { emoji, .. } if emoji.is_empty() || emoji.len() > EMOJI_BYTES => {
                Err(WireError::new(ErrorCode::BadRequest, "A reaction is one emoji."))
            }
            Body::Topic { .. } | Body::Delete { .. } | Body::React { .. } | Body::RoomRenamed { .. } => Ok(()),
            Body::Created { .. } | Body::Joined { .. } | Body::Left | Body::MemberRenamed { .. } | Body::Wiped => Err(
                WireError::new(ErrorCode::BadRequest, "Only the server writes entries of this kind."),
            ),
            Body::Unknown(_) => Err(WireError::new(
                ErrorCode::BadRequest,
                "This server does not know that kind of entry, or a field of it is missing or of the wrong type.",
            )),
        }
    }

    /// The entry that this one amends: it changes how that one is shown.
    pub fn amends(&self) -> Option<EntryId> {
        match self {
            Body::Edit { of, .. } | Body::Delete { of } => Some(*of),
            Body::React { to, .. } => Some(*to),
            _ => None,
        }
    }

    /// Whether it counts as unread for the others.
    pub fn counts_as_unread(&self) -> bool {
        matches!(self, Body::Message { .. })
    }
}

fn check_text(text: &str) -> Result<(), WireError> {
    if text.trim().is_empty() {
        return Err(WireError::new(ErrorCode::BadRequest, "A message needs some text."));
    }
    if text.len() > TEXT_BYTES {
        return Err(WireError::new(
            ErrorCode::TooLarge,
            format!(
                "A message has at most {TEXT_BYTES} bytes of text; this one has {}.",
                text.len()
            ),
        ));
    }
    Ok(())
}
