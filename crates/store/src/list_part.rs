//! A part of a list.

/// A part of a list that may be long.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPart<T> {
    pub items: Vec<T>,
    /// `true` if others follow.
    pub more: bool,
}

impl<T> ListPart<T> {
    /// Cuts what was read to `limit` items. It has one more if others follow.
    pub(crate) fn cut(mut items: Vec<T>, limit: u32) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}
