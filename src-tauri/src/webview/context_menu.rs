//! The menu of the right mouse button. Of the browser's own entries it keeps those that work in an app: editing, copying
//! and spelling. Where none is left, there is no menu.

use gtk::gio::SimpleAction;
use tauri::{AppHandle, Runtime, Url};
use tauri_plugin_opener::OpenerExt as _;
use webkit2gtk::{
    ContextMenuAction, ContextMenuExt as _, ContextMenuItem, ContextMenuItemExt as _, HitTestResultExt as _, WebView,
    WebViewExt as _,
};

/// The schemes of links that the system opens, as in `capabilities/main.json`.
const LINK_SCHEMES: &[&str] = &["http", "https", "mailto"];

const OPEN_LINK: &str = "Open link";

/// Replaces the menu's entries each time it opens.
pub(super) fn attach<R: Runtime>(view: &WebView, app: &AppHandle<R>) {
    let app = app.clone();
    view.connect_context_menu(move |_, menu, _, target| {
        let link = target.link_uri().filter(|link| is_external(link));
        let mut groups = vec![Vec::new()];
        if let Some(link) = &link {
            groups.push(vec![open_link_item(&app, link)]);
        }
        for item in menu.items() {
            if item.is_separator() {
                groups.push(Vec::new());
            } else if is_kept(item.stock_action(), link.is_some())
                && let Some(group) = groups.last_mut()
            {
                group.push(item);
            }
        }
        menu.remove_all();
        for group in groups.into_iter().filter(|group| !group.is_empty()) {
            if menu.n_items() > 0 {
                menu.append(&ContextMenuItem::new_separator());
            }
            for item in group {
                menu.append(&item);
            }
        }
        // `true` shows no menu.
        menu.n_items() == 0
    });
}

fn open_link_item<R: Runtime>(app: &AppHandle<R>, link: &str) -> ContextMenuItem {
    let action = SimpleAction::new("open-link", None);
    let (app, link) = (app.clone(), link.to_owned());
    action.connect_activate(move |_, _| {
        if let Err(error) = app.opener().open_url(&link, None::<&str>) {
            tracing::warn!(%error, "the link can't be opened");
        }
    });
    ContextMenuItem::from_gaction(&action, OPEN_LINK, None)
}

/// Returns whether an entry works in an app.
fn is_kept(action: ContextMenuAction, on_link: bool) -> bool {
    match action {
        ContextMenuAction::Copy
        | ContextMenuAction::Cut
        | ContextMenuAction::Paste
        | ContextMenuAction::Delete
        | ContextMenuAction::SelectAll
        | ContextMenuAction::SpellingGuess
        | ContextMenuAction::NoGuessesFound
        | ContextMenuAction::IgnoreSpelling
        | ContextMenuAction::LearnSpelling => true,
        ContextMenuAction::CopyLinkToClipboard => on_link,
        ContextMenuAction::InspectElement => tauri::is_dev(),
        _ => false,
    }
}

/// Returns whether a link leads out of the app.
fn is_external(link: &str) -> bool {
    Url::parse(link).is_ok_and(|link| LINK_SCHEMES.contains(&link.scheme()))
}

#[cfg(test)]
mod tests {
    //! - only what works is kept
    //! - a link within the app is not opened

    use super::*;

    #[test]
    fn only_entries_that_work_are_kept() {
        assert!(is_kept(ContextMenuAction::Paste, false));
        assert!(is_kept(ContextMenuAction::SpellingGuess, false));
        for action in [
            ContextMenuAction::Reload,
            ContextMenuAction::GoBack,
            ContextMenuAction::OpenLink,
            ContextMenuAction::DownloadLinkToDisk,
            ContextMenuAction::Unicode,
        ] {
            assert!(!is_kept(action, true), "{action:?}");
        }
    }

    #[test]
    fn only_a_link_out_of_the_app_can_be_opened_or_copied() {
        assert!(is_external("https://example.org/"));
        assert!(!is_external("tauri://localhost/#/room/1"));
        assert!(!is_kept(ContextMenuAction::CopyLinkToClipboard, false));
    }
}
