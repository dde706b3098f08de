//! The theme that the user has chosen, remembered so that the window has the right colour from its first frame on. The page
//! has its own record: this one only bridges the time until it has loaded.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ichat_client::write_atomically;
use serde::{Deserialize, Serialize};
use tauri::window::Color;
use tauri::{AppHandle, Manager as _, Runtime};

const FILE: &str = "appearance.json";

/// The page's background in the dark theme: `--surface` in `ui/src/shared/tokens.css`, in sRGB. `ui/tests/contrast.test.ts` compares
/// the two.
const DARK: Color = Color(0x1a, 0x21, 0x20, 0xff);

/// The content of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Appearance {
    theme: ThemeChoice,
}

/// The user's choice of a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ThemeChoice {
    System,
    Light,
    Dark,
}

/// The file that remembers the theme. Without a data folder, nothing is remembered.
#[derive(Default)]
pub(crate) struct AppearanceFile(Option<PathBuf>);

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

    /// Loads the theme. A file that is missing or damaged gives that of the system.
    pub(crate) fn load(&self) -> ThemeChoice {
        let bytes = self.0.as_deref().and_then(|file| fs::read(file).ok());
        let parsed = bytes.and_then(|bytes| serde_json::from_slice::<Appearance>(&bytes).ok());
        parsed.map_or(ThemeChoice::System, |appearance| appearance.theme)
    }

    fn save(&self, theme: ThemeChoice) -> io::Result<()> {
        match &self.0 {
            Some(file) if self.load() != theme => write_atomically(file, &serde_json::to_vec(&Appearance { theme })?),
            _ => Ok(()),
        }
    }
}

/// Remembers the theme that the user has chosen, for the background of the next start.
pub(crate) fn set_theme<R: Runtime>(app: &AppHandle<R>, theme: ThemeChoice) {
    if let Err(error) = app.state::<AppearanceFile>().save(theme) {
        tracing::debug!(%error, "the appearance can't be remembered");
    }
}

#[cfg(test)]
mod tests {
    //! - the theme is remembered
    //! - a missing or damaged file gives that of the system, also where nothing can be stored

    use super::*;

    #[test]
    fn the_theme_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let file = AppearanceFile::in_folder(Some(dir.path()));
        assert_eq!(file.load(), ThemeChoice::System);
        file.save(ThemeChoice::Dark).unwrap();
        assert_eq!(file.load(), ThemeChoice::Dark);
    }

    #[test]
    fn an_unusable_file_gives_the_theme_of_the_system() {
        let dir = tempfile::tempdir().unwrap();
        let file = AppearanceFile::in_folder(Some(dir.path()));
        for content in ["", "{", r#"{"theme":"pink"}"#] {
            fs::write(dir.path().join(FILE), content).unwrap();
            assert_eq!(file.load(), ThemeChoice::System, "{content}");
        }
        let nowhere = AppearanceFile::in_folder(None);
        nowhere.save(ThemeChoice::Dark).unwrap();
        assert_eq!(nowhere.load(), ThemeChoice::System);
    }
}
