//! Rules for the free text of entries. The TypeScript constants `textRules` are generated from them, so that the
//! interface checks a text before it sends it, and shows the same sentence as the server.

use serde::Serialize;
use ts_rs::TS;

use crate::limits::{MAX_TEXT_BYTES, MAX_TOPIC_CHARS};
use crate::visibility::{has_stacked_marks, is_blank, sets_direction};
use crate::{ErrorCode, WireError};

/// A rule for one text field.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename_all = "camelCase")]
pub struct TextRule {
    /// The largest size.
    pub max: usize,
    /// The unit of `max`.
    pub unit: TextUnit,
    /// The refusal of a text over the limit.
    pub too_large: RefusalTemplate,
    /// The refusal of a text that shows nothing.
    pub blank: RefusalTemplate,
    /// `true` if the text may be empty.
    pub may_be_empty: bool,
    /// The refusal of a text with control characters or line breaks; `None` if it may have them.
    pub control: Option<RefusalTemplate>,
    /// The refusal of a text that sets the direction of its characters; `None` if it may.
    pub direction: Option<RefusalTemplate>,
    /// The refusal of a text with more nonspacing marks in a row than a name may have; `None` if it may have them.
    pub marks: Option<RefusalTemplate>,
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

/// A refusal. `{max}` and `{size}` in its message stand for the limit and the text's size.
#[derive(Clone, Copy, Debug, Serialize, TS)]
pub struct RefusalTemplate {
    /// The error code.
    pub code: ErrorCode,
    /// The sentence.
    pub message: &'static str,
}

/// The rule for the text of messages and edits.
pub const MESSAGE: TextRule = TextRule {
    max: MAX_TEXT_BYTES,
    unit: TextUnit::Bytes,
    too_large: RefusalTemplate {
        code: ErrorCode::TooLarge,
        message: "A message has at most {max} bytes of text; this one has {size}.",
    },
    blank: RefusalTemplate {
        code: ErrorCode::BadRequest,
        message: "A message needs some text.",
    },
    may_be_empty: false,
    control: None,
    direction: None,
    marks: None,
};

/// The rule for topics.
pub const TOPIC: TextRule = TextRule {
    max: MAX_TOPIC_CHARS,
    unit: TextUnit::Chars,
    too_large: RefusalTemplate {
        code: ErrorCode::TooLarge,
        message: "A topic has at most {max} characters.",
    },
    blank: RefusalTemplate {
        code: ErrorCode::BadRequest,
        message: "A topic needs some text, or none at all.",
    },
    may_be_empty: true,
    control: Some(RefusalTemplate {
        code: ErrorCode::BadRequest,
        message: "A topic is one line of text.",
    }),
    direction: Some(RefusalTemplate {
        code: ErrorCode::BadRequest,
        message: "A topic can't contain direction-changing characters.",
    }),
    marks: Some(RefusalTemplate {
        code: ErrorCode::BadRequest,
        message: "A topic can't contain stacks of combining marks.",
    }),
};

/// The refusal of a reaction that is not exactly one emoji.
pub const NOT_ONE_EMOJI: RefusalTemplate = RefusalTemplate {
    code: ErrorCode::BadRequest,
    message: "A reaction is one emoji.",
};

impl From<RefusalTemplate> for WireError {
    /// Creates a refusal from a template without placeholders.
    fn from(template: RefusalTemplate) -> WireError {
        WireError::new(template.code, template.message)
    }
}

impl TextRule {
    /// Checks a text against the rule.
    pub fn check(&self, text: &str) -> Result<(), WireError> {
        let size = match self.unit {
            TextUnit::Bytes => text.len(),
            TextUnit::Chars => text.chars().count(),
        };
        if is_blank(text) && !(self.may_be_empty && text.is_empty()) {
            return Err(self.refusal(self.blank, size));
        }
        if size > self.max {
            return Err(self.refusal(self.too_large, size));
        }
        if let Some(control) = self.control
            && text
                .chars()
                .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
        {
            return Err(self.refusal(control, size));
        }
        if let Some(direction) = self.direction
            && text.chars().any(sets_direction)
        {
            return Err(self.refusal(direction, size));
        }
        if let Some(marks) = self.marks
            && has_stacked_marks(text.chars())
        {
            return Err(self.refusal(marks, size));
        }
        Ok(())
    }

    fn refusal(&self, template: RefusalTemplate, size: usize) -> WireError {
        let message = template
            .message
            .replace("{max}", &self.max.to_string())
            .replace("{size}", &size.to_string());
        WireError::new(template.code, message)
    }
}
