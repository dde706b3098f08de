//! The settings of the program, as administrators and their tools give them.
//!
//! - an environment as docker compose makes it
//! - `config check` prints the settings in effect with their origins, before and after the command, and exits with 0; wrong
//!   ones exit with 2, each with a sentence
//! - a variable that is no setting is named with the nearest one, also in the server's log
//! - a report that can't be written is an error (Linux)
//! - a file of settings that is no file is refused (Linux)
//! - a host that was given with a scheme, a port, capitals or umlauts is the one that browsers send

use std::path::Path;
use std::process::Output;

use ichat_testkit::or_time_out;
use tokio::process::Command;

use crate::program::{logs, program, run, serving, start, startup_error, success};

async fn config_check(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = program();
    command
        .args(["config", "check"])
        .args(arguments)
        .envs(variables.iter().copied());
    or_time_out(command.output()).await.unwrap()
}

#[tokio::test]
async fn an_environment_as_docker_compose_makes_it_is_understood() {
    let variables = [
        ("ICHAT_NAME", "Office 7"),
        ("ICHAT_LISTEN", ""),
        ("ICHAT_NO_ANNOUNCE", "1"),
        ("ICHAT_NO_GUESTS", "yes"),
        ("ICHAT_ALLOWED_HOST", "chat.example.org, https://büro.example:8443"),
        ("ICHAT_MAX_CONNECTIONS", "  "),
        ("ICHAT_LOG", "WARN"),
    ];
    let report = success(config_check(&variables, &["--data", "/d"]).await);
    for (line, source) in [
        ("name = \"Office 7\"", "ICHAT_NAME"),
        ("listen = \"[::]:4242\"", "default"),
        ("no-announce = true", "ICHAT_NO_ANNOUNCE"),
        ("no-guests = true", "ICHAT_NO_GUESTS"),
        (
            "allowed-host = [\"chat.example.org\", \"xn--bro-hoa.example\"]",
            "ICHAT_ALLOWED_HOST",
        ),
        ("max-connections = 10000", "default"),
        ("log = \"warn\"", "ICHAT_LOG"),
        ("data = \"/d\"", "--data"),
    ] {
        let found = report.lines().find(|found| found.starts_with(line));
        assert!(
            found.is_some_and(|found| found.ends_with(&format!("# {source}"))),
            "{line}: {report}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let (_server, address) = start(serving(folder.path()).envs(variables)).await;
    let hello = reqwest::get(format!("http://{address}/api/hello")).await.unwrap();
    let hello: serde_json::Value = hello.json().await.unwrap();
    assert_eq!(
        (&hello["server"]["name"], &hello["guests"]),
        (&"Office 7".into(), &false.into()),
        "{hello}"
    );
}

#[tokio::test]
async fn wrong_settings_are_named_with_their_origins() {
    let variables = [("ICHAT_NO_GUESTS", "perhaps"), ("ICHAT_MAX_MEMORY", "1G")];
    let output = config_check(&variables, &["--listen", "localhost:4242"]).await;
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    for expected in [
        "--listen is \"localhost:4242\". It takes an IP address",
        "ICHAT_NO_GUESTS",
        "ICHAT_MAX_MEMORY",
    ] {
        assert!(errors.contains(expected), "{expected}: {errors}");
    }
    assert_eq!(errors.lines().count(), 3, "{errors}");
}

#[tokio::test]
async fn flags_stand_before_or_after_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.toml");
    std::fs::write(&file, "max-connections = 7\nname = \"From the file\"\n").unwrap();
    let file = file.to_str().unwrap();
    let before = ["--config", file, "--data", "/d", "--name", "Before"];
    let mut arguments = before.to_vec();
    arguments.extend(["config", "check", "--name", "After"]);
    let report = success(run(&arguments).await);
    assert!(
        report.contains("max-connections = 7") && report.contains("\"/d\""),
        "{report}"
    );
    assert!(
        report.contains("name = \"After\"") && !report.contains("Before"),
        "{report}"
    );
    assert!(!Path::new("/d").exists(), "a check creates nothing");
}

#[tokio::test]
async fn a_host_may_be_given_as_a_url() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serving(folder.path());
    let (_server, address) = start(command.args(["--allowed-host", "https://Chat.Bücher.example:443/"])).await;
    let ask = async |host: &str| {
        let request = reqwest::Client::new()
            .get(format!("http://{address}/healthz"))
            .header("Host", host);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("chat.xn--bcher-kva.example").await, 200);
    assert_eq!(ask("chat.xn--bcher-kva.example:8443").await, 200);
    assert_eq!(ask("other.example").await, 403);
}

#[tokio::test]
async fn a_variable_that_is_no_setting_is_named_with_the_nearest() {
    let variables = [("ICHAT_MAX_CONECTIONS", "7")];
    let output = config_check(&variables, &["--data", "/d"]).await;
    assert!(output.status.success());
    let named = "ICHAT_MAX_CONECTIONS (the nearest is ICHAT_MAX_CONNECTIONS)";
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains(named), "{errors}");
    let folder = tempfile::tempdir().unwrap();
    let mut server = serving(folder.path()).envs(variables).spawn().unwrap();
    let (line, _lines) = logs(&mut server, named).await;
    assert!(line.contains("WARN"), "{line}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_report_that_can_not_be_written_is_an_error() {
    let mut command = program();
    command.args(["config", "check", "--data", "/d"]);
    command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
    let running = command.spawn().unwrap();
    let text = startup_error(or_time_out(running.wait_with_output()).await.unwrap());
    assert!(text.contains("can't be printed"), "{text}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_of_settings_that_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().await.unwrap();
    assert!(made.success());
    for path in [pipe.as_path(), folder.path()] {
        let arguments = ["config", "check", "--config", path.to_str().unwrap()];
        let text = startup_error(run(&arguments).await);
        assert!(text.contains("is not a file"), "{text}");
    }
}
