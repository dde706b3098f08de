//! The system packages for each purpose. They are installed with apt-get; on other systems, a hint is printed.

use std::path::Path;

use anyhow::Result;

use crate::{apt, programs};

/// A purpose that needs system packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Building any crate: SQLite is compiled from C.
    Building,
    /// Building the desktop app, and the client with its TLS library.
    App,
    /// Tests with several machines, each a network namespace.
    Namespaces,
    /// Tests in which a program's wall clock jumps.
    FakeTime,
    /// Tests with a Python client.
    Python,
    /// Tests of the web page in a headless browser.
    Browser,
    /// Tests of the web page in Firefox.
    Firefox,
    /// Tests of the web page in WebKit's own small browser, on a virtual display.
    WebKit,
    /// Tests of the app's window on a virtual display, with notifications.
    Window,
    /// Tests of the server behind reverse proxies.
    Proxies,
}

impl Purpose {
    pub(crate) const ALL: &[Purpose] = &[
        Purpose::Building,
        Purpose::App,
        Purpose::Namespaces,
        Purpose::FakeTime,
        Purpose::Python,
        Purpose::Browser,
        Purpose::Firefox,
        Purpose::WebKit,
        Purpose::Window,
        Purpose::Proxies,
    ];

    /// Returns whether the tests can do without: a machine that can't install the packages skips those tests, and says so.
    fn is_optional(self) -> bool {
        match self {
            Purpose::Firefox | Purpose::WebKit | Purpose::Proxies => true,
            Purpose::Building
            | Purpose::App
            | Purpose::Namespaces
            | Purpose::FakeTime
            | Purpose::Python
            | Purpose::Browser
            | Purpose::Window => false,
        }
    }

    fn packages(self) -> &'static [Package] {
        match self {
            Purpose::Building => BUILDING,
            Purpose::App => APP,
            Purpose::Namespaces => NAMESPACES,
            Purpose::FakeTime => FAKE_TIME,
            Purpose::Python => PYTHON,
            Purpose::Browser => BROWSER,
            Purpose::Firefox => FIREFOX,
            Purpose::WebKit => WEBKIT,
            Purpose::Window => WINDOW,
            Purpose::Proxies => PROXIES,
        }
    }

    /// Names what to install on systems without apt-get.
    fn description(self) -> &'static str {
        match self {
            Purpose::Building => "a C compiler and pkg-config",
            Purpose::App => "the prerequisites of Tauri 2 (https://tauri.app/start/prerequisites)",
            Purpose::Namespaces => "iproute2",
            Purpose::FakeTime => "libfaketime",
            Purpose::Python => "Python 3 with venv",
            Purpose::Browser => "Chromium or Chrome",
            Purpose::Firefox => "Firefox",
            Purpose::WebKit => "WebKitGTK's MiniBrowser, WebKitWebDriver and Xvfb with xauth",
            Purpose::Window => {
                "Xvfb with xauth, dbus-run-session, WebKitWebDriver, ImageMagick, xdotool, openbox and an English dictionary for hunspell"
            }
            Purpose::Proxies => "nginx, HAProxy, Caddy and OpenSSL",
        }
    }

    /// Guesses whether the packages are missing, on systems without apt-get.
    fn seems_missing(self) -> bool {
        match self {
            Purpose::Building => !programs::is_installed("cc") || !programs::is_installed("pkg-config"),
            Purpose::App => !Path::new("/usr/include/webkitgtk-4.1").exists(),
            Purpose::Namespaces => !programs::is_installed("ip"),
            Purpose::FakeTime => !Path::new("/usr/lib64/faketime").exists(),
            Purpose::Python => !programs::is_installed("python3"),
            Purpose::Browser => programs::find(programs::CHROMIUM).is_none(),
            Purpose::Firefox => programs::find(programs::FIREFOX).is_none(),
            Purpose::WebKit => programs::find_mini_browser().is_none(),
            Purpose::Window => !programs::is_installed("xvfb-run") || !programs::is_installed("WebKitWebDriver"),
            Purpose::Proxies => programs::PROXIES
                .iter()
                .any(|program| !programs::is_installed_for_root(program)),
        }
    }
}

/// Installs the missing packages. Prints nothing, and returns quickly, if there are none.
pub(crate) fn install(purposes: &[Purpose]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        // Rust's installer and the system bring Xcode's tools, Visual Studio's and WebView2.
        return Ok(());
    }
    if !apt::is_available() {
        print_hint(purposes);
        return Ok(());
    }
    let (optional, required): (Vec<_>, Vec<_>) = purposes
        .iter()
        .copied()
        .partition(|purpose: &Purpose| purpose.is_optional());
    install_for(&required)?;
    for purpose in optional {
        if let Err(error) = install_for(&[purpose]) {
            println!("{}: {error:#}", purpose.description());
        }
    }
    Ok(())
}

/// Installs the missing packages with apt-get.
fn install_for(purposes: &[Purpose]) -> Result<()> {
    let mut names = package_names(purposes, programs::is_installed);
    if std::fs::read_to_string("/etc/os-release").is_ok_and(|text| is_ubuntu(&text)) {
        for name in &mut names {
            *name = name_on_ubuntu(name);
        }
    }
    apt::install_missing(&names)
}

