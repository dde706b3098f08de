//! Checksums of rows.
//!
//! A database detects a broken page, but not a flipped bit in a text. So the rows that matter have a CRC-32, which detects
//! every error burst of up to 32 bits, and all but one in 2³² of the others. It is no signature:
//! a program that can write the file can forge it.

use crc32fast::Hasher;

/// Returns the CRC-32 of the parts, one after the other, as `SQLite` stores it: a signed number takes 4 bytes, an unsigned
/// one up to 6. The caller makes sure that no two rows have the same concatenation.
pub(crate) fn checksum(parts: &[&[u8]]) -> i32 {
    let mut hasher = Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().cast_signed()
}
