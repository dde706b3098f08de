//! How fast entries are committed, and what a large room takes: on the disk, to open, and to search. Prints JSON lines;
//! judges nothing.
//!
//! - `cargo bench -p ichat-store`: batches of several sizes, and one entry alone beside a bare `fdatasync`;
//! - `… -- batch 1000`: one size only;
//! - `… -- large 1000000`: fills one room with so many messages, then measures the folder, opening and searching.

mod figure;
mod large;
mod talk;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use figure::figure;
use talk::Talk;

/// How long each size of batch is measured, in each round.
const EACH: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
/// Entries committed one by one.
const ALONE: usize = 400;

/// Entries a second in batches of these sizes, the sizes in turns.
async fn batches(sizes: &[usize]) -> anyhow::Result<()> {
    let mut rates = vec![Vec::new(); sizes.len()];
    for _ in 0..ROUNDS {
        for (size, rates) in sizes.iter().zip(&mut rates) {
            let dir = tempfile::tempdir()?;
            let mut talk = Talk::in_folder(dir.path()).await?;
            let (mut entries, mut busy) = (0, Duration::ZERO);
            while busy < EACH {
                // Making the drafts is not what is measured.
                let batch = talk.batch(*size);
                let start = Instant::now();
                entries += talk.commit(batch).await?;
                busy += start.elapsed();
            }
            #[allow(clippy::cast_precision_loss, reason = "figures for people")]
            rates.push(entries as f64 / busy.as_secs_f64());
            talk.store.close().await;
        }
    }
    for (size, rates) in sizes.iter().zip(&rates) {
        figure(
            "entries per second",
            &format!("batches of {size}"),
            "ichat",
            "1/s",
            rates,
        );
    }
    Ok(())
}

/// One entry alone, in turns with a bare write of as many bytes as the commit put into the write-ahead log.
async fn alone() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut talk = Talk::in_folder(dir.path()).await?;
    let log = dir.path().join("ichat.db-wal");
    let mut bare = File::create(dir.path().join("bare"))?;
    let (mut commits, mut syncs, mut bytes) = (Vec::new(), Vec::new(), vec![0xA5; 32 << 10]);
    for _ in 0..ALONE {
        let (batch, before) = (talk.batch(1), size_of(&log)?);
        let start = Instant::now();
        talk.commit(batch).await?;
        commits.push(start.elapsed().as_secs_f64() * 1_000.0);
        // After a checkpoint the log is written from its start again, and does not grow.
        if let Some(grown @ 1..) = size_of(&log)?.checked_sub(before) {
            bytes.resize(usize::try_from(grown)?, 0xA5);
        }
        let start = Instant::now();
        bare.write_all(&bytes)?;
        bare.sync_data()?;
        syncs.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    talk.store.close().await;
    figure("commit", "one entry", "ichat", "ms", &commits);
    figure("commit", "one entry", "fdatasync", "ms", &syncs);
    let pairs = commits.iter().zip(&syncs);
    let ratios: Vec<f64> = pairs.map(|(commit, sync)| commit / sync).collect();
    figure("commit", "one entry", "ichat / fdatasync", "×", &ratios);
    Ok(())
}

fn size_of(file: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(file)?.len())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Cargo passes `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {
            batches(&[1, 10, 100, 1_000]).await?;
            alone().await
        }
        ["batch", size] => batches(&[size.parse()?]).await,
        ["alone"] => alone().await,
        ["large", messages] => large::large(messages.parse()?).await,
        other => anyhow::bail!("{other:?} is not one of: batch SIZE, alone, large MESSAGES"),
    }
}
