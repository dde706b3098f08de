//! The channel of events to the user interface. A page that loads late, or again, receives the current state first.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::events::BackendEvent;

/// A receiver of events: the window's channel, or a test's.
pub(crate) type Sink = Box<dyn Fn(BackendEvent) + Send>;

/// The channel to the user interface. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct UiChannel(Arc<Mutex<State>>);

/// The connected page, and the latest event of each kind that a new page needs.
#[derive(Default)]
struct State {
    sink: Option<Sink>,
    fatal: Option<BackendEvent>,
    profile: Option<BackendEvent>,
    servers: Option<BackendEvent>,
    hosting: Option<BackendEvent>,
    nearby: Option<BackendEvent>,
    /// Set after a crash, until the next page has connected.
    recovered: Option<BackendEvent>,
}

impl State {
    /// Removes the reason why hosting ended once a page has shown it: for a later page it is no news.
    fn forget_shown_error(&mut self) {
        if let Some(BackendEvent::Hosting { error, .. }) = &mut self.hosting {
            *error = None;
        }
    }
}

impl UiChannel {
    /// Connects a page. It receives the current state first, then every event.
    pub(crate) fn connect(&self, sink: Sink) {
        let mut state = self.0.lock();
        for event in [
            &state.fatal,
            &state.profile,
            &state.servers,
            &state.hosting,
            &state.nearby,
        ]
        .into_iter()
        .flatten()
        {
            sink(event.clone());
        }
        if let Some(event) = state.recovered.take() {
            sink(event);
        }
        state.sink = Some(sink);
        state.forget_shown_error();
    }

    /// Sends an event to the page, and keeps it if a new page needs it. Sessions report their state again on request, so
    /// their events are not kept.
    pub(crate) fn send(&self, event: BackendEvent) {
        // Under the lock, so that a connecting page receives the event once: as state or after it.
        let mut state = self.0.lock();
        let kept = match &event {
            BackendEvent::Fatal { .. } => Some(&mut state.fatal),
            BackendEvent::Profile { .. } => Some(&mut state.profile),
            BackendEvent::Servers { .. } => Some(&mut state.servers),
            BackendEvent::Hosting { .. } => Some(&mut state.hosting),
            BackendEvent::Nearby { .. } => Some(&mut state.nearby),
            BackendEvent::Recovered => Some(&mut state.recovered),
            BackendEvent::Session { .. }
            | BackendEvent::AskQuit { .. }
            | BackendEvent::AskStop
            | BackendEvent::Show { .. } => None,
        };
        if let Some(kept) = kept {
            *kept = Some(event.clone());
        }
        if let Some(sink) = &state.sink {
            sink(event);
            state.forget_shown_error();
        }
    }

    /// Disconnects the page, which has gone.
    pub(crate) fn disconnect(&self) {
        self.0.lock().sink = None;
    }

    /// Returns whether a page has connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.0.lock().sink.is_some()
    }
}

#[cfg(test)]
mod tests {
    //! The first page that connects shows why hosting ended, and no later page.

    use ichat_protocol::{ErrorCode, WireError};

    use super::*;

    /// Connects a page. Returns the events that it receives.
    fn connect(ui: &UiChannel) -> Arc<Mutex<Vec<BackendEvent>>> {
        let received = Arc::<Mutex<Vec<BackendEvent>>>::default();
        let events = Arc::clone(&received);
        ui.connect(Box::new(move |event| events.lock().push(event)));
        received
    }

    /// Returns for each received event about hosting whether it has an error.
    fn errors(page: &Mutex<Vec<BackendEvent>>) -> Vec<bool> {
        let mut errors = Vec::new();
        for event in &*page.lock() {
            if let BackendEvent::Hosting { error, .. } = event {
                errors.push(error.is_some());
            }
        }
        errors
    }

    fn hosting_ended() -> BackendEvent {
        BackendEvent::Hosting {
            hosting: None,
            error: Some(WireError::new(ErrorCode::Other, "Hosting ended.".to_owned())),
        }
    }

    #[test]
    fn one_page_shows_why_hosting_ended() {
        let ui = UiChannel::default();
        ui.send(hosting_ended());
        assert_eq!(errors(&connect(&ui)), [true]);
        let second = connect(&ui);
        assert_eq!(errors(&second), [false]);
        ui.send(hosting_ended());
        assert_eq!(errors(&second), [false, true]);
        assert_eq!(errors(&connect(&ui)), [false]);
    }
}
