//! Installs the interface's npm packages and builds the interface into `ui/dist`, each only when its input has changed.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::process;
use crate::repo::Repo;

/// A copy of the lock file that the packages were installed from.
const INSTALL_STAMP: &str = "ui/node_modules/.installed-from.json";
/// A hash of the sources of the last build. It is beside the two builds rather than inside, because the programs embed
/// what is inside.
const BUILD_STAMP: &str = "ui/dist/.built-from";
/// The output of a build. If one is missing, the interface is built again.
const BUILT_PAGES: &[&str] = &["ui/dist/app/index.html", "ui/dist/web/index.html"];
/// Folders in `ui` that a build doesn't read.
const NOT_SOURCES: &[&str] = &["node_modules", "dist", "tests", "bench"];

/// Runs `npm ci` if the lock file has changed since the last time.
pub(crate) fn install(repo: &Repo) -> Result<()> {
    let lock_path = repo.path("ui/package-lock.json");
    let lock = fs::read(&lock_path).with_context(|| format!("{} can't be read", lock_path.display()))?;
    if fs::read(repo.path(INSTALL_STAMP)).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing the interface's packages (npm ci)");
    process::run(&mut repo.npm(&["ci", "--no-audit", "--no-fund"]))
        .context("the interface's packages can't be installed; is the npm registry reachable?")?;
    fs::write(repo.path(INSTALL_STAMP), lock).context("ui/node_modules can't be written to")
}

/// Runs `npm run build` if the sources have changed since the last time.
pub(crate) fn build(repo: &Repo) -> Result<()> {
    let hash = hash_sources(repo)?;
    if is_built_from(repo, &hash) {
        return Ok(());
    }
    println!("Building the interface (npm run build)");
    process::run(&mut repo.npm(&["run", "build", "--silent"])).context("the interface can't be built")?;
    fs::write(repo.path(BUILD_STAMP), hash).context("ui/dist can't be written to")
}

fn is_built_from(repo: &Repo, hash: &str) -> bool {
    let stamp = repo.path(BUILD_STAMP);
    let Some(stamped_at) = modified(&stamp) else {
        return false;
    };
    // A page that is newer than the stamp was built by hand, from unknown sources.
    let untouched = BUILT_PAGES
        .iter()
        .all(|page| modified(&repo.path(page)).is_some_and(|built_at| built_at <= stamped_at));
    untouched && fs::read_to_string(&stamp).is_ok_and(|built_from| built_from == hash)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// Hashes the paths and contents of every file that a build may read.
fn hash_sources(repo: &Repo) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for folder in ["ui", "icons"] {
        hash_folder(&repo.path(folder), &mut hasher).with_context(|| format!("{folder} can't be read"))?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn hash_folder(folder: &Path, hasher: &mut DefaultHasher) -> std::io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            if !NOT_SOURCES.iter().any(|folder| name == **folder) {
                name.hash(hasher);
                hash_folder(&entry.path(), hasher)?;
            }
        } else {
            name.hash(hasher);
            fs::read(entry.path())?.hash(hasher);
        }
    }
    Ok(())
}
