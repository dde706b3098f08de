//! Whether what is read is what was written.
//!
//! A database notices when its structure is broken, but a text with a flipped bit is a sound text to it. So each entry
//! carries a CRC-32 of all that it says and of where it stands; whoever reads it compares. A CRC finds every fault of up
//! to 32 bits in a row, and of others all but one in four thousand million. It is no signature: whoever may write the file may forge it.

use crc32fast::Hasher;
use ichat_protocol::{Entry, RoomId, ServerId};
use uuid::Uuid;

use crate::code::Columns;

/// The sum of an entry at this key, as it stands in the table.
pub(crate) fn of_entry(key: i64, entry: &Entry) -> i32 {
    let body = Columns::of(&entry.body);
    let mut fixed = [0; 90];
    let numbers = [key.to_le_bytes(), entry.at.to_le_bytes(), body.kind.to_le_bytes()];
    fixed[..24].copy_from_slice(numbers.as_flattened());
    fixed[24..40].copy_from_slice(entry.id.0.as_bytes());
    fixed[40..56].copy_from_slice(entry.device.0.as_bytes());
    for (place, id) in [(56, body.reply), (73, body.amends)] {
        if let Some(id) = id {
            fixed[place] = 1;
            fixed[place + 1..place + 17].copy_from_slice(id.as_bytes());
        }
    }
    let mut sum = Hasher::new();
    sum.update(&fixed);
    // An id holds no zero, so that author and text can't run into one another.
    sum.update(entry.author.as_str().as_bytes());
    sum.update(if body.text.is_some() { &[0, 1] } else { &[0, 0] });
    sum.update(body.text.as_deref().unwrap_or_default().as_bytes());
    signed(&sum)
}

/// The sum of what says whose folder this is.
pub(crate) fn of_meta(server: ServerId, lobby: RoomId, generation: Uuid) -> i32 {
    let mut sum = Hasher::new();
    for id in [server.0, lobby.0, generation] {
        sum.update(id.as_bytes());
    }
    signed(&sum)
}

fn signed(sum: &Hasher) -> i32 {
    i32::from_le_bytes(sum.clone().finalize().to_le_bytes())
}
