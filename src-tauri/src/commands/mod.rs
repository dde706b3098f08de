//! The commands of the user interface: one per action, one line each.
//!
//! `list.rs` lists them. The build script grants the listed ones to the main window, and the interface calls no others. Each
//! action is a command of its own, so that a window can be granted some of them and not others.

mod command_result;
mod hosting;
mod servers;
mod session;
mod window;

use tauri::Runtime;
use tauri::ipc::Invoke;

/// The names of the commands.
pub const COMMANDS: &[&str] = {
    macro_rules! commands {
        ($($module:ident::$name:ident),* $(,)?) => {
            &[$(stringify!($name)),*]
        };
    }
    include!("list.rs")
};

/// Returns the handler of all commands.
pub(crate) fn all<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    macro_rules! commands {
        ($($list:tt)*) => {
            tauri::generate_handler![$($list)*]
        };
    }
    include!("list.rs")
}
