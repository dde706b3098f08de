//! Opens the address and the data folder. What another program still has, or the machine does not have yet, is tried again.

use std::time::Duration;

use ichat_protocol::Name;
use ichat_server::ListenError;
use ichat_store::{OpenError, Store};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::line_limit::START_TARGET;
use crate::settings::Settings;

/// Time between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// A server that could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl StartError {
    /// Returns `true` if the same start may succeed later, without a change by a person.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Listen(error) => error.is_transient(),
            Self::Open(error) => error.is_transient(),
        }
    }

    /// Returns `true` for what an old process of the server has until it ends, or the machine gets with its network.
    fn is_awaited(&self) -> bool {
        match self {
            Self::Listen(ListenError::InUse { .. } | ListenError::NoSuchAddress { .. })
            | Self::Open(OpenError::InUse { .. }) => true,
            Self::Listen(ListenError::Forbidden { .. } | ListenError::Io { .. })
            | Self::Open(
                OpenError::ReadOnly { .. }
                | OpenError::NotPrivate(_)
                | OpenError::Damaged { .. }
                | OpenError::Behind { .. }
                | OpenError::TooNew { .. }
                | OpenError::Full { .. }
                | OpenError::Io { .. },
            ) => false,
        }
    }
}

/// The sockets and the store with which a server starts.
pub(crate) struct Opened {
    pub(crate) listener: TcpListener,
    /// For the metrics, if they are served.
    pub(crate) metrics_listener: Option<TcpListener>,
    pub(crate) store: Store,
}

/// Opens the addresses and the data folder, and waits for them as long as the settings say.
pub(crate) async fn open(settings: &Settings) -> Result<Opened, StartError> {
    let deadline = Instant::now() + settings.start_timeout;
    let listen = async |address| retry(deadline, async || Ok(ichat_server::listen(address)?)).await;
    let listener = listen(settings.listen).await?;
    let metrics_listener = match settings.metrics_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let open = async || Ok(Store::open_server(&settings.data, &lobby_name()).await?);
    let store = retry(deadline, open).await?;
    Ok(Opened {
        listener,
        metrics_listener,
        store,
    })
}

/// Repeats an attempt until it succeeds, fails for a reason that does not pass, or the deadline is over.
async fn retry<T>(deadline: Instant, attempt: impl AsyncFn() -> Result<T, StartError>) -> Result<T, StartError> {
    let mut is_reported = false;
    loop {
        let error = match attempt().await {
            Err(error) if error.is_awaited() => error,
            result => return result,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(error);
        }
        if !is_reported {
            tracing::warn!(target: START_TARGET, "{error} Trying again for {} seconds.", left.as_secs_f32().ceil());
            is_reported = true;
        }
        tokio::time::sleep(RETRY_INTERVAL.min(left)).await;
    }
}

fn lobby_name() -> Name {
    #[expect(clippy::expect_used, reason = "a literal")]
    Name::parse("Lobby").expect("five plain letters are a name")
}
