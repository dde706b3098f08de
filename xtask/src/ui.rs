//! The interface: its npm packages, and its two builds in `ui/dist`. Both are made again only when what they come from
//! has changed.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::process;
use crate::repo::Repo;

/// In `ui/node_modules`: the lock file that they were installed from.
const INSTALLED: &str = "ui/node_modules/.installed-from.json";
/// Beside the builds, for what lies in them is carried by the programs: a sum over the sources.
const BUILT: &str = "ui/dist/.built-from";
/// What a build makes, and when one of these is missing it is made again.
const PAGES: &[&str] = &["ui/dist/app/index.html", "ui/dist/web/index.html"];
/// Folders of `ui` that no build reads.
const NOT_SOURCES: &[&str] = &["node_modules", "dist", "tests", "bench"];

/// `npm ci`, when the lock file is another one than last time.
pub(crate) fn install(repo: &Repo) -> Result<()> {
    let lock_path = repo.path("ui/package-lock.json");
    let lock = fs::read(&lock_path).with_context(|| format!("{} can't be read", lock_path.display()))?;
    if fs::read(repo.path(INSTALLED)).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing the interface's packages (npm ci)");
    process::interactive(&mut repo.npm(&["ci", "--no-audit", "--no-fund"]))
        .context("the interface's packages can't be installed; is the npm registry in reach?")?;
    fs::write(repo.path(INSTALLED), lock).context("ui/node_modules can't be written to")
}

/// `npm run build`, when the sources are others than last time.
pub(crate) fn build(repo: &Repo) -> Result<()> {
    let sum = sources(repo)?;
    if is_built_from(repo, &sum) {
        return Ok(());
    }
    println!("Building the interface (npm run build)");
    process::interactive(&mut repo.npm(&["run", "build", "--silent"])).context("the interface can't be built")?;
    fs::write(repo.path(BUILT), sum).context("ui/dist can't be written to")
}

fn is_built_from(repo: &Repo, sum: &str) -> bool {
    let stamp = repo.path(BUILT);
    let Some(at) = modified(&stamp) else { return false };
    // A page that is younger than the stamp comes from a build by hand, of whatever there was then.
    let ours = PAGES
        .iter()
        .all(|page| modified(&repo.path(page)).is_some_and(|page| page <= at));
    ours && fs::read_to_string(&stamp).is_ok_and(|built| built == sum)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// A sum over the paths and contents of everything that a build may read.
fn sources(repo: &Repo) -> Result<String> {
    let mut sum = DefaultHasher::new();
    for folder in ["ui", "icons"] {
        add(&repo.path(folder), &mut sum).with_context(|| format!("{folder} can't be read"))?;
    }
    Ok(format!("{:016x}", sum.finish()))
}

fn add(folder: &Path, sum: &mut DefaultHasher) -> std::io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            if !NOT_SOURCES.iter().any(|folder| name == **folder) {
                name.hash(sum);
                add(&entry.path(), sum)?;
            }
        } else {
            name.hash(sum);
            fs::read(entry.path())?.hash(sum);
        }
    }
    Ok(())
}
