//! What is past its TTL goes: before anybody reads, and in the background.

use std::time::Duration;

use keepset_types::Timestamp;

use crate::error::ApiError;
use crate::gateway::Gateway;

/// How many contexts one transaction of a sweep takes: others want to write too.
const CONTEXTS: u32 = 64;

/// How long the background sweep sleeps at most: clocks are set, and logs are pruned.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// How long it rests at least, so that a clock that is off or a database that fails does not make it spin.
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);

impl Gateway {
    /// Sweeps what is due in an account, so that who reads next sees nothing that has expired (contract 5.3, 6). One look
    /// into an index where nothing is.
    pub(crate) async fn sweep_before_reading(&self, account: &str, now: Timestamp) -> Result<(), ApiError> {
        let config = self.retention().config();
        let next = self.metrics().store("next_expiry", self.store().next_expiry(&config)).await?;
        if next.is_some_and(|next| next <= now) {
            self.sweep(Some(account), now).await?;
        }
        Ok(())
    }

    /// Sweeps what is due now, in all accounts; answers how many rows went. Done in the background while serving.
    ///
    /// # Errors
    /// A sentence for the log.
    pub async fn sweep_now(&self) -> Result<usize, String> {
        let swept = self.sweep(None, self.settings().clock.now()).await;
        swept.map_err(|error| format!("{error:?}"))
    }

    async fn sweep(&self, account: Option<&str>, now: Timestamp) -> Result<usize, ApiError> {
        let mut gone = 0;
        loop {
            let live = self.retention().live();
            let place = self.retention().place().await?;
            let decide = self.retention().decision(place, &live, now, None);
            let sweeping = self.store().sweep(account, &live.config, now, CONTEXTS, decide);
            let swept = self.in_time(self.metrics().store("sweep", sweeping)).await??;
            self.metrics().swept(swept.contexts);
            self.metrics().removed(swept.removed.iter().map(|(_, removed)| removed));
            gone += swept.removed.len();
            // Where nothing was written, the same contexts would come again.
            if !swept.more || swept.rows_written.total() == 0 {
                return Ok(gone);
            }
        }
    }

    /// What comes of it in the time that a request has: a database that has fallen silent holds nobody up for ever.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, ApiError> {
        let worked = tokio::time::timeout(self.settings().request_timeout, work).await;
        worked.map_err(|_| ApiError::unavailable("The database does not answer").coded("store_unavailable"))
    }

    /// Forgets what was kept long enough.
    async fn prune(&self, now: Timestamp) -> Result<(), ApiError> {
        let before = |kept: Duration| {
            let seconds = i64::try_from(kept.as_secs()).unwrap_or(i64::MAX);
            let before = Timestamp::from_unix(now.unix().saturating_sub(seconds));
            before.filter(|_| !kept.is_zero()).unwrap_or(Timestamp::MIN)
        };
        let settings = self.settings();
        let store = self.store();
        let removals = self.in_time(store.prune_removals(before(settings.keep_removals))).await??;
        let reports =
            self.in_time(store.prune_health_reports(before(settings.keep_health_reports))).await??;
        if removals + reports > 0 {
            tracing::info!(removals, health_reports = reports, "pruned");
        }
        Ok(())
    }

    /// How long nothing can expire, by what is known now.
    async fn until_next_expiry(&self, now: Timestamp) -> Duration {
        let config = self.retention().config();
        let asking = self.in_time(self.store().next_expiry(&config)).await;
        match asking.and_then(|answer| Ok(answer?)) {
            Ok(Some(next)) => {
                let seconds = u64::try_from(next.unix().saturating_sub(now.unix())).unwrap_or(0);
                Duration::from_secs(seconds)
            }
            Ok(None) => LONGEST_SLEEP,
            Err(error) => {
                tracing::error!(?error, "the database does not say what expires next");
                Duration::from_secs(10)
            }
        }
    }
}

/// Sweeps and prunes, for ever.
pub(crate) async fn run(gateway: Gateway) {
    let mut pruned: Option<Timestamp> = None;
    loop {
        let now = gateway.settings().clock.now();
        match gateway.sweep(None, now).await {
            Ok(gone) => {
                gateway.metrics().swept_at(now);
                if gone > 0 {
                    tracing::info!(gone, "swept");
                }
            }
            Err(error) => tracing::error!(?error, "the sweep failed"),
        }
        // Reports wake this up all the time; what is kept is counted in days. A clock that was set counts as time.
        let since = pruned.map(|pruned| Duration::from_secs(now.unix().abs_diff(pruned.unix())));
        if since.is_none_or(|since| since >= LONGEST_SLEEP) {
            pruned = Some(now);
            if let Err(error) = gateway.prune(now).await {
                tracing::error!(?error, "pruning failed");
            }
        }
        let sleep = gateway.until_next_expiry(now).await.clamp(SHORTEST_SLEEP, LONGEST_SLEEP);
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            () = gateway.bell().notified() => tokio::time::sleep(SHORTEST_SLEEP).await,
        }
    }
}
