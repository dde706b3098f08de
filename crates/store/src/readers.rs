//! A few connections that read, each used by one task at a time, on tokio's threads for blocking work.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::StoreError;
use crate::data_dir::DataDir;
use crate::shorthand::Books;

/// More readers than this only wait for the same disk.
const READERS: u32 = 4;
/// How long closing waits for readers. Reads are pages; none takes this long.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Readers {
    dir: PathBuf,
    books: Books,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(dir: PathBuf, books: Books) -> Self {
        Self {
            dir,
            books,
            idle: Mutex::new(Vec::new()),
            permits: Arc::new(Semaphore::new(READERS as usize)),
        }
    }

    /// Reads in one transaction, so that what is read belongs together.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let found = readers.read_now(look);
            drop(permit);
            found
        });
        match reading.await {
            Ok(found) => found.map_err(|error| StoreError::of_sql(&error)),
            Err(error) => Err(StoreError::Io(error.to_string())),
        }
    }

    fn read_now<T>(&self, look: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => DataDir::open_reader(&self.dir, &self.books)?,
        };
        let transaction = connection.unchecked_transaction()?;
        // After an error the connection is not used again: it may be the connection that was at fault.
        let found = look(&transaction)?;
        transaction.finish()?;
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        Ok(found)
    }

    /// Lets the readers that are at work finish, and closes them all. Later reads are refused.
    pub(crate) async fn close(&self) {
        let all = tokio::time::timeout(PATIENCE, self.permits.acquire_many(READERS)).await;
        self.permits.close();
        drop(all);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
