//! The description of the program, which packages contain.
//!
//! - a shell completes the commands and the settings
//! - a reader that has seen enough of a script ends the program quietly
//! - there is a man page for each command, and that of the program has every setting with its variable

use std::process::Stdio;

use ichat_testkit::or_time_out;
use tokio::process::Command;

use crate::program::{program, run, success};

/// Returns what bash offers after these words.
async fn bash_completes(words: &[&str]) -> Vec<String> {
    let script = success(run(&["completions", "bash"]).await);
    let completion = format!(
        r#"{script}
        function=$(complete -p ichat-server | grep -o -e '-F [^ ]*' | cut -c 4-)
        COMP_WORDS=({}); COMP_CWORD={}
        $function ichat-server "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\n' "${{COMPREPLY[@]}}""#,
        words.join(" "),
        words.len() - 1,
    );
    let mut bash = Command::new("bash");
    bash.args(["-c", &completion]).stdin(Stdio::null());
    let offered = success(or_time_out(bash.output()).await.unwrap());
    offered.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_shell_completes_commands_and_settings() {
    assert_eq!(bash_completes(&["ichat-server", "--max-mem"]).await, ["--max-memory"]);
    assert_eq!(bash_completes(&["ichat-server", "back"]).await, ["backup"]);
    assert_eq!(bash_completes(&["ichat-server", "config", "che"]).await, ["check"]);
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = success(run(&["completions", shell]).await);
        assert!(script.contains("metrics-listen"), "{shell}: {script}");
    }
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_ends_the_program_quietly() {
    let command = program();
    let path = command.as_std().get_program().to_owned();
    let mut shell = Command::new("bash");
    shell
        .args(["-c", "set -o pipefail; \"$0\" completions bash | head -n 1"])
        .arg(path);
    let output = or_time_out(shell.output()).await.unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[tokio::test]
async fn there_is_a_man_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    success(run(&["man", pages.to_str().unwrap()]).await);
    let read = |name: &str| std::fs::read_to_string(pages.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    for command in [
        "backup",
        "restore",
        "check",
        "config",
        "config-check",
        "completions",
        "man",
    ] {
        let page = read(&format!("ichat-server-{command}.1"));
        assert!(page.contains(".SH DESCRIPTION"), "{command}: {page}");
    }
    let page = read("ichat-server.1").replace("\\-", "-");
    let report = success(run(&["config", "check", "--data", "/d"]).await);
    let settings: Vec<_> = report.lines().filter_map(|line| line.split(" = ").next()).collect();
    assert!(settings.len() > 15, "{report}");
    for setting in settings {
        let variable = format!("ICHAT_{}", setting.replace('-', "_").to_uppercase());
        assert!(
            page.contains(&format!("--{setting}")) && page.contains(&variable),
            "{setting}: {page}"
        );
    }
}
