//! The user who holds the lock of a file. Only Linux says so.

#[cfg(unix)]
use std::fs;
use std::path::Path;

/// Returns `true` if a user who has nothing to do with the folder holds the lock of this file: neither this one, nor the folder's
/// owner, nor root. Such a user could open the file before it was kept from others.
#[cfg(unix)]
pub(crate) fn is_held_by_stranger(lock: &Path, dir: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let (Ok(lock), Ok(dir)) = (lock.metadata(), dir.metadata()) else {
        return false;
    };
    let known = [0, dir.uid(), super::private::user()];
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let mut holders = locks.lines().filter_map(|line| holder_in(line, lock.ino())).peekable();
    holders.peek().is_some() && holders.all(|holder| owner_of(holder).is_some_and(|owner| !known.contains(&owner)))
}

#[cfg(not(unix))]
pub(crate) fn is_held_by_stranger(_lock: &Path, _dir: &Path) -> bool {
    false
}

/// Returns the process of a line like `1: FLOCK  ADVISORY  WRITE 708 08:01:4201 0 EOF`, if the lock is one of this inode:
/// <https://man7.org/linux/man-pages/man5/proc_locks.5.html>. Lines of those who wait have `->` as the second word.
#[cfg(unix)]
fn holder_in(line: &str, inode: u64) -> Option<u32> {
    let words: Vec<_> = line.split_whitespace().collect();
    let [_, "FLOCK", _, _, process, file, ..] = words.as_slice() else {
        return None;
    };
    let (_, of_file) = file.rsplit_once(':')?;
    (of_file.parse() == Ok(inode)).then_some(())?;
    process.parse().ok()
}

#[cfg(unix)]
fn owner_of(process: u32) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;

    Some(fs::metadata(format!("/proc/{process}")).ok()?.uid())
}

#[cfg(all(test, unix))]
mod tests {
    //! - the holder in a line of the kernel's table

    use super::*;

    #[test]
    fn the_holder_is_in_a_line_of_the_table() {
        let line = "1: FLOCK  ADVISORY  WRITE 708 08:01:4201 0 EOF";
        assert_eq!(holder_in(line, 4201), Some(708));
        assert_eq!(holder_in(line, 420), None);
        assert_eq!(
            holder_in("1: -> FLOCK  ADVISORY  WRITE 709 08:01:4201 0 EOF", 4201),
            None
        );
        assert_eq!(holder_in("2: POSIX  ADVISORY  WRITE 708 08:01:4201 0 EOF", 4201), None);
    }
}
