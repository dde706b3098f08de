//! Who uses this installation: the key, the device, the name. Made silently at the first start.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use ichat_protocol::{DeviceId, MemberId, Name};
use serde::{Deserialize, Serialize};

/// Who uses this installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name to go by.
    pub name: Name,
    /// This installation.
    pub device: DeviceId,
    /// The person: the public half of the key.
    pub member: MemberId,
    /// Whether the profile was made just now.
    pub first_run: bool,
}

/// The profile with its secret.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) profile: Profile,
    pub(crate) key: SigningKey,
    file: PathBuf,
}

/// `profile.json`. The key is the person: whoever reads this file can be them.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: Name,
    device: DeviceId,
    /// The secret half, in hexadecimal.
    key: String,
}

impl Identity {
    /// Reads the profile, or makes one. `name` takes the place of the stored or made-up one.
    pub(crate) fn open(dir: &Path, name: Option<Name>) -> io::Result<Self> {
        let file = dir.join("profile.json");
        let stored = match fs::read(&file) {
            Ok(bytes) => Some(read(&bytes).ok_or_else(|| unreadable(&file))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let first_run = stored.is_none();
        let (old_name, device, key) = match stored {
            Some(stored) => stored,
            None => (made_up_name()?, DeviceId::fresh(), fresh_key()?),
        };
        let renames = name.as_ref().is_some_and(|name| *name != old_name);
        let identity = Self {
            profile: Profile {
                name: name.unwrap_or(old_name),
                device,
                member: MemberId::of_key(&key.verifying_key().to_bytes()),
                first_run,
            },
            key,
            file,
        };
        if first_run || renames {
            identity.write()?;
        }
        Ok(identity)
    }

    pub(crate) fn set_name(&mut self, name: Name) -> io::Result<()> {
        let old = std::mem::replace(&mut self.profile.name, name);
        self.write().inspect_err(|_| self.profile.name = old)
    }

    fn write(&self) -> io::Result<()> {
        let stored = Stored {
            name: self.profile.name.clone(),
            device: self.profile.device,
            key: hex(self.key.as_bytes()),
        };
        write_whole(&self.file, &serde_json::to_vec_pretty(&stored)?)
    }
}

/// Writes a file so that it is there whole or as it was before, and for nobody else to read.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    // Temporary files are made with mode 0600, and keep it.
    let mut whole = tempfile::NamedTempFile::new_in(dir)?;
    whole.write_all(bytes)?;
    whole.as_file().sync_all()?;
    whole.persist(file)?;
    // Its name is in the folder, which a loss of power would otherwise put back to what it was. Windows needs no such thing.
    #[cfg(unix)]
    fs::File::open(dir)?.sync_all()?;
    Ok(())
}

fn read(bytes: &[u8]) -> Option<(Name, DeviceId, SigningKey)> {
    let stored: Stored = serde_json::from_slice(bytes).ok()?;
    let key = SigningKey::from_bytes(&unhex(&stored.key)?);
    Some((stored.name, stored.device, key))
}

fn unreadable(file: &Path) -> io::Error {
    let text = format!(
        "{} is damaged. Put a backup in its place, or move it away to start as somebody new",
        file.display()
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn fresh_key() -> io::Result<SigningKey> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    Ok(SigningKey::from_bytes(&secret))
}

/// A friendly name that nobody has to type: "Amber Otter".
fn made_up_name() -> io::Result<Name> {
    const COLOURS: [&str; 16] = [
        "Amber", "Azure", "Coral", "Copper", "Golden", "Green", "Indigo", "Ivory", "Jade", "Lilac", "Olive", "Rosy",
        "Ruby", "Silver", "Teal", "Violet",
    ];
    const ANIMALS: [&str; 16] = [
        "Badger", "Beaver", "Crane", "Dolphin", "Falcon", "Fox", "Hare", "Heron", "Koala", "Lynx", "Marten", "Otter",
        "Owl", "Panda", "Robin", "Seal",
    ];
    let mut dice = [0; 2];
    getrandom::fill(&mut dice).map_err(io::Error::other)?;
    let [colour, animal] = dice.map(|die| usize::from(die) % 16);
    Name::parse(&format!("{} {}", COLOURS[colour], ANIMALS[animal])).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_made_once_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let made = Identity::open(dir.path(), None).unwrap().profile;
        assert!(made.first_run);
        let again = Identity::open(dir.path(), None).unwrap().profile;
        assert_eq!(
            again,
            Profile {
                first_run: false,
                ..made.clone()
            }
        );
        let ada = Name::parse("Ada").unwrap();
        assert_eq!(Identity::open(dir.path(), Some(ada.clone())).unwrap().profile.name, ada);
        let later = Identity::open(dir.path(), None).unwrap().profile;
        assert_eq!((later.name, later.member), (ada, made.member));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_the_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        Identity::open(dir.path(), None).unwrap();
        let mode = fs::metadata(dir.path().join("profile.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_profile_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("profile.json");
        fs::write(&file, "{\"name\":\"Ada\",\"device\":7}").unwrap();
        let error = Identity::open(dir.path(), None).err().unwrap();
        assert!(error.to_string().contains("move it away"), "{error}");
        assert!(fs::read_to_string(&file).unwrap().contains("Ada"));
    }
}
