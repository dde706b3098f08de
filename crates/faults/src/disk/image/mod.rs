//! The content of the disk: what programs see, what is durable, and the changes between the two.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};

/// A disk writes a sector entirely or not at all.
const SECTOR_BYTES: usize = 512;

/// The number of the root folder.
pub(super) const ROOT: u64 = 1;

/// A file or a folder.
#[derive(Clone, Debug)]
pub(super) enum Node {
    File(Vec<u8>),
    Folder(BTreeMap<OsString, u64>),
}

/// Files and folders by their numbers.
#[derive(Clone, Debug)]
struct Nodes(HashMap<u64, Node>);

/// A change that is not durable yet.
#[derive(Clone, Debug)]
enum Change {
    Write {
        file: u64,
        at: usize,
        bytes: Vec<u8>,
    },
    Resize {
        file: u64,
        to: usize,
    },
    /// Makes a file or a folder, under this name in this folder.
    Create {
        folder: u64,
        name: OsString,
        number: u64,
        is_folder: bool,
    },
    Remove {
        folder: u64,
        name: OsString,
    },
    /// Moves a file. Both names change at once.
    Rename {
        from: (u64, OsString),
        to: (u64, OsString),
    },
}

/// The disk.
#[derive(Debug)]
pub(super) struct Image {
    /// The files as programs see them.
    current: Nodes,
    durable: Nodes,
    unsynced: Vec<Change>,
    next_number: u64,
    writes: u64,
    /// The operations (changes and syncs) before the power is lost, if it will be.
    writes_left: Option<u32>,
    has_lost_power: bool,
}

impl Default for Image {
    fn default() -> Self {
        let root = Nodes(HashMap::from([(ROOT, Node::Folder(BTreeMap::new()))]));
        Self {
            current: root.clone(),
            durable: root,
            unsynced: Vec::new(),
            next_number: ROOT + 1,
            writes: 0,
            writes_left: None,
            has_lost_power: false,
        }
    }
}

impl Image {
    pub(super) fn node(&self, number: u64) -> Option<&Node> {
        self.current.0.get(&number)
    }

    /// Returns the number of what has this name in this folder.
    pub(super) fn find(&self, folder: u64, name: &OsStr) -> Option<u64> {
        match self.node(folder)? {
            Node::Folder(names) => names.get(name).copied(),
            Node::File(_) => None,
        }
    }

    pub(super) fn has_lost_power(&self) -> bool {
        self.has_lost_power
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes
    }

    pub(super) fn lose_power_after(&mut self, writes: u32) {
        self.writes_left = Some(writes);
        self.has_lost_power |= writes == 0;
    }

    /// Makes a file, and returns its number. `None` without power, as with all changes.
    pub(super) fn create_file(&mut self, folder: u64, name: &OsStr) -> Option<u64> {
        self.create(folder, name, false)
    }

    /// Makes a folder, and returns its number.
    pub(super) fn create_folder(&mut self, folder: u64, name: &OsStr) -> Option<u64> {
        self.create(folder, name, true)
    }

    fn create(&mut self, folder: u64, name: &OsStr, is_folder: bool) -> Option<u64> {
        let number = self.next_number;
        self.next_number += 1;
        let created = self.change(Change::Create {
            folder,
            name: name.to_owned(),
            number,
            is_folder,
        });
        created.then_some(number)
    }

    pub(super) fn remove(&mut self, folder: u64, name: &OsStr) -> bool {
        let name = name.to_owned();
        self.change(Change::Remove { folder, name })
    }

    pub(super) fn rename(&mut self, from: (u64, &OsStr), to: (u64, &OsStr)) -> bool {
        self.change(Change::Rename {
            from: (from.0, from.1.to_owned()),
            to: (to.0, to.1.to_owned()),
        })
    }

    pub(super) fn write(&mut self, file: u64, at: usize, bytes: &[u8]) -> bool {
        let bytes = bytes.to_owned();
        self.change(Change::Write { file, at, bytes })
    }

    pub(super) fn resize(&mut self, file: u64, to: usize) -> bool {
        self.change(Change::Resize { file, to })
    }

