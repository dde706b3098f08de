//! Rules for the free text of entries. The TypeScript constants `textRules` are generated from them, so that the page
//! checks a text before it sends it and gives the same sentence as the server.

use serde::Serialize;
use ts_rs::TS;

use crate::limits::{MAX_EMOJI_BYTES, MAX_TEXT_BYTES, MAX_TOPIC_CHARS};
use crate::{ErrorCode, WireError};

/// A rule for one text field. `{max}` and `{size}` in a sentence stand for the limit and the text's size.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename_all = "camelCase")]
pub struct TextRule {
    /// The largest size.
    pub max: usize,
    /// The unit of `max`.
    pub unit: TextUnit,
    /// The answer to a text over the limit.
    pub too_large: Answer,
    /// The answer to a text without a visible character; `None` if it may be blank.
    pub blank: Option<Answer>,
    /// The answer to a text with control characters, line breaks among them; `None` if it may have them.
    pub control: Option<Answer>,
}

/// The unit that a text is measured in.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Bytes of UTF-8.
    Bytes,
    /// Unicode code points.
    Chars,
}

/// A code for programs and a sentence for people.
#[derive(Clone, Copy, Debug, Serialize, TS)]
pub struct Answer {
    /// The error code.
    pub code: ErrorCode,
    /// The sentence.
    pub message: &'static str,
}

/// The rule for the text of messages and edits.
pub const MESSAGE: TextRule = TextRule {
    max: MAX_TEXT_BYTES,
    unit: TextUnit::Bytes,
    too_large: Answer {
        code: ErrorCode::TooLarge,
        message: "A message has at most {max} bytes of text; this one has {size}.",
    },
    blank: Some(Answer {
        code: ErrorCode::BadRequest,
        message: "A message needs some text.",
    }),
    control: None,
};

/// The rule for topics.
pub const TOPIC: TextRule = TextRule {
    max: MAX_TOPIC_CHARS,
    unit: TextUnit::Chars,
    too_large: Answer {
        code: ErrorCode::TooLarge,
        message: "A topic has at most {max} characters.",
    },
    blank: None,
    control: Some(Answer {
        code: ErrorCode::BadRequest,
        message: "A topic is one line of text.",
    }),
};

const NOT_ONE_EMOJI: Answer = Answer {
    code: ErrorCode::BadRequest,
    message: "A reaction is one emoji.",
};

/// The rule for reactions.
pub const EMOJI: TextRule = TextRule {
    max: MAX_EMOJI_BYTES,
    unit: TextUnit::Bytes,
    too_large: NOT_ONE_EMOJI,
    blank: Some(NOT_ONE_EMOJI),
    control: None,
};

impl TextRule {
    /// Checks a text against the rule.
    pub fn check(&self, text: &str) -> Result<(), WireError> {
        let size = match self.unit {
            TextUnit::Bytes => text.len(),
            TextUnit::Chars => text.chars().count(),
        };
        let refuse = |answer: Answer| {
            let message = answer
                .message
                .replace("{max}", &self.max.to_string())
                .replace("{size}", &size.to_string());
            Err(WireError::new(answer.code, message))
        };
        match (self.blank, self.control) {
            (Some(blank), _) if text.trim().is_empty() => refuse(blank),
            _ if size > self.max => refuse(self.too_large),
            (_, Some(control)) if text.chars().any(char::is_control) => refuse(control),
            _ => Ok(()),
        }
    }
}
