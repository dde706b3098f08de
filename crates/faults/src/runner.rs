//! Runs the rounds of the chosen cases, prints a line for each case, and tells how to repeat a failed round.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::case::{Case, Load};
use crate::cases::CASES;
use crate::round::{Pace, Programs, Round};
use crate::watchdog::Watchdog;

/// Rounds between two lines about the progress of a long case.
const PROGRESS_ROUNDS: u32 = 50;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only these cases, by their ids in the catalogue
    cases: Vec<String>,
    /// The number of rounds of each case, instead of its own
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// The seed of the first round; the next one has the next number [default: random]
    #[arg(long)]
    seed: Option<u64>,
    /// Run only the few rounds that `cargo xtask test` has time for
    #[arg(long)]
    short: bool,
    /// The duration of faults [default: their real one if cases are named, or else a shorter one]
    #[arg(long, conflicts_with = "short")]
    pace: Option<Pace>,
    /// List the cases and run none
    #[arg(long)]
    list: bool,
    /// Keep the folders of rounds that passed, too
    #[arg(long)]
    keep: bool,
    /// The server under test [default: ichat-server beside this program]
    #[arg(long, env = "ICHAT_SERVER_BIN")]
    server: Option<PathBuf>,
    /// Node.js, for socket.io-client
    #[arg(long, env = "ICHAT_NODE", default_value = "node")]
    node: PathBuf,
    /// The folder `ui` with its npm packages [default: the one beside this crate]
    #[arg(long, env = "ICHAT_UI")]
    ui: Option<PathBuf>,
    /// The folder for the folders of the rounds [default: the system's temporary folder]
    #[arg(long, env = "ICHAT_FAULTS_DIR")]
    dir: Option<PathBuf>,
}

impl Options {
    fn pace(&self) -> Pace {
        match (self.pace, self.short, self.cases.is_empty()) {
            (Some(pace), _, _) => pace,
            (None, true, _) => Pace::Short,
            (None, false, true) => Pace::Full,
            (None, false, false) => Pace::Named,
        }
    }

    fn programs(&self) -> Result<Programs> {
        let checker = std::env::current_exe().context("this program can't find itself")?;
        let server = match &self.server {
            Some(server) => server.clone(),
            None => checker.with_file_name(format!("ichat-server{}", std::env::consts::EXE_SUFFIX)),
        };
        if !server.exists() {
            bail!(
                "there is no server at {}: cargo build -p ichat-server, or --server FILE",
                server.display()
            );
        }
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        Ok(Programs {
            server: std::path::absolute(server)?,
            checker,
            node: self.node.clone(),
            ui: self.ui.clone().unwrap_or_else(|| crate_folder.join("../../ui")),
        })
    }
}

enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// Runs the cases that the options choose. Fails when a case fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen = chosen(&options.cases)?;
    if options.list {
        for case in chosen {
            println!(
                "{:4} {:5} rounds ({:2} short)  {}",
                case.id, case.rounds, case.short_rounds, case.about
            );
        }
        return Ok(());
    }
    let programs = options.programs()?;
    let dir = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let dir = dir.join(format!("ichat-faults-{}", std::process::id()));
    let (waiting, busy): (Vec<&Case>, Vec<&Case>) = chosen.into_iter().partition(|case| case.load == Load::Waiting);
    let run = |case: &'static Case| {
        let outcome = run_case(case, options, &programs, &dir).context(case.id)?;
        Ok((case, outcome))
    };
    // The cases that mostly wait run side by side, and the busy ones meanwhile, one after the other.
    let results: Vec<Result<(&Case, Outcome)>> = std::thread::scope(|scope| {
        let waiting: Vec<_> = waiting.into_iter().map(|case| scope.spawn(move || run(case))).collect();
        let busy: Vec<_> = busy.into_iter().map(run).collect();
        let waiting = waiting
            .into_iter()
            .map(|case| case.join().unwrap_or_else(|_| Err(anyhow!("a case panicked"))));
        waiting.chain(busy).collect()
    });
    let mut failed = Vec::new();
    for result in results {
        match result {
            Ok((case, Outcome::Failed)) => failed.push(case.id.to_owned()),
            Ok((_, Outcome::Passed | Outcome::Skipped)) => {}
            Err(error) => failed.push(format!("{error:#}")),
        }
    }
    // This succeeds only if no round was kept.
    drop(std::fs::remove_dir(&dir));
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

