//! The icon's text, and the entries of its menu.

use tauri::{AppHandle, Runtime};

use crate::window;

/// The text that describes the icon.
pub(super) const TOOLTIP: &str = "I-Chat is hosting";

/// An entry of the icon's menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Open,
    Stop,
    Quit,
}

impl Item {
    pub(super) const ALL: [Item; 3] = [Item::Open, Item::Stop, Item::Quit];

    pub(super) fn label(self) -> &'static str {
        match self {
            Item::Open => "Open I-Chat",
            Item::Stop => "Stop hosting",
            Item::Quit => "Quit",
        }
    }

    pub(super) fn choose<R: Runtime>(self, app: &AppHandle<R>) {
        match self {
            Item::Open => window::show(app),
            Item::Stop => window::stop_requested(app),
            Item::Quit => window::quit_requested(app),
        }
    }
}
