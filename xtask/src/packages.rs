//! System packages: which there must be, which are missing, and how they come (apt-get; elsewhere a sentence).

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{process, programs};

/// A Debian or Ubuntu package.
struct Package {
    name: &'static str,
    /// When one of these programs is there, the package isn't needed: it came from elsewhere.
    or_program: &'static [&'static str],
}

const fn package(name: &'static str) -> Package {
    unless(name, &[])
}

const fn unless(name: &'static str, or_program: &'static [&'static str]) -> Package {
    Package { name, or_program }
}

const BUILDING: &[Package] = &[
    unless("build-essential", &["cc"]),
    unless("pkg-config", &["pkg-config"]),
];
const APP: &[Package] = &[
    package("libwebkit2gtk-4.1-dev"),
    package("libayatana-appindicator3-dev"),
    package("librsvg2-dev"),
    package("libssl-dev"),
];
const NAMESPACES: &[Package] = &[unless("iproute2", &["ip"])];
/// The `/usr/lib/…/faketime` that a program's clock jumps by.
const FAKE_TIME: &[Package] = &[package("libfaketime")];
const PYTHON: &[Package] = &[package("python3"), package("python3-venv")];
const BROWSER: &[Package] = &[
    unless("chromium", programs::CHROMIUM),
    package("fonts-dejavu-core"),
    package("fonts-noto-color-emoji"),
];
const WINDOW: &[Package] = &[
    package("xvfb"),
    package("xauth"),
    package("webkit2gtk-driver"),
    package("dbus-x11"),
    package("imagemagick"),
    package("x11-utils"),
    package("xdotool"),
    package("dunst"),
    package("libnotify-bin"),
    package("file"),
    package("fonts-dejavu-core"),
    package("fonts-noto-color-emoji"),
];

/// What a purpose takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// Building anything: the database comes as C.
    Building,
    /// Building the desktop app, and the client with its TLS.
    App,
    /// Two machines as two network namespaces.
    Namespaces,
    /// A program whose wall clock jumps.
    FakeTime,
    /// A client in Python.
    Python,
    /// The page in a browser without a screen.
    Browser,
    /// The app in a window on a screen that nobody sees, with notifications.
    Window,
}

impl For {
    fn packages(self) -> &'static [Package] {
        match self {
            For::Building => BUILDING,
            For::App => APP,
            For::Namespaces => NAMESPACES,
            For::FakeTime => FAKE_TIME,
            For::Python => PYTHON,
            For::Browser => BROWSER,
            For::Window => WINDOW,
        }
    }

    /// What somebody on another system has to install.
    fn in_words(self) -> &'static str {
        match self {
            For::Building => "a C compiler and pkg-config",
            For::App => "what Tauri 2 asks for (https://tauri.app/start/prerequisites)",
            For::Namespaces => "iproute2",
            For::FakeTime => "libfaketime",
            For::Python => "Python 3 with venv",
            For::Browser => "Chromium or Chrome",
            For::Window => "Xvfb with xauth, dbus-run-session, WebKitWebDriver, ImageMagick, xdotool and dunst",
        }
    }
}

/// Installs what is missing. Silent and quick when nothing is.
pub(crate) fn install(purposes: &[For]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        // Xcode's tools, Visual Studio's and WebView2 come with Rust and the system there.
        return Ok(());
    }
    if !programs::there("apt-get") || !programs::there("dpkg-query") {
        say_once(purposes);
        return Ok(());
    }
    let mut names = wanted(purposes, programs::there);
    if std::fs::read_to_string("/etc/os-release").is_ok_and(|text| is_ubuntu(&text)) {
        for name in &mut names {
            *name = on_ubuntu(name);
        }
    }
    let answer = process::output(
        Command::new("dpkg-query")
            .args(["--show", "--showformat", "${Package} ${db:Status-Status}\n"])
            .args(&names)
            .stderr(std::process::Stdio::null()),
    );
    let missing = missing(&names, &answer.context("dpkg-query can't be started")?);
    if missing.is_empty() {
        Ok(())
    } else {
        apt_install(&missing)
    }
}

fn apt_install(missing: &[&str]) -> Result<()> {
    println!("Installing system packages: {}", missing.join(" "));
    let by_hand = format!("apt-get install --no-install-recommends {}", missing.join(" "));
    let Some(apt) = apt_get() else {
        bail!("these packages are missing and there is no sudo: run as root\n  {by_hand}");
    };
    if !knows(missing) {
        process::interactive(apt().arg("update"))
            .with_context(|| format!("the package lists can't be brought up to date; try by hand\n  {by_hand}"))?;
    }
    let install = || {
        process::interactive(
            apt()
                .args(["install", "--yes", "--no-install-recommends"])
                .args(missing),
        )
    };
    if install().is_ok() {
        return Ok(());
    }
    // Old lists name versions that the archive no longer has.
    process::interactive(apt().arg("update"))
        .and_then(|()| install())
        .with_context(|| format!("the packages can't be installed; try by hand\n  {by_hand}"))
}

