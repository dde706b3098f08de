//! The image as a file system: translates the kernel's FUSE requests.

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use parking_lot::{Mutex, MutexGuard};

use super::image::{Image, Node};

/// The kernel may cache every reply, since every change comes from the kernel itself.
const CACHE_VALIDITY: Duration = Duration::from_hours(1);

pub(super) struct ImageFileSystem {
    image: Arc<Mutex<Image>>,
    mounted: SystemTime,
}

impl ImageFileSystem {
    pub(super) fn new(image: Arc<Mutex<Image>>) -> Self {
        let mounted = SystemTime::now();
        Self { image, mounted }
    }

    fn image(&self) -> MutexGuard<'_, Image> {
        self.image.lock()
    }

    fn attributes(&self, image: &Image, number: u64) -> Option<FileAttr> {
        let (size, kind, perm) = match image.node(number)? {
            Node::File(content) => (content.len() as u64, FileType::RegularFile, 0o600),
            Node::Folder(_) => (0, FileType::Directory, 0o700),
        };
        Some(FileAttr {
            ino: INodeNo(number),
            size,
            blocks: size.div_ceil(512),
            atime: self.mounted,
            mtime: self.mounted,
            ctime: self.mounted,
            crtime: self.mounted,
            kind,
            perm,
            nlink: 1,
            uid: nix::unistd::getuid().as_raw(),
            gid: nix::unistd::getgid().as_raw(),
            rdev: 0,
            blksize: 4_096,
            flags: 0,
        })
    }

    fn entry(&self, image: &Image, number: Option<u64>, missing: Errno, reply: ReplyEntry) {
        match number.and_then(|number| self.attributes(image, number)) {
            Some(attributes) => reply.entry(&CACHE_VALIDITY, &attributes, Generation(0)),
            None => reply.error(missing),
        }
    }
}

/// Replies with an I/O error when the disk has no power.
fn reply_empty(succeeded: bool, reply: ReplyEmpty) {
    if succeeded {
        reply.ok();
    } else {
        reply.error(Errno::EIO);
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Filesystem for ImageFileSystem {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let image = self.image();
        self.entry(&image, image.find(parent.0, name), Errno::ENOENT, reply);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(&self.image(), ino.0) {
            Some(attributes) => reply.attr(&CACHE_VALIDITY, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut image = self.image();
        if size.is_some_and(|size| !image.resize(ino.0, index(size))) {
            return reply.error(Errno::EIO);
        }
        match self.attributes(&image, ino.0) {
            Some(attributes) => reply.attr(&CACHE_VALIDITY, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        let mut image = self.image();
        let made = image.create_folder(parent.0, name);
        self.entry(&image, made, Errno::EIO, reply);
    }

    fn create(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, _: i32, reply: ReplyCreate) {
        let mut image = self.image();
        let made = image.create_file(parent.0, name);
        match made.and_then(|number| self.attributes(&image, number)) {
            Some(attributes) => {
                let keep = FopenFlags::FOPEN_KEEP_CACHE;
                reply.created(&CACHE_VALIDITY, &attributes, Generation(0), FileHandle(0), keep);
            }
            None => reply.error(Errno::EIO),
        }
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        reply_empty(self.image().remove(parent.0, name), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        reply_empty(self.image().remove(parent.0, name), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let mut image = self.image();
        if flags.contains(RenameFlags::RENAME_NOREPLACE) && image.find(newparent.0, newname).is_some() {
            return reply.error(Errno::EEXIST);
        }
        reply_empty(image.rename((parent.0, name), (newparent.0, newname)), reply);
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        // SQLite opens a file several times: the kernel's cache is right, and mapped memory must stay.
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.image().node(ino.0) {
            Some(Node::File(content)) => {
                let from = index(offset).min(content.len());
                let to = from.saturating_add(index(size.into())).min(content.len());
                reply.data(&content[from..to]);
            }
            Some(Node::Folder(_)) | None => reply.error(Errno::EIO),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        if self.image().write(ino.0, index(offset), data) {
            reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX));
        } else {
            reply.error(Errno::EIO);
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // Closing a file forces nothing to the disk.
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply_empty(self.image().sync(ino.0), reply);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply_empty(self.image().sync(ino.0), reply);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let image = self.image();
        let Some(Node::Folder(names)) = image.node(ino.0) else {
            return reply.error(Errno::ENOTDIR);
        };
        for ((name, number), next) in names.iter().zip(1..).skip(index(offset)) {
            let kind = match image.node(*number) {
                Some(Node::Folder(_)) => FileType::Directory,
                Some(Node::File(_)) | None => FileType::RegularFile,
            };
            if reply.add(INodeNo(*number), next, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        // The disk never fills up.
        reply.statfs(1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 4_096, 255, 4_096);
    }
}
