//! The commands of the user interface: one per action, one line each.
//!
//! `names.rs` lists them for the build script, and `capabilities/main.json` grants them to the main window. Each action is a
//! command of its own, so that a window can be granted some of them and not others.

mod command_result;
mod hosting;
mod servers;
mod session;
mod window;

use tauri::Runtime;
use tauri::ipc::Invoke;

/// Returns the handler of all commands.
pub(crate) fn all<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        window::start,
        session::send,
        session::retry,
        session::discard,
        session::create_room,
        session::browse_rooms,
        session::join_room,
        session::leave_room,
        session::open_room,
        session::history,
        session::typing,
        session::read,
        session::away,
        servers::set_name,
        hosting::host_start,
        hosting::host_stop,
        servers::nearby_join,
        servers::server_join,
        servers::server_forget,
        window::notify,
        window::withdraw_notification,
        window::badge,
        window::set_focused,
        window::set_theme,
        window::set_zoom,
        window::toggle_fullscreen,
        window::close,
        window::request_quit,
        window::acknowledge_question,
        window::quit,
        window::hide,
    ]
}