/// Makes `apt-get` commands with the rights that they need, if there is a way to get these.
fn apt_get() -> Option<impl Fn() -> Command> {
    let root = is_root();
    (root || programs::there("sudo")).then_some(move || {
        let mut command = Command::new(if root { "env" } else { "sudo" });
        if !root {
            command.arg("env");
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    })
}

/// Whether the package lists on this machine know all of them; on a fresh one there are no lists.
fn knows(missing: &[&str]) -> bool {
    let dry_run = Command::new("apt-get")
        .args(["install", "--dry-run", "--quiet=2"])
        .args(missing)
        .output();
    dry_run.is_ok_and(|output| output.status.success())
}

#[cfg(unix)]
fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// Without apt-get one can't know what is missing: the builds and tests will say.
fn say_once(purposes: &[For]) {
    let marks = purposes.iter().filter(|purpose| match purpose {
        For::Building => !programs::there("cc") || !programs::there("pkg-config"),
        For::App => !Path::new("/usr/include/webkitgtk-4.1").exists(),
        For::Namespaces => !programs::there("ip"),
        For::FakeTime => cfg!(target_os = "linux") && !Path::new("/usr/lib64/faketime").exists(),
        For::Python => !programs::there("python3"),
        For::Browser => programs::find(programs::CHROMIUM).is_none(),
        For::Window => !programs::there("xvfb-run") || !programs::there("WebKitWebDriver"),
    });
    let words: Vec<_> = marks.map(|purpose| purpose.in_words()).collect();
    if !words.is_empty() {
        println!(
            "This system has no apt-get. If it isn't there yet, install: {}.",
            words.join("; ")
        );
    }
}

/// The packages for these purposes, each once, without those that a program from elsewhere stands in for.
fn wanted(purposes: &[For], there: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut names = Vec::new();
    for purpose in purposes {
        for package in purpose.packages() {
            let stood_in = package.or_program.iter().any(|program| there(program));
            if !stood_in && !names.contains(&package.name) {
                names.push(package.name);
            }
        }
    }
    names
}

/// Those that dpkg-query's answer doesn't call installed. It is silent about packages that it has never heard of, and
/// calls removed ones `config-files` or `not-installed`.
fn missing<'a>(names: &[&'a str], answer: &str) -> Vec<&'a str> {
    let installed: Vec<_> = answer
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .collect();
    names.iter().copied().filter(|name| !installed.contains(name)).collect()
}

/// Ubuntu brings Chromium as a snap, under the package's old name.
fn on_ubuntu(name: &'static str) -> &'static str {
    if name == "chromium" { "chromium-browser" } else { name }
}

fn is_ubuntu(os_release: &str) -> bool {
    os_release.lines().any(|line| line.trim_end() == "ID=ubuntu")
}

#[cfg(test)]
mod tests {
    //! What is missing, from real answers of dpkg-query; programs from elsewhere; each package once; Ubuntu; headless machines.

    use super::*;

    #[test]
    fn only_installed_packages_count_as_there() {
        let answer = "xvfb installed\nfile config-files\ndunst not-installed\nlibssl-dev half-configured\n";
        let names = ["xvfb", "file", "dunst", "libssl-dev", "never-heard-of", "xvf"];
        assert_eq!(
            missing(&names, answer),
            ["file", "dunst", "libssl-dev", "never-heard-of", "xvf"]
        );
    }

    #[test]
    fn a_browser_from_elsewhere_stands_in_for_the_package() {
        assert_eq!(
            wanted(&[For::Browser], |_| false),
            ["chromium", "fonts-dejavu-core", "fonts-noto-color-emoji"]
        );
        assert_eq!(
            wanted(&[For::Browser], |program| program == "google-chrome"),
            ["fonts-dejavu-core", "fonts-noto-color-emoji"]
        );
    }

    #[test]
    fn each_package_is_asked_for_once() {
        let names = wanted(&[For::Window, For::Browser], |_| false);
        assert_eq!(names.iter().filter(|name| **name == "fonts-dejavu-core").count(), 1);
    }

    #[test]
    fn ubuntu_has_another_name_for_the_browser() {
        assert!(is_ubuntu(
            "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nID=ubuntu\nID_LIKE=debian\n"
        ));
        assert!(!is_ubuntu("ID=debian\nNAME=\"not ubuntu\"\n"));
        assert_eq!(on_ubuntu("chromium"), "chromium-browser");
        assert_eq!(on_ubuntu("xvfb"), "xvfb");
    }

    #[test]
    fn a_headless_server_needs_no_window_libraries() {
        assert_eq!(wanted(&[For::Building], |_| false), ["build-essential", "pkg-config"]);
    }
}
