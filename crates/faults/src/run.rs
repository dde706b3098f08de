//! The rounds of the chosen cases, one line a case, and how to play a failed round again.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::cases::{CASES, Case};
use crate::round::{Pace, Programs, Round};
use crate::watch::Watch;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these cases, by their numbers in the catalogue
    cases: Vec<String>,
    /// So many rounds of each case, instead of its own number
    #[arg(long)]
    rounds: Option<u32>,
    /// The seed of the first round; the next one has the next number [default: of the clock]
    #[arg(long)]
    seed: Option<u64>,
    /// The few rounds that a test of everything has time for
    #[arg(long)]
    short: bool,
    /// Shows the cases and runs none
    #[arg(long)]
    list: bool,
    /// Keeps the folders of rounds that passed, too
    #[arg(long)]
    keep: bool,
    /// The server that is tested [default: ichat-server beside this program]
    #[arg(long, env = "ICHAT_SERVER_BIN")]
    server: Option<PathBuf>,
    /// Node.js, for socket.io-client
    #[arg(long, env = "ICHAT_NODE", default_value = "node")]
    node: PathBuf,
    /// The folder of the interface, with its npm packages [default: the one beside this crate]
    #[arg(long, env = "ICHAT_UI")]
    ui: Option<PathBuf>,
    /// Where rounds keep their folders [default: the system's folder for temporary files]
    #[arg(long, env = "ICHAT_FAULTS_DIR")]
    dir: Option<PathBuf>,
}

enum Outcome {
    Passed,
    Failed,
    Skipped,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(unknown) = options.cases.iter().find(|name| find(name).is_none()) {
        bail!("there is no case \"{unknown}\"; --list shows them");
    }
    let chosen: Vec<&Case> = CASES
        .iter()
        .filter(|case| {
            options.cases.is_empty() || options.cases.iter().any(|name| case.name.eq_ignore_ascii_case(name))
        })
        .collect();
    if options.list {
        for case in chosen {
            println!(
                "{:4} {:5} rounds ({:2} short)  {}",
                case.name, case.rounds, case.short_rounds, case.about
            );
        }
        return Ok(());
    }
    let programs = programs(options)?;
    let place = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let dir = place.join(format!("ichat-faults-{}", std::process::id()));
    // What mostly waits is played side by side, and what loads the machine meanwhile, one after the other.
    let (waiting, busy): (Vec<&Case>, Vec<&Case>) = chosen.into_iter().partition(|case| case.waits());
    let play = |case: &'static Case| Ok((case, play(case, options, &programs, &dir)?));
    let played: Vec<Result<(&Case, Outcome)>> = std::thread::scope(|scope| {
        let all: Vec<_> = waiting
            .into_iter()
            .map(|case| scope.spawn(move || play(case)))
            .collect();
        let busy: Vec<_> = busy.into_iter().map(play).collect();
        let ended = all
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|_| Err(anyhow!("a case panicked"))));
        ended.chain(busy).collect()
    });
    let mut failed = Vec::new();
    for one in played {
        if let (case, Outcome::Failed) = one? {
            failed.push(case.name);
        }
    }
    // Only when nothing was kept in it.
    drop(std::fs::remove_dir(&dir));
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

fn find(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name.eq_ignore_ascii_case(name))
}

fn play(case: &Case, options: &Options, programs: &Programs, dir: &Path) -> Result<Outcome> {
    if let Some(why) = case.needs.iter().find_map(|need| need.obstacle(programs)) {
        println!("{:4} skipped: {why}", case.name);
        return Ok(Outcome::Skipped);
    }
    let rounds = options
        .rounds
        .unwrap_or(if options.short { case.short_rounds } else { case.rounds });
    if rounds == 0 {
        return Ok(Outcome::Skipped);
    }
    let started = Instant::now();
    let pace = match (options.short, options.cases.is_empty()) {
        (true, _) => Pace::Short,
        (false, true) => Pace::Full,
        (false, false) => Pace::Named,
    };
    let base = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    let mut figures = Vec::new();
    for number in 0..rounds {
        let seed = base + u64::from(number);
        let folder = dir.join(format!("{}-{seed}", case.name));
        let short = if options.short { " --short" } else { "" };
        let failed = |why: &str| {
            format!(
                "{:4} FAILED in round {} of {rounds}: {why}\n     its folder: {}\n     again: cargo xtask faults {} --rounds 1 --seed {seed}{short}",
                case.name,
                number + 1,
                folder.display(),
                case.name
            )
        };
        let watch = Watch::over(pace, failed("it does not end"));
        let mut round = Round::new(seed, &folder, programs.clone(), pace)?;
        let played = (case.run)(&mut round);
        figures.append(&mut round.figures);
        drop((round, watch));
        if let Err(error) = played {
            println!("{}", failed(&format!("{error:#}")));
            return Ok(Outcome::Failed);
        }
        if !options.keep {
            std::fs::remove_dir_all(&folder).with_context(|| format!("{} can't be removed", folder.display()))?;
        }
        if (number + 1) % 50 == 0 && number + 1 < rounds {
            println!(
                "{:4} {:4} of {rounds} rounds, {:.0} s",
                case.name,
                number + 1,
                started.elapsed().as_secs_f64()
            );
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let mut told = format!(
        "{:4} passed {rounds} rounds in {seconds:.1} s  {}",
        case.name, case.about
    );
    for (name, values) in by_name(figures) {
        let (median, worst) = (values[values.len() / 2], values[values.len() - 1]);
        let more = match values.len() {
            1 => format!("{median:.1}"),
            _ => format!("median {median:.1}, worst {worst:.1}"),
        };
        told = format!("{told}\n     {name}: {more}");
    }
    // At once, so that cases that are played side by side don't cut into each other.
    println!("{told}");
    Ok(Outcome::Passed)
}

/// The figures of all rounds, each name's in rising order.
fn by_name(figures: Vec<(&'static str, f64)>) -> Vec<(&'static str, Vec<f64>)> {
    let mut all: Vec<(&'static str, Vec<f64>)> = Vec::new();
    for (name, value) in figures {
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => all.push((name, vec![value])),
        }
    }
    for (_, values) in &mut all {
        values.sort_by(f64::total_cmp);
    }
    all
}

fn programs(options: &Options) -> Result<Programs> {
    let checker = std::env::current_exe().context("this program does not know where it is")?;
    let server = match &options.server {
        Some(server) => server.clone(),
        None => checker.with_file_name(format!("ichat-server{}", std::env::consts::EXE_SUFFIX)),
    };
    if !server.exists() {
        bail!(
            "there is no server at {}: cargo build -p ichat-server, or --server FILE",
            server.display()
        );
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ui = options.ui.clone().unwrap_or_else(|| here.join("../../ui"));
    Ok(Programs {
        server: std::path::absolute(server)?,
        checker,
        node: options.node.clone(),
        ui,
    })
}
