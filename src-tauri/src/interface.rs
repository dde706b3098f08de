//! The way up to the interface. It may come late, and come again: a page that is loaded anew gets the whole picture.

use std::sync::{Arc, Mutex, PoisonError};

use crate::events::BackendEvent;

/// Takes events; the window's channel, or a test's.
pub(crate) type Sink = Box<dyn Fn(BackendEvent) + Send>;

/// Where events go. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Interface(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    sink: Option<Sink>,
    fatal: Option<BackendEvent>,
    profile: Option<BackendEvent>,
    servers: Option<BackendEvent>,
    hosting: Option<BackendEvent>,
    nearby: Option<BackendEvent>,
}

impl Interface {
    /// Sends everything to this sink from now on, beginning with what is known already.
    pub(crate) fn connect(&self, sink: Sink) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
        state.sink = Some(sink);
    }

    /// Tells the interface. What it needs to know when it starts is kept; sessions tell theirs anew when asked to.
    pub(crate) fn tell(&self, event: BackendEvent) {
        // Under the lock, so that a connecting interface sees this either among what is known or behind it.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match &event {
            BackendEvent::Fatal { .. } => Some(&mut state.fatal),
            BackendEvent::Profile { .. } => Some(&mut state.profile),
            BackendEvent::Servers { .. } => Some(&mut state.servers),
            BackendEvent::Hosting { .. } => Some(&mut state.hosting),
            BackendEvent::Nearby { .. } => Some(&mut state.nearby),
            BackendEvent::Session { .. } | BackendEvent::AskQuit | BackendEvent::Show { .. } => None,
        };
        if let Some(kept) = kept {
            *kept = Some(event.clone());
        }
        if let Some(sink) = &state.sink {
            sink(event);
        }
    }

    /// Whether anybody listens.
    pub(crate) fn is_connected(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sink.is_some()
    }
}
