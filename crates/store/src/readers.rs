//! The connections that read: a few, each used by one task at a time, on tokio's threads for blocking work.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::StoreError;
use crate::file::data_dir::database_in;
use crate::file::database;

/// More connections would only wait for the same disk.
const MAX_READERS: u32 = 4;
/// The wait of [`Readers::close`] for the current reads. A read is one page; none takes this long.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Readers {
    dir: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            idle: Mutex::new(Vec::new()),
            permits: Arc::new(Semaphore::new(MAX_READERS as usize)),
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        database_in(&self.dir)
    }

    /// Reads in one transaction, so that all of the result is of one moment.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let result = readers.read_blocking(read);
            drop(permit);
            result
        });
        match reading.await {
            Ok(result) => result.map_err(|error| StoreError::of_sql(&error)),
            Err(error) => Err(StoreError::Io(error.to_string())),
        }
    }

    fn read_blocking<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => database::open_reader(&self.dir)?,
        };
        let transaction = connection.unchecked_transaction()?;
        // After an error the connection is dropped, because it may be the cause.
        let result = read(&transaction)?;
        transaction.finish()?;
        self.idle.lock().push(connection);
        Ok(result)
    }

    /// Waits for the current reads, and closes all connections. Later reads fail.
    pub(crate) async fn close(&self) {
        let all = tokio::time::timeout(CLOSE_TIMEOUT, self.permits.acquire_many(MAX_READERS)).await;
        self.permits.close();
        drop(all);
        self.idle.lock().clear();
    }
}
