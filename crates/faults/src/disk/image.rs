//! What is on the disk, what programs see, and what lies between the two.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};

/// What a disk writes in one go.
const SECTOR: usize = 512;

/// The root folder.
pub(super) const ROOT: u64 = 1;

/// A file or a folder.
#[derive(Clone, Debug)]
pub(super) enum Node {
    File(Vec<u8>),
    Folder(BTreeMap<OsString, u64>),
}

/// Files and folders by their numbers.
#[derive(Clone, Debug)]
struct State(HashMap<u64, Node>);

/// A change that is not safe yet.
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
    /// A name in a folder is another node's, or nobody's, from now on. What stands there may be new.
    Name {
        folder: u64,
        name: OsString,
        node: Option<(u64, bool)>,
    },
    /// A file moves. Both names change at once.
    Rename {
        from: (u64, OsString),
        to: (u64, OsString),
    },
}

/// The disk.
#[derive(Debug)]
pub(super) struct Image {
    now: State,
    safe: State,
    waits: Vec<Change>,
    next: u64,
    writes: u64,
    /// After so many more writes the power goes.
    left: Option<u32>,
    dead: bool,
}

impl Default for Image {
    fn default() -> Self {
        let root = State(HashMap::from([(ROOT, Node::Folder(BTreeMap::new()))]));
        Self {
            now: root.clone(),
            safe: root,
            waits: Vec::new(),
            next: ROOT + 1,
            writes: 0,
            left: None,
            dead: false,
        }
    }
}

impl Image {
    pub(super) fn node(&self, number: u64) -> Option<&Node> {
        self.now.0.get(&number)
    }

    pub(super) fn find(&self, folder: u64, name: &OsStr) -> Option<u64> {
        match self.node(folder)? {
            Node::Folder(names) => names.get(name).copied(),
            Node::File(_) => None,
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes
    }

    pub(super) fn lose_power_after(&mut self, writes: u32) {
        self.left = Some(writes);
        self.dead |= writes == 0;
    }

    /// Makes a file or a folder, and gives its number; none when the power has gone.
    pub(super) fn make(&mut self, folder: u64, name: &OsStr, is_folder: bool) -> Option<u64> {
        let number = self.next;
        self.next += 1;
        let node = Some((number, is_folder));
        let name = name.to_owned();
        self.change(Change::Name { folder, name, node }).then_some(number)
    }

    pub(super) fn remove(&mut self, folder: u64, name: &OsStr) -> bool {
        let name = name.to_owned();
        self.change(Change::Name {
            folder,
            name,
            node: None,
        })
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

    /// Forces a file's content, or a folder's names, to the disk.
    pub(super) fn sync(&mut self, number: u64) -> bool {
        if !self.goes_on() {
            return false;
        }
        let (safe, waits) = self.waits.drain(..).partition(|change| change.is_of(number));
        self.waits = waits;
        let safe: Vec<Change> = safe;
        for change in &safe {
            self.safe.apply(change);
        }
        // An empty file, too, is there once it is forced.
        if let Some(Node::File(_)) = self.now.0.get(&number) {
            self.safe.0.entry(number).or_insert_with(|| Node::File(Vec::new()));
        }
        true
    }

    /// The power has gone. What is safe stays, and of what waits whatever the dice say.
    pub(super) fn forget(&mut self, dice: &mut fastrand::Rng) {
        let waits = std::mem::take(&mut self.waits);
        let survive = match dice.u32(..4) {
            0 => Vec::new(),
            1 => waits[..dice.usize(..=waits.len())].to_vec(),
            2 => waits.into_iter().filter(|_| dice.bool()).collect(),
            _ => waits.into_iter().flat_map(|change| change.torn(dice)).collect(),
        };
        for change in &survive {
            self.safe.apply(change);
        }
        self.now = self.safe.clone();
        self.left = None;
        self.dead = false;
    }

    fn change(&mut self, change: Change) -> bool {
        if !self.goes_on() {
            return false;
        }
        self.now.apply(&change);
        self.waits.push(change);
        self.writes += 1;
        true
    }

    /// Whether there is power for one more.
    fn goes_on(&mut self) -> bool {
        if let Some(left) = &mut self.left {
            match left.checked_sub(1) {
                Some(less) => *left = less,
                None => self.dead = true,
            }
        }
        !self.dead
    }
}

impl Change {
    fn is_of(&self, number: u64) -> bool {
        match self {
            Self::Write { file, .. } | Self::Resize { file, .. } => *file == number,
            Self::Name { folder, .. } => *folder == number,
            Self::Rename { from, to } => from.0 == number || to.0 == number,
        }
    }

    /// What is left of it when every sector is its own luck.
    fn torn(self, dice: &mut fastrand::Rng) -> Vec<Self> {
        let Self::Write { file, at, bytes } = self else {
            return Vec::from_iter(dice.bool().then_some(self));
        };
        let mut left = Vec::new();
        let mut from = 0;
        while from < bytes.len() {
            let to = bytes.len().min((at + from) / SECTOR * SECTOR + SECTOR - at);
            if dice.bool() {
                let bytes = bytes[from..to].to_vec();
                left.push(Self::Write {
                    file,
                    at: at + from,
                    bytes,
                });
            }
            from = to;
        }
        left
    }
}

impl State {
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
            Change::Name {
                folder,
                name,
                node: Some((number, is_folder)),
            } => {
                let new = if *is_folder {
                    Node::Folder(BTreeMap::new())
                } else {
                    Node::File(Vec::new())
                };
                self.0.entry(*number).or_insert(new);
                self.names(*folder).insert(name.clone(), *number);
            }
            Change::Name {
                folder,
                name,
                node: None,
            } => drop(self.names(*folder).remove(name)),
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
