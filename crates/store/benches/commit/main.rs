//! Measures commits, and the size, opening and searching of a large room. Prints JSON lines, and judges nothing.
//!
//! - `cargo bench -p ichat-store`: batches of several sizes, and one entry alone beside a bare `fdatasync`
//! - `… -- batch 1000`: batches of one size
//! - `… -- alone`: one entry alone
//! - `… -- large 1000000`: a room with so many messages

mod figure;
mod large_room;
mod workload;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use figure::figure;
use workload::Workload;

/// The commit time of one size of batch in one round.
const ROUND_TIME: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
/// The entries that are committed alone.
const SINGLE_COMMITS: usize = 400;

/// Measures entries per second in batches of these sizes, the sizes by turns.
async fn measure_batches(sizes: &[usize]) -> anyhow::Result<()> {
    let mut rates = vec![Vec::new(); sizes.len()];
    for _ in 0..ROUNDS {
        for (size, rates) in sizes.iter().zip(&mut rates) {
            let dir = tempfile::tempdir()?;
            let mut workload = Workload::start(dir.path()).await?;
            let (mut entries, mut busy) = (0, Duration::ZERO);
            while busy < ROUND_TIME {
                // Generating the entries is not measured.
                let batch = workload.batch(*size);
                let start = Instant::now();
                entries += workload.commit(batch).await?;
                busy += start.elapsed();
            }
            #[allow(clippy::cast_precision_loss, reason = "figures for people")]
            rates.push(entries as f64 / busy.as_secs_f64());
            workload.store.close().await;
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

/// Measures commits of one entry, by turns with a bare write of as many bytes as the commit adds to the write-ahead log.
async fn measure_single_commits() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut workload = Workload::start(dir.path()).await?;
    let wal = dir.path().join("ichat.db-wal");
    let mut bare = File::create(dir.path().join("bare"))?;
    let (mut commits, mut syncs, mut bytes) = (Vec::new(), Vec::new(), vec![0xA5; 32 << 10]);
    for _ in 0..SINGLE_COMMITS {
        let (batch, before) = (workload.batch(1), size_of(&wal)?);
        let start = Instant::now();
        workload.commit(batch).await?;
        commits.push(start.elapsed().as_secs_f64() * 1_000.0);
        // After a checkpoint the log is overwritten from its start, and does not grow.
        if let Some(grown @ 1..) = size_of(&wal)?.checked_sub(before) {
            bytes.resize(usize::try_from(grown)?, 0xA5);
        }
        let start = Instant::now();
        bare.write_all(&bytes)?;
        bare.sync_data()?;
        syncs.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    workload.store.close().await;
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
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {
            measure_batches(&[1, 10, 100, 1_000]).await?;
            measure_single_commits().await
        }
        ["batch", size] => measure_batches(&[size.parse()?]).await,
        ["alone"] => measure_single_commits().await,
        ["large", messages] => large_room::measure(messages.parse()?).await,
        other => anyhow::bail!("{other:?} is not one of: batch SIZE, alone, large MESSAGES"),
    }
}
