//! Replacing a file as a whole.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file so that a crash or a power failure leaves either the new content or the old one. On Unix only the user may
/// read it.
pub fn write_atomically(file: &Path, content: &[u8]) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new(""));
    // Temporary files have the mode 0600, and keep it. A rename needs the same folder.
    let mut temporary = tempfile::NamedTempFile::new_in(dir_or_current(dir))?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    temporary.persist(file)?;
    sync_dir(dir)
}

/// Forces the names in a folder to the disk: without that, a power failure may undo a rename.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    // Windows can't open a folder as a file, and needs nothing of the kind.
    if cfg!(unix) {
        File::open(dir_or_current(dir))?.sync_all()?;
    }
    Ok(())
}

fn dir_or_current(dir: &Path) -> &Path {
    if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    }
}

#[cfg(test)]
mod tests {
    //! - a file is created, then replaced, and nothing is left beside it

    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("settings");
        for content in ["first", "second"] {
            write_atomically(&file, content.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), content);
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(write_atomically(&dir.path().join("no/such/folder"), b"").is_err());
    }
}