fn chosen(ids: &[String]) -> Result<Vec<&'static Case>> {
    let is_named = |case: &Case, id: &String| case.id.eq_ignore_ascii_case(id);
    if let Some(unknown) = ids.iter().find(|id| !CASES.iter().any(|case| is_named(case, id))) {
        bail!("there is no case \"{unknown}\"; --list shows them");
    }
    let is_chosen = |case: &&Case| ids.is_empty() || ids.iter().any(|id| is_named(case, id));
    Ok(CASES.iter().filter(is_chosen).collect())
}

fn run_case(case: &Case, options: &Options, programs: &Programs, dir: &Path) -> Result<Outcome> {
    if let Some(obstacle) = case.needs.iter().find_map(|need| need.obstacle(programs)) {
        // In CI, a case that can't run fails: otherwise nothing would show that it is no longer tested.
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            println!("{:4} FAILED: it can't run here: {obstacle}", case.id);
            return Ok(Outcome::Failed);
        }
        println!("{:4} skipped: {obstacle}", case.id);
        return Ok(Outcome::Skipped);
    }
    let own_rounds = if options.short { case.short_rounds } else { case.rounds };
    let rounds = options.rounds.unwrap_or(own_rounds);
    let start = Instant::now();
    let base_seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    let mut measurements = Vec::new();
    for number in 1..=rounds {
        let seed = base_seed + u64::from(number - 1);
        let folder = dir.join(format!("{}-{seed}", case.id));
        let failure = |reason: &str| failure(case, options, (number, rounds), seed, &folder, reason);
        let watchdog = Watchdog::start(options.pace(), failure("it does not end"));
        let mut round = Round::new(seed, &folder, programs.clone(), options.pace())?;
        let result = (case.run)(&mut round);
        measurements.append(&mut round.measurements);
        drop((round, watchdog));
        if let Err(error) = result {
            println!("{}", failure(&format!("{error:#}")));
            return Ok(Outcome::Failed);
        }
        if !options.keep {
            std::fs::remove_dir_all(&folder).with_context(|| format!("{} can't be removed", folder.display()))?;
        }
        if number % PROGRESS_ROUNDS == 0 && number < rounds {
            let seconds = start.elapsed().as_secs_f64();
            println!("{:4} {number:4} of {rounds} rounds, {seconds:.0} s", case.id);
        }
    }
    println!("{}", success(case, rounds, start, measurements));
    Ok(Outcome::Passed)
}

fn failure(
    case: &Case,
    options: &Options,
    (number, rounds): (u32, u32),
    seed: u64,
    folder: &Path,
    reason: &str,
) -> String {
    let id = case.id;
    let pace = match options.pace() {
        Pace::Short => " --short",
        Pace::Full => " --pace full",
        Pace::Named => "",
    };
    let build = if cfg!(debug_assertions) { "" } else { " --release" };
    format!(
        "{id:4} FAILED in round {number} of {rounds}: {reason}\n     its folder: {}\n     \
         again: cargo xtask faults {id} --rounds 1 --seed {seed}{pace}{build}",
        folder.display(),
    )
}

/// Returns all lines of a case that passed. They are printed at once, since other cases print meanwhile.
fn success(case: &Case, rounds: u32, start: Instant, measurements: Vec<(&'static str, f64)>) -> String {
    let seconds = start.elapsed().as_secs_f64();
    let mut text = format!("{:4} passed {rounds} rounds in {seconds:.1} s  {}", case.id, case.about);
    for (name, values) in by_name(measurements) {
        let (median, worst) = (values[values.len() / 2], values[values.len() - 1]);
        let summary = match values.len() {
            1 => format!("{median:.1}"),
            _ => format!("median {median:.1}, worst {worst:.1}"),
        };
        text = format!("{text}\n     {name}: {summary}");
    }
    text
}

/// Groups the measurements of all rounds by name, and sorts each group's values.
fn by_name(measurements: Vec<(&'static str, f64)>) -> Vec<(&'static str, Vec<f64>)> {
    let mut groups: Vec<(&'static str, Vec<f64>)> = Vec::new();
    for (name, value) in measurements {
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name, vec![value])),
        }
    }
    for (_, values) in &mut groups {
        values.sort_by(f64::total_cmp);
    }
    groups
}
