//! The Debian package of `ichat-server` and `ichat-cli`, with their man pages and completions. It needs no desktop, unlike the
//! app's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, programs};

/// The programs in the package.
const PROGRAMS: [&str; 2] = ["ichat-server", "ichat-cli"];

/// The shells, with the places where Debian's packages of them look for completions. `{}` is the program.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/{}"),
    ("zsh", "usr/share/zsh/vendor-completions/_{}"),
    ("fish", "usr/share/fish/vendor_completions.d/{}.fish"),
];

/// The tools with which a package is built. Debian's `dpkg-dev` has both.
const TOOLS: [&str; 2] = ["dpkg-deb", "dpkg-shlibdeps"];

/// Returns whether this system can build the package.
pub(crate) fn can_build() -> bool {
    TOOLS.iter().all(|tool| programs::is_installed(tool))
}

/// Builds the package of the programs in a folder, and returns its path, in `out`. The compression is one of `dpkg-deb`'s.
pub(crate) fn build(programs: &Path, license: &Path, out: &Path, compression: &str) -> Result<PathBuf> {
    let stage = out.join("stage");
    if stage.exists() {
        fs::remove_dir_all(&stage)?;
    }
    for program in PROGRAMS {
        stage_program(&stage, &programs.join(program), program)
            .with_context(|| format!("{program} can't be packed"))?;
    }
    let copyright = stage.join("usr/share/doc/ichat-server/copyright");
    create_parent(&copyright)?;
    fs::copy(license, copyright)?;
    let architecture = stdout_of(Command::new("dpkg").arg("--print-architecture"))?;
    let control = format!(
        "Package: ichat-server\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: The I-Chat authors\nSection: net\n\
         Priority: optional\nInstalled-Size: {size}\nDepends: {libraries}\nDescription: a chat server without a window\n People \
         join it from the I-Chat app or from any browser. It needs no database\n server and no accounts. This package also has \
         ichat-cli, a client for scripts.\n",
        version = env!("CARGO_PKG_VERSION"),
        size = kibibytes_of(&stage)?,
        libraries = libraries_of(&stage)?,
    );
    let control_file = stage.join("DEBIAN/control");
    create_parent(&control_file)?;
    fs::write(control_file, control)?;
    process::run(Command::new("chmod").args(["-R", "u=rwX,go=rX"]).arg(&stage))?;
    let package = out.join(format!("ichat-server_{}_{architecture}.deb", env!("CARGO_PKG_VERSION")));
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.arg(format!("-Z{compression}"))
        .args(["--root-owner-group", "--build"])
        .arg(&stage)
        .arg(&package);
    process::run(&mut dpkg)?;
    fs::remove_dir_all(&stage)?;
    Ok(package)
}

/// Copies a program, and lets it write its man pages and completions.
fn stage_program(stage: &Path, program: &Path, name: &str) -> Result<()> {
    let installed = stage.join("usr/bin").join(name);
    create_parent(&installed)?;
    fs::copy(program, &installed)?;
    let pages = stage.join("usr/share/man/man1");
    process::run(Command::new(&installed).arg("man").arg(&pages))?;
    for page in fs::read_dir(&pages)? {
        let page = page?.path();
        if page.extension().is_some_and(|extension| extension == "1") {
            process::run(Command::new("gzip").args(["-9", "--no-name"]).arg(page))?;
        }
    }
    for (shell, place) in COMPLETIONS {
        let file = stage.join(place.replace("{}", name));
        create_parent(&file)?;
        fs::write(
            file,
            stdout_of(Command::new(&installed).args(["completions", shell]))? + "\n",
        )?;
    }
    Ok(())
}

/// Returns the packages with the libraries that the programs use, as the field `Depends` has them.
fn libraries_of(stage: &Path) -> Result<String> {
    // The tool wants to stand in a source package.
    let source = stage.with_extension("source");
    fs::create_dir_all(source.join("debian"))?;
    fs::write(
        source.join("debian/control"),
        "Source: ichat-server\n\nPackage: ichat-server\nArchitecture: any\n",
    )?;
    let mut shlibdeps = Command::new("dpkg-shlibdeps");
    shlibdeps.arg("-O").current_dir(&source);
    for program in PROGRAMS {
        shlibdeps.arg(fs::canonicalize(stage.join("usr/bin").join(program))?);
    }
    let substitution = stdout_of(&mut shlibdeps)?;
    fs::remove_dir_all(&source)?;
    let libraries = substitution.trim().strip_prefix("shlibs:Depends=");
    Ok(libraries.context("dpkg-shlibdeps named no libraries")?.to_owned())
}

fn kibibytes_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() {
            kibibytes_of(&entry.path())? * 1024
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes.div_ceil(1024))
}

fn create_parent(file: &Path) -> Result<()> {
    file.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .context("the folder of the package can't be written to")
}

/// Returns what a command prints, without the line break at the end. Fails if the command does.
fn stdout_of(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("{} can't be started", command.get_program().display()))?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    //! - the package has the programs, their man pages and their completions where Debian looks for them, and names its libraries

    use super::*;

    /// Returns the folder with the programs of the debug profile: this test is in its folder `deps`.
    fn programs() -> PathBuf {
        let test = std::env::current_exe().expect("a test has a path");
        test.ancestors()
            .nth(2)
            .expect("a test is in target/debug/deps")
            .to_owned()
    }

    #[test]
    fn the_package_has_what_debian_expects() {
        let built = PROGRAMS.iter().all(|program| programs().join(program).exists());
        if !can_build() || !built {
            println!(
                "skipped: dpkg-dev is not installed, or `cargo build -p ichat-server -p ichat-client` has not run"
            );
            return;
        }
        let out = programs().join("package-test");
        let license = Path::new(env!("CARGO_MANIFEST_DIR")).join("../LICENSE");
        let package = build(&programs(), &license, &out, "none").expect("the package is built");
        let files = stdout_of(Command::new("dpkg-deb").arg("--contents").arg(&package)).expect("it can be read");
        for program in PROGRAMS {
            for (path, mode) in [
                (format!("/usr/bin/{program}"), "-rwxr-xr-x root/root"),
                (format!("/usr/share/man/man1/{program}.1.gz"), "-rw-r--r-- root/root"),
                (
                    format!("/usr/share/bash-completion/completions/{program}"),
                    "-rw-r--r-- root/root",
                ),
                (
                    format!("/usr/share/zsh/vendor-completions/_{program}"),
                    "-rw-r--r-- root/root",
                ),
                (
                    format!("/usr/share/fish/vendor_completions.d/{program}.fish"),
                    "-rw-r--r-- root/root",
                ),
            ] {
                let line = files.lines().find(|line| line.ends_with(&path));
                assert!(line.is_some_and(|line| line.starts_with(mode)), "{path} in {files}");
            }
        }
        for page in ["ichat-server-backup.1.gz", "ichat-cli-say.1.gz"] {
            assert!(files.contains(page), "{page} in {files}");
        }
        let depends = stdout_of(Command::new("dpkg-deb").arg("--field").arg(&package).arg("Depends"));
        let depends = depends.expect("the package has the field");
        assert!(depends.contains("libc6"), "{depends}");
        fs::remove_dir_all(&out).expect("the test's folder is removed");
    }
}