/// Prints what to install by hand. It is a guess: the builds and tests report what is really missing.
fn print_hint(purposes: &[Purpose]) {
    let descriptions: Vec<_> = purposes
        .iter()
        .filter(|purpose| purpose.seems_missing())
        .map(|purpose| purpose.description())
        .collect();
    if !descriptions.is_empty() {
        println!(
            "This system has no apt-get. Install these by hand if they are missing: {}.",
            descriptions.join("; ")
        );
    }
}

/// Returns the packages for these purposes, each once, without those that an installed program replaces.
fn package_names(purposes: &[Purpose], is_installed: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut names = Vec::new();
    for purpose in purposes {
        for package in purpose.packages() {
            let replaced = package.or_program.iter().any(|program| is_installed(program));
            if !replaced && !names.contains(&package.name) {
                names.push(package.name);
            }
        }
    }
    names
}

/// Returns a package's name on Ubuntu, where the browsers are snaps: Chromium has no package without windows and keeps an older
/// name, and Firefox has no long-term version.
fn name_on_ubuntu(name: &'static str) -> &'static str {
    match name {
        "chromium-headless-shell" => "chromium-browser",
        "firefox-esr" => "firefox",
        _ => name,
    }
}

fn is_ubuntu(os_release: &str) -> bool {
    os_release.lines().any(|line| line.trim_end() == "ID=ubuntu")
}

/// A Debian or Ubuntu package.
struct Package {
    name: &'static str,
    /// The package isn't needed if one of these programs is installed, from wherever.
    or_program: &'static [&'static str],
}

const fn package(name: &'static str) -> Package {
    unless_installed(name, &[])
}

const fn unless_installed(name: &'static str, or_program: &'static [&'static str]) -> Package {
    Package { name, or_program }
}

const BUILDING: &[Package] = &[
    unless_installed("build-essential", &["cc"]),
    unless_installed("pkg-config", &["pkg-config"]),
];
const APP: &[Package] = &[
    package("libwebkit2gtk-4.1-dev"),
    package("librsvg2-dev"),
    package("libssl-dev"),
];
const NAMESPACES: &[Package] = &[unless_installed("iproute2", &["ip"])];
const FAKE_TIME: &[Package] = &[package("libfaketime")];
const PYTHON: &[Package] = &[package("python3"), package("python3-venv")];
const BROWSER: &[Package] = &[
    unless_installed("chromium-headless-shell", programs::CHROMIUM),
    package("fonts-dejavu-core"),
    package("fonts-noto-color-emoji"),
];
const FIREFOX: &[Package] = &[unless_installed("firefox-esr", programs::FIREFOX)];
const WEBKIT: &[Package] = &[
    package("libwebkit2gtk-4.1-0"),
    package("webkit2gtk-driver"),
    package("xvfb"),
    package("xauth"),
    package("dbus-x11"),
    package("fonts-dejavu-core"),
    package("fonts-noto-color-emoji"),
];
const PROXIES: &[Package] = &[
    package("nginx"),
    package("haproxy"),
    package("caddy"),
    package("openssl"),
];
const WINDOW: &[Package] = &[
    package("xvfb"),
    package("xauth"),
    package("webkit2gtk-driver"),
    package("dbus-x11"),
    package("imagemagick"),
    package("xdotool"),
    package("openbox"),
    package("hunspell-en-us"),
    package("python3"),
    package("fonts-dejavu-core"),
    package("fonts-noto-color-emoji"),
];

#[cfg(test)]
mod tests {
    //! - programs that replace a package
    //! - packages that two purposes need
    //! - Ubuntu
    //! - a headless server

    use super::*;

    #[test]
    fn an_installed_browser_replaces_the_package() {
        assert_eq!(
            package_names(&[Purpose::Browser], |_| false),
            ["chromium-headless-shell", "fonts-dejavu-core", "fonts-noto-color-emoji"]
        );
        assert_eq!(
            package_names(&[Purpose::Browser], |program| program == "google-chrome"),
            ["fonts-dejavu-core", "fonts-noto-color-emoji"]
        );
    }

    #[test]
    fn a_package_that_two_purposes_need_is_listed_once() {
        let names = package_names(&[Purpose::Window, Purpose::Browser], |_| false);
        assert_eq!(names.iter().filter(|name| **name == "fonts-dejavu-core").count(), 1);
    }

    #[test]
    fn ubuntu_has_another_name_for_chromium() {
        assert!(is_ubuntu(
            "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nID=ubuntu\nID_LIKE=debian\n"
        ));
        assert!(!is_ubuntu("ID=debian\nNAME=\"not ubuntu\"\n"));
        assert_eq!(name_on_ubuntu("chromium-headless-shell"), "chromium-browser");
        assert_eq!(name_on_ubuntu("firefox-esr"), "firefox");
        assert_eq!(name_on_ubuntu("xvfb"), "xvfb");
    }

    #[test]
    fn a_headless_server_needs_no_window_libraries() {
        assert_eq!(
            package_names(&[Purpose::Building], |_| false),
            ["build-essential", "pkg-config"]
        );
    }
}
