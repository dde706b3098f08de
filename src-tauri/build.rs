//! Runs tauri-build, which checks the configuration and generates the permissions of the commands.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;
use tauri_build::{AppManifest, Attributes};

macro_rules! commands {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$(stringify!($name)),*]
    };
}

/// The commands that need a permission. Any page could call one that is missing here.
const COMMANDS: &[&str] = include!("src/commands/list.rs");

/// The folder that contains `tauri.conf.json`.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn main() -> Result<(), Box<dyn Error>> {
    for input in [
        "src-tauri/build.rs",
        "src-tauri/capabilities",
        "src-tauri/src/commands/list.rs",
        "Cargo.toml",
        "icons",
        "ui/dist/app",
    ] {
        println!("cargo::rerun-if-changed={ROOT}/{input}");
    }

    // tauri-build reads the manifest from, and writes its generated files to, the working directory. A directory of its
    // own keeps them out of the sources.
    let stage = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo gives OUT_DIR")?).join("stage");
    let capabilities = stage.join("capabilities");
    fs::create_dir_all(&capabilities)?;
    fs::copy(format!("{ROOT}/Cargo.toml"), stage.join("Cargo.toml"))?;
    fs::copy(source("notifications.json"), capabilities.join("notifications.json"))?;
    grant_commands(&source("main.json"), &capabilities.join("main.json"))?;
    env::set_current_dir(&stage)?;

    tauri_build::try_build(
        Attributes::new()
            .config_path(format!("{ROOT}/tauri.conf.json"))
            // The default pattern watches the folder, which is written by every build, so every build would be dirty.
            .capabilities_path_pattern("./capabilities/*.json")
            .app_manifest(
                // The default pattern watches a folder that does not exist, so every build would be dirty.
                AppManifest::new()
                    .commands(COMMANDS)
                    .permissions_path_pattern(concat!(env!("CARGO_MANIFEST_DIR"), "/src-tauri/permissions/**/*.toml")),
            ),
    )?;
    Ok(())
}

/// Copies the main window's capability, with a permission for each command.
fn grant_commands(source: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    let mut capability: Value = serde_json::from_str(&fs::read_to_string(source)?)?;
    let permissions = capability["permissions"].as_array_mut().ok_or("no permissions")?;
    let allow = |command: &&str| Value::from(format!("allow-{}", command.replace('_', "-")));
    permissions.extend(COMMANDS.iter().map(allow));
    fs::write(target, serde_json::to_vec(&capability)?)?;
    Ok(())
}

/// Returns the path of a capability's source.
fn source(capability: &str) -> PathBuf {
    Path::new(ROOT).join("src-tauri/capabilities").join(capability)
}
