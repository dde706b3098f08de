//! Names for users who have not chosen one yet. The web interface has a list of its own.

use std::io;

use ichat_protocol::Name;

/// Returns a friendly name like "Amber Otter".
pub(crate) fn random_name() -> io::Result<Name> {
    const COLOURS: [&str; 16] = [
        "Amber", "Azure", "Coral", "Copper", "Golden", "Green", "Indigo", "Ivory", "Jade", "Lilac", "Olive", "Rosy",
        "Ruby", "Silver", "Teal", "Violet",
    ];
    const ANIMALS: [&str; 16] = [
        "Badger", "Beaver", "Crane", "Dolphin", "Falcon", "Fox", "Hare", "Heron", "Koala", "Lynx", "Marten", "Otter",
        "Owl", "Panda", "Robin", "Seal",
    ];
    let mut random = [0; 2];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let [colour, animal] = random.map(|byte| usize::from(byte) % 16);
    Name::parse(&format!("{} {}", COLOURS[colour], ANIMALS[animal])).map_err(io::Error::other)
}
