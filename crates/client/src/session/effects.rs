//! The effects of one step.

use ichat_protocol::ClientEvent;

use super::{Change, Effect, Update};

/// A list of effects, in the order in which the driver runs them.
#[derive(Default)]
pub(super) struct Effects(pub(super) Vec<Effect>);

impl Effects {
    pub(super) fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    pub(super) fn emit(&mut self, event: ClientEvent) {
        self.push(Effect::Emit(event));
    }

    /// Returns the events that are sent.
    pub(super) fn emitted(&self) -> impl Iterator<Item = &ClientEvent> {
        self.0.iter().filter_map(|effect| match effect {
            Effect::Emit(event) => Some(event),
            Effect::Connect { .. }
            | Effect::Close
            | Effect::Save(_)
            | Effect::Load { .. }
            | Effect::Notify(_)
            | Effect::Wake { .. } => None,
        })
    }

    pub(super) fn save(&mut self, change: Change) {
        self.push(Effect::Save(change));
    }

    pub(super) fn notify(&mut self, update: Update) {
        self.push(Effect::Notify(update));
    }
}
