//! Runs tauri-build, which checks the configuration and generates the permissions of the commands.

use std::path::PathBuf;
use std::{env, fs};

use tauri_build::{AppManifest, Attributes};

/// The commands that need a permission. Any page could call one that is missing here.
const COMMANDS: &[&str] = include!("src/commands/names.rs");

/// The folder that contains `tauri.conf.json`.
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

    // tauri-build reads the manifest from, and writes its generated files to, the working directory. A directory of its
    // own keeps them out of the sources.
    let stage = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo gives OUT_DIR")?).join("stage");
    fs::create_dir_all(&stage)?;
    fs::copy(format!("{ROOT}/Cargo.toml"), stage.join("Cargo.toml"))?;
    env::set_current_dir(&stage)?;

    tauri_build::try_build(
        Attributes::new()
            .config_path(format!("{ROOT}/tauri.conf.json"))
            .capabilities_path_pattern(concat!(env!("CARGO_MANIFEST_DIR"), "/src-tauri/capabilities/**/*.json"))
            .app_manifest(
                // The default pattern watches a folder that does not exist, so every build would be dirty.
                AppManifest::new()
                    .commands(COMMANDS)
                    .permissions_path_pattern(concat!(env!("CARGO_MANIFEST_DIR"), "/src-tauri/permissions/**/*.toml")),
            ),
    )?;
    Ok(())
}
