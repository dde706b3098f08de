//! - what is synced stays, whatever else is lost
//! - a synced file without its synced folder may lose its name, and never its content
//! - a torn write survives by whole sectors
//! - without power every change and every sync fails

use super::*;

fn file(image: &mut Image, name: &str) -> u64 {
    image.create_file(ROOT, OsStr::new(name)).unwrap()
}

fn content(image: &Image, name: &str) -> Option<Vec<u8>> {
    match image.node(image.find(ROOT, OsStr::new(name))?)? {
        Node::File(content) => Some(content.clone()),
        Node::Folder(_) => None,
    }
}

#[test]
fn synced_content_stays_whatever_else_is_lost() {
    for seed in 0..100 {
        let mut image = Image::default();
        let file = file(&mut image, "a");
        assert!(image.write(file, 0, b"durable") && image.sync(file) && image.sync(ROOT));
        assert!(image.write(file, 0, b"changed"));
        image.recover(&mut fastrand::Rng::with_seed(seed));
        let found = content(&image, "a").unwrap();
        assert!(found == b"durable" || found == b"changed", "{found:?}");
    }
}

#[test]
fn a_file_in_an_unsynced_folder_may_lose_its_name() {
    let mut lost = 0;
    for seed in 0..100 {
        let mut image = Image::default();
        let file = file(&mut image, "a");
        assert!(image.write(file, 0, b"durable") && image.sync(file));
        image.recover(&mut fastrand::Rng::with_seed(seed));
        match content(&image, "a") {
            Some(found) => assert_eq!(found, b"durable"),
            None => lost += 1,
        }
    }
    assert!((1..100).contains(&lost), "{lost} of 100 names are lost");
}

#[test]
fn a_torn_write_survives_by_whole_sectors() {
    let (start, end) = (100, 100 + 2 * SECTOR_BYTES);
    let write = Change::Write {
        file: 2,
        at: start,
        bytes: vec![7; end - start],
    };
    for part in (0..100).flat_map(|seed| write.clone().torn(&mut fastrand::Rng::with_seed(seed))) {
        let Change::Write { at, bytes, .. } = part else {
            panic!("{part:?}");
        };
        let is_border = |position: usize| position.is_multiple_of(SECTOR_BYTES);
        let to = at + bytes.len();
        assert!(at == start || is_border(at), "from {at}");
        assert!(to == end || is_border(to), "to {to}");
    }
}

#[test]
fn without_power_nothing_changes() {
    let mut image = Image::default();
    let file = file(&mut image, "a");
    image.lose_power_after(1);
    assert!(image.write(file, 0, b"x"));
    assert!(!image.write(file, 1, b"y") && !image.sync(file) && image.has_lost_power());
    assert_eq!(content(&image, "a").unwrap(), b"x");
}
