//! The end of the process that draws the page, for example when it runs out of memory. The page is loaded again; the rest
//! of the app, the hosted server included, goes on.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use gtk::prelude::*;
use gtk::{ButtonsType, DialogFlags, MessageDialog, MessageType, ResponseType};
use tauri::{AppHandle, Manager as _, Runtime};
use webkit2gtk::{WebView, WebViewExt as _};

use crate::shell::Shell;
use crate::window;

/// More crashes than this within [`CRASH_PERIOD`] end the attempts: the page would crash again.
const MAX_CRASHES: usize = 3;
const CRASH_PERIOD: Duration = Duration::from_mins(1);

/// Loads the page again whenever its process ends.
pub(super) fn attach<R: Runtime>(view: &WebView, app: &AppHandle<R>) {
    let app = app.clone();
    let crashes = RefCell::new(Crashes::default());
    view.connect_web_process_terminated(move |view, reason| {
        tracing::error!(?reason, "the page has crashed");
        app.state::<Shell>().page_crashed();
        if crashes.borrow_mut().may_reload(Instant::now()) {
            view.reload();
        } else {
            ask(view, &app);
        }
    });
}

/// Asks the user what to do about a page that crashes again and again, in a dialog without a page.
fn ask<R: Runtime>(view: &WebView, app: &AppHandle<R>) {
    let parent = view.toplevel().and_then(|widget| widget.downcast::<gtk::Window>().ok());
    let dialog = MessageDialog::new(
        parent.as_ref(),
        DialogFlags::DESTROY_WITH_PARENT,
        MessageType::Error,
        ButtonsType::None,
        "I-Chat can’t show its window",
    );
    dialog.set_secondary_text(Some(
        "The process that draws it ended several times. Messages and, if you host, the server are not affected.",
    ));
    dialog.add_button("Quit", ResponseType::Close);
    dialog.add_button("Try again", ResponseType::Accept);
    dialog.set_default_response(ResponseType::Accept);
    let (app, view) = (app.clone(), view.clone());
    dialog.connect_response(move |dialog, response| {
        dialog.close();
        if response == ResponseType::Close {
            window::quit(&app);
        } else {
            view.reload();
        }
    });
    dialog.show();
}

/// The recent crashes.
#[derive(Default)]
struct Crashes(VecDeque<Instant>);

impl Crashes {
    /// Counts a crash. Returns whether there were few enough to load the page again.
    fn may_reload(&mut self, now: Instant) -> bool {
        while self
            .0
            .front()
            .is_some_and(|crash| now.duration_since(*crash) > CRASH_PERIOD)
        {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len() <= MAX_CRASHES
    }
}

#[cfg(test)]
mod tests {
    //! A page that crashes again and again is not loaded without end, one that crashes now and then is.

    use super::*;

    #[test]
    fn a_page_that_crashes_again_and_again_is_not_loaded_without_end() {
        let start = Instant::now();
        let mut crashes = Crashes::default();
        let mut after = |seconds| crashes.may_reload(start + Duration::from_secs(seconds));
        assert_eq!([after(0), after(1), after(2), after(3)], [true, true, true, false]);
        assert!(after(200));
    }
}
