//! The user's identity on this installation: key, device and name. The first start creates it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use ichat_protocol::{DeviceId, MemberId, Name};
use serde::{Deserialize, Serialize};

use crate::atomic_file::write_atomically;
use crate::random_name::random_name;

const FILE_NAME: &str = "profile.json";
/// Time that another process takes at most to create a profile, after it has locked the folder.
const CREATION_TIMEOUT: Duration = Duration::from_secs(5);
const CREATION_POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The public part of the user's identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: Name,
    pub device: DeviceId,
    /// The user on every server: the public half of the key.
    pub member: MemberId,
    /// `true` if this start created the profile.
    pub first_run: bool,
}

/// The profile with its secret key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) profile: Profile,
    pub(crate) key: SigningKey,
    file: PathBuf,
}

/// The content of `profile.json`. Anyone who can read this file can act as the user.
#[derive(Serialize, Deserialize)]
struct StoredProfile {
    name: Name,
    device: DeviceId,
    /// The secret half, in hexadecimal.
    key: String,
}

impl Identity {
    /// Reads the profile, or creates one. `name` replaces the stored name.
    pub(crate) fn open(dir: &Path, name: Option<Name>) -> io::Result<Self> {
        let file = dir.join(FILE_NAME);
        let stored = read(&file)?;
        let first_run = stored.is_none();
        let (old_name, device, key) = match stored {
            Some(stored) => stored,
            None => (random_name()?, DeviceId::fresh(), generate_key()?),
        };
        let is_renamed = name.as_ref().is_some_and(|name| *name != old_name);
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
        if first_run || is_renamed {
            identity.save()?;
        }
        Ok(identity)
    }

    /// Opens the profile of another device of the user whose folder is `main`. `name` replaces the stored name. Waits for a
    /// process that is just creating the user, and fails if it doesn't: two processes could create two users.
    pub(crate) fn open_as(dir: &Path, main: &Path, name: Option<Name>) -> io::Result<Self> {
        await_profile(main, CREATION_TIMEOUT)?;
        let user = Self::open(main, name)?;
        let file = dir.join(FILE_NAME);
        let device = read(&file)?.map_or_else(DeviceId::fresh, |(_, device, _)| device);
        let identity = Self {
            profile: Profile { device, ..user.profile },
            key: user.key,
            file,
        };
        identity.save()?;
        Ok(identity)
    }

    pub(crate) fn set_name(&mut self, name: Name) -> io::Result<()> {
        let old = std::mem::replace(&mut self.profile.name, name);
        self.save().inspect_err(|_| self.profile.name = old)
    }

    fn save(&self) -> io::Result<()> {
        let stored = StoredProfile {
            name: self.profile.name.clone(),
            device: self.profile.device,
            key: HEXLOWER.encode(self.key.as_bytes()),
        };
        write_atomically(&self.file, &serde_json::to_vec_pretty(&stored)?)
    }
}

/// Waits for the profile in a folder that another process has locked.
fn await_profile(dir: &Path, timeout: Duration) -> io::Result<()> {
    let file = dir.join(FILE_NAME);
    let deadline = Instant::now() + timeout;
    while !file.exists() {
        if Instant::now() >= deadline {
            let text = format!(
                "Another process uses {} and has not created the profile yet. Try again, or end it",
                dir.display()
            );
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        thread::sleep(CREATION_POLL_INTERVAL);
    }
    Ok(())
}

/// Reads a profile, if there is one.
fn read(file: &Path) -> io::Result<Option<(Name, DeviceId, SigningKey)>> {
    match fs::read(file) {
        Ok(bytes) => parse(&bytes).map(Some).ok_or_else(|| damaged(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn parse(bytes: &[u8]) -> Option<(Name, DeviceId, SigningKey)> {
    let stored: StoredProfile = serde_json::from_slice(bytes).ok()?;
    let secret = HEXLOWER.decode(stored.key.as_bytes()).ok()?;
    let key = SigningKey::from_bytes(secret.as_slice().try_into().ok()?);
    Some((stored.name, stored.device, key))
}

fn damaged(file: &Path) -> io::Error {
    let text = format!(
        "{} is damaged. Put a backup in its place, or move it away to start as a new user",
        file.display()
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn generate_key() -> io::Result<SigningKey> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    Ok(SigningKey::from_bytes(&secret))
}

#[cfg(test)]
mod tests {
    //! - a profile is created once
    //! - another device of the user has the same key and name, and keeps its own id
    //! - another device waits for the user to be created, and doesn't create one
    //! - only the user can read the key
    //! - a damaged profile is not overwritten

    use super::*;

    #[test]
    fn a_profile_is_created_once() {
        let dir = tempfile::tempdir().unwrap();
        let created = Identity::open(dir.path(), None).unwrap().profile;
        assert!(created.first_run);
        let again = Identity::open(dir.path(), None).unwrap().profile;
        assert_eq!(
            again,
            Profile {
                first_run: false,
                ..created.clone()
            }
        );
        let ada = Name::parse("Ada").unwrap();
        assert_eq!(Identity::open(dir.path(), Some(ada.clone())).unwrap().profile.name, ada);
        let later = Identity::open(dir.path(), None).unwrap().profile;
        assert_eq!((later.name, later.member), (ada, created.member));
    }

    #[test]
    fn another_device_has_the_same_key_and_name() {
        let (main, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let user = Identity::open(main.path(), None).unwrap().profile;
        let first = Identity::open_as(other.path(), main.path(), None).unwrap().profile;
        assert_eq!((&first.name, &first.member), (&user.name, &user.member));
        assert_ne!(first.device, user.device);
        let ada = Name::parse("Ada").unwrap();
        let again = Identity::open_as(other.path(), main.path(), Some(ada.clone()))
            .unwrap()
            .profile;
        assert_eq!((&again.name, again.device), (&ada, first.device));
        let user = Identity::open(main.path(), None).unwrap().profile;
        assert_eq!((user.name, user.first_run), (ada, false));
    }

    #[test]
    fn another_device_creates_no_user() {
        let main = tempfile::tempdir().unwrap();
        let error = await_profile(main.path(), Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("Try again"), "{error}");
        assert!(!main.path().join(FILE_NAME).exists());
        Identity::open(main.path(), None).unwrap();
        await_profile(main.path(), Duration::ZERO).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_can_read_the_key() {
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
    fn a_damaged_profile_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("profile.json");
        fs::write(&file, "{\"name\":\"Ada\",\"device\":7}").unwrap();
        let error = Identity::open(dir.path(), None).err().unwrap();
        assert!(error.to_string().contains("move it away"), "{error}");
        assert!(fs::read_to_string(&file).unwrap().contains("Ada"));
    }
}
