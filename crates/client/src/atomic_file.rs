//! Atomic writes of small files.

use std::io::{self, Write as _};
use std::path::Path;

/// Replaces a file so that it has either the old or the new content after a crash or a loss of power. Only the current
/// user can read it.
pub fn write_atomically(file: &Path, content: &[u8]) -> io::Result<()> {
    // The parent of a bare name is the empty path.
    let dir = file
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // Temporary files have mode 0600, and keep it.
    let mut temporary = tempfile::NamedTempFile::new_in(dir)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    temporary.persist(file)?;
    // Makes the rename durable, which changed the folder. Windows can't sync folders and does not need to.
    #[cfg(unix)]
    std::fs::File::open(dir)?.sync_all()?;
    Ok(())
}
