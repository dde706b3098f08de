//! Where a step puts its effects.

use ichat_protocol::ClientEvent;

use super::{Change, Effect, Update};

#[derive(Default)]
pub(super) struct Out(pub(super) Vec<Effect>);

impl Out {
    pub(super) fn emit(&mut self, event: ClientEvent) {
        self.0.push(Effect::Emit(event));
    }

    pub(super) fn save(&mut self, change: Change) {
        self.0.push(Effect::Save(change));
    }

    pub(super) fn up(&mut self, update: Update) {
        self.0.push(Effect::Notify(update));
    }
}
