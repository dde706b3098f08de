//! Rules for what the installers contain:
//!
//! - each icon has the size in its name, and every usual size is there;
//! - what Linux desktops read names the app by its id, and is installed under it;
//! - desktops can sort and find the app.

use serde_json::Value;

use crate::tree::{read, root};

/// The sizes that Linux desktops look for.
const ICON_SIZES: &[u32] = &[16, 22, 24, 32, 48, 64, 128, 256, 512];

fn config() -> Value {
    serde_json::from_str(&read("tauri.conf.json")).expect("tauri.conf.json is JSON")
}

/// Returns the width and height of a PNG, which its header starts with.
fn png_size(path: &str) -> (u32, u32) {
    let bytes = std::fs::read(root().join(path)).expect("the icon exists");
    let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    (number(16), number(20))
}

/// Returns the value of a key of the desktop entry.
fn entry_value(entry: &str, key: &str) -> String {
    let line = entry.lines().find_map(|line| line.strip_prefix(&format!("{key}=")));
    line.expect("the entry has the key").to_owned()
}

#[test]
fn each_icon_has_the_size_in_its_name() {
    let config = config();
    let icons: Vec<&str> = config["bundle"]["icon"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for size in ICON_SIZES {
        let path = format!("icons/{size}x{size}.png");
        assert!(icons.contains(&path.as_str()), "{path} is not bundled");
        assert_eq!(png_size(&path), (*size, *size), "{path}");
    }
}

#[test]
fn linux_desktops_know_the_app_by_its_id() {
    let config = config();
    let id = config["identifier"].as_str().expect("an id");
    let entry = read(&format!("src-tauri/linux/{id}.desktop"));
    let metainfo = read(&format!("src-tauri/linux/{id}.metainfo.xml"));
    assert_eq!(entry_value(&entry, "StartupWMClass"), id);
    assert!(read("src-tauri/src/desktop.rs").contains(&format!("APP_ID: &str = \"{id}\"")));
    assert!(metainfo.contains(&format!("<id>{id}</id>")));
    assert!(metainfo.contains(&format!("<launchable type=\"desktop-id\">{id}.desktop</launchable>")));
    for kind in ["deb", "rpm"] {
        let files = &config["bundle"]["linux"][kind]["files"];
        for path in [
            format!("/usr/share/applications/{id}.desktop"),
            format!("/usr/share/metainfo/{id}.metainfo.xml"),
            "/usr/share/icons/hicolor/scalable/apps/ichat.svg".to_owned(),
        ] {
            let source = files[&path].as_str().expect("the file is installed");
            assert!(root().join(source).exists(), "{source}");
        }
    }
}

#[test]
fn linux_desktops_can_sort_and_find_the_app() {
    let entry = read("src-tauri/linux/chat.ichat.app.desktop");
    let config = config();
    assert_eq!(
        entry_value(&entry, "Name"),
        config["productName"].as_str().expect("a name")
    );
    assert_eq!(
        entry_value(&entry, "Exec"),
        config["mainBinaryName"].as_str().expect("a name")
    );
    assert_eq!(entry_value(&entry, "Categories"), "Network;InstantMessaging;Chat;");
    for key in ["GenericName", "Keywords", "Icon", "Comment"] {
        assert!(!entry_value(&entry, key).is_empty());
    }
    let hidden = read("src-tauri/linux/bundler.desktop");
    assert_eq!(entry_value(&hidden, "NoDisplay"), "true", "there would be two entries");
}
