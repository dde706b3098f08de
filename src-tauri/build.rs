//! Lets Tauri check its configuration and work out who may call what.

use std::path::PathBuf;
use std::{env, fs};

use tauri_build::{AppManifest, Attributes};

/// Commands that are not listed here could be called by any page without a permission.
const COMMANDS: &[&str] = include!("src/commands/names.rs");

/// The folder of `tauri.conf.json`.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for input in [
        "src-tauri/build.rs",
        "src-tauri/capabilities",
        "src-tauri/src/commands/names.rs",
        "Cargo.toml",
        "icons",
        "ui/dist/app",
    ] {
        println!("cargo::rerun-if-changed={ROOT}/{input}");
    }

    // tauri-build reads the manifest in, and writes its generated files into, the folder that it runs in.
    // This keeps them out of the sources.
    let stage = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo gives OUT_DIR")?).join("stage");
    fs::create_dir_all(&stage)?;
    fs::copy(format!("{ROOT}/Cargo.toml"), stage.join("Cargo.toml"))?;
    env::set_current_dir(&stage)?;

    tauri_build::try_build(
        Attributes::new()
            .config_path(format!("{ROOT}/tauri.conf.json"))
            .capabilities_path_pattern(concat!(env!("CARGO_MANIFEST_DIR"), "/src-tauri/capabilities/**/*.json"))
            .app_manifest(
                // Without a pattern of its own it would watch a folder that does not exist, and every build would be dirty.
                AppManifest::new()
                    .commands(COMMANDS)
                    .permissions_path_pattern(concat!(env!("CARGO_MANIFEST_DIR"), "/src-tauri/permissions/**/*.toml")),
            ),
    )?;
    Ok(())
}
