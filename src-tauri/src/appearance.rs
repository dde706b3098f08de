//! The appearance of the page, remembered so that the window has the right colour and size from its first frame on. The
//! page has its own record: this one only bridges the time until it has loaded.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ichat_client::write_atomically;
use serde::{Deserialize, Serialize};
use tauri::window::Color;
use tauri::{AppHandle, Manager as _, Runtime};

use crate::window;

const FILE: &str = "appearance.json";

/// The page's background in the dark theme: `--surface` in `ui/src/shared/tokens.css`.
const DARK: Color = Color(0x15, 0x19, 0x1a, 0xff);

/// The colours and the size of everything on the page.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Appearance {
    pub(crate) theme: ThemeChoice,
    /// 1 is the usual size.
    pub(crate) zoom: f64,
}

/// The user's choice of a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ThemeChoice {
    System,
    Light,
    Dark,
}

/// The file that remembers the appearance. Without a data folder, nothing is remembered.
#[derive(Default)]
pub(crate) struct AppearanceFile(Option<PathBuf>);

impl Default for Appearance {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            zoom: 1.0,
        }
    }
}

impl ThemeChoice {
    /// Returns the background colour of a dark page; a light one needs none. `system_is_dark` is asked only if the user
    /// follows the system.
    pub(crate) fn background(self, system_is_dark: impl FnOnce() -> bool) -> Option<Color> {
        let is_dark = match self {
            ThemeChoice::System => system_is_dark(),
            ThemeChoice::Light => false,
            ThemeChoice::Dark => true,
        };
        is_dark.then_some(DARK)
    }
}

impl AppearanceFile {
    /// Returns the file in a data folder.
    pub(crate) fn in_folder(data: Option<&Path>) -> Self {
        Self(data.map(|data| data.join(FILE)))
    }

    /// Loads the appearance. A file that is missing or damaged gives the usual one.
    pub(crate) fn load(&self) -> Appearance {
        let bytes = self.0.as_deref().and_then(|file| fs::read(file).ok());
        let parsed = bytes.and_then(|bytes| serde_json::from_slice::<Appearance>(&bytes).ok());
        parsed
            .filter(|appearance| is_usable(appearance.zoom))
            .unwrap_or_default()
    }

    fn save(&self, appearance: Appearance) -> io::Result<()> {
        match &self.0 {
            Some(file) if self.load() != appearance => write_atomically(file, &serde_json::to_vec(&appearance)?),
            _ => Ok(()),
        }
    }
}

/// Remembers the theme that the user has chosen, for the background of the next start.
pub(crate) fn set_theme<R: Runtime>(app: &AppHandle<R>, theme: ThemeChoice) {
    let appearance = app.state::<AppearanceFile>().load();
    remember(app, Appearance { theme, ..appearance });
}

/// Gives everything on the page the size that the user has chosen, and remembers it.
pub(crate) fn set_zoom<R: Runtime>(app: &AppHandle<R>, factor: f64) {
    if is_usable(factor) {
        let appearance = app.state::<AppearanceFile>().load();
        window::set_zoom(app, factor);
        let zoom = factor;
        remember(app, Appearance { zoom, ..appearance });
    }
}

fn remember<R: Runtime>(app: &AppHandle<R>, appearance: Appearance) {
    if let Err(error) = app.state::<AppearanceFile>().save(appearance) {
        tracing::debug!(%error, "the appearance can't be remembered");
    }
}

/// Returns whether a page of this size can be used.
fn is_usable(zoom: f64) -> bool {
    (0.25..=5.0).contains(&zoom)
}

#[cfg(test)]
mod tests {
    //! - the appearance is remembered
    //! - a missing, damaged or unusable file gives the usual one, also where nothing can be stored
    //! - the colours are those of the page

    use super::*;

    #[test]
    fn the_appearance_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let file = AppearanceFile::in_folder(Some(dir.path()));
        assert_eq!(file.load(), Appearance::default());
        let dark = Appearance {
            theme: ThemeChoice::Dark,
            zoom: 1.25,
        };
        file.save(dark).unwrap();
        assert_eq!(file.load(), dark);
    }

    #[test]
    fn an_unusable_file_gives_the_usual_appearance() {
        let dir = tempfile::tempdir().unwrap();
        let file = AppearanceFile::in_folder(Some(dir.path()));
        for content in ["", "{", r#"{"theme":"dark","zoom":0}"#, r#"{"theme":"pink","zoom":1}"#] {
            fs::write(dir.path().join(FILE), content).unwrap();
            assert_eq!(file.load(), Appearance::default(), "{content}");
        }
        let nowhere = AppearanceFile::in_folder(None);
        nowhere.save(Appearance::default()).unwrap();
        assert_eq!(nowhere.load(), Appearance::default());
    }

    #[test]
    fn the_colours_are_those_of_the_page() {
        let tokens = include_str!("../../ui/src/shared/tokens.css");
        let css = |Color(red, green, blue, _): Color| format!("#{red:02x}{green:02x}{blue:02x}");
        let expected = format!("--surface: light-dark(#ffffff, {});", css(DARK));
        assert!(tokens.contains(&expected), "{expected}");
    }
}
