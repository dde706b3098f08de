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

    pub(super) fn save(&mut self, change: Change) {
        self.push(Effect::Save(change));
    }

    pub(super) fn notify(&mut self, update: Update) {
        self.push(Effect::Notify(update));
    }
}