    /// Makes a file's content, or a folder's names, durable.
    pub(super) fn sync(&mut self, number: u64) -> bool {
        if !self.take_power() {
            return false;
        }
        let (synced, unsynced): (Vec<Change>, _) = self.unsynced.drain(..).partition(|change| change.is_of(number));
        self.unsynced = unsynced;
        for change in &synced {
            self.durable.apply(change);
        }
        // An empty file is durable, too, once it is synced.
        if let Some(Node::File(_)) = self.current.0.get(&number) {
            let empty = || Node::File(Vec::new());
            self.durable.0.entry(number).or_insert_with(empty);
        }
        true
    }

    /// Recovers from a power loss: keeps the durable state, and a random part of the unsynced changes.
    pub(super) fn recover(&mut self, rng: &mut fastrand::Rng) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let surviving = match rng.u32(..4) {
            0 => Vec::new(),
            1 => unsynced[..rng.usize(..=unsynced.len())].to_vec(),
            2 => unsynced.into_iter().filter(|_| rng.bool()).collect(),
            _ => unsynced.into_iter().flat_map(|change| change.torn(rng)).collect(),
        };
        for change in &surviving {
            self.durable.apply(change);
        }
        self.current = self.durable.clone();
        self.writes_left = None;
        self.has_lost_power = false;
    }

    fn change(&mut self, change: Change) -> bool {
        if !self.take_power() {
            return false;
        }
        self.current.apply(&change);
        self.unsynced.push(change);
        self.writes += 1;
        true
    }

    /// Returns whether there is power for one more operation.
    fn take_power(&mut self) -> bool {
        if let Some(left) = &mut self.writes_left {
            match left.checked_sub(1) {
                Some(less) => *left = less,
                None => self.has_lost_power = true,
            }
        }
        !self.has_lost_power
    }
}

impl Change {
    /// Returns whether syncing this file or folder makes the change durable.
    fn is_of(&self, number: u64) -> bool {
        match self {
            Self::Write { file, .. } | Self::Resize { file, .. } => *file == number,
            Self::Create { folder, .. } | Self::Remove { folder, .. } => *folder == number,
            Self::Rename { from, to } => from.0 == number || to.0 == number,
        }
    }

    /// Returns what survives of the change when each sector of it does or does not.
    fn torn(self, rng: &mut fastrand::Rng) -> Vec<Self> {
        let Self::Write { file, at, bytes } = self else {
            return Vec::from_iter(rng.bool().then_some(self));
        };
        let mut surviving = Vec::new();
        let mut from = 0;
        while from < bytes.len() {
            let to = bytes
                .len()
                .min((at + from) / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES - at);
            if rng.bool() {
                surviving.push(Self::Write {
                    file,
                    at: at + from,
                    bytes: bytes[from..to].to_vec(),
                });
            }
            from = to;
        }
        surviving
    }
}

impl Nodes {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Write { file, at, bytes } => {
                let content = self.content(*file);
                if content.len() < at + bytes.len() {
                    content.resize(at + bytes.len(), 0);
                }
                content[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Change::Resize { file, to } => self.content(*file).resize(*to, 0),
            Change::Create {
                folder,
                name,
                number,
                is_folder,
            } => {
                let new = if *is_folder {
                    Node::Folder(BTreeMap::new())
                } else {
                    Node::File(Vec::new())
                };
                self.0.entry(*number).or_insert(new);
                self.names(*folder).insert(name.clone(), *number);
            }
            Change::Remove { folder, name } => drop(self.names(*folder).remove(name)),
            Change::Rename { from, to } => {
                if let Some(number) = self.names(from.0).remove(&from.1) {
                    self.names(to.0).insert(to.1.clone(), number);
                }
            }
        }
    }

    fn content(&mut self, file: u64) -> &mut Vec<u8> {
        let node = self.0.entry(file).or_insert_with(|| Node::File(Vec::new()));
        if let Node::Folder(_) = node {
            *node = Node::File(Vec::new());
        }
        match node {
            Node::File(content) => content,
            Node::Folder(_) => unreachable!("it was made a file above"),
        }
    }

    fn names(&mut self, folder: u64) -> &mut BTreeMap<OsString, u64> {
        let node = self.0.entry(folder).or_insert_with(|| Node::Folder(BTreeMap::new()));
        if let Node::File(_) = node {
            *node = Node::Folder(BTreeMap::new());
        }
        match node {
            Node::Folder(names) => names,
            Node::File(_) => unreachable!("it was made a folder above"),
        }
    }
}
