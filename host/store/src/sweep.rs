//! What is past its TTL goes without a report (rules A5, A6).

use std::sync::Arc;

use keepset_types::columns::{ReportColumns, RowColumns, Verdicts};
use keepset_types::{Config, Removed, Timestamp};

use crate::apply::decide_on;
use crate::context::{HEAD, Head};
use crate::sql::{get, query};
use crate::write::RowsWritten;
use crate::{ApplyError, Store, StoreError};

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swept {
    /// How many contexts were looked at.
    pub contexts: usize,
    /// What went: the account, and the row.
    pub removed: Vec<(String, Removed)>,
    /// Whether more contexts may be due than were looked at.
    pub more: bool,
    /// What it cost.
    pub rows_written: RowsWritten,
}

impl Store {
    /// Sweeps the contexts that may hold a row past its TTL, of one account or of all, at most so many of them (at least
    /// one) in one transaction. Where nothing is due this is one look into an index: who must not show what has expired
    /// calls it for the account before reading, and those contexts that somebody else is working on are then waited for.
    /// Of all accounts they are left to them.
    ///
    /// `decide` is asked for each context alone.
    ///
    /// # Errors
    /// As [`Store::apply`].
    pub async fn sweep<E, F>(
        &self,
        account: Option<&str>,
        config: &Config,
        now: Timestamp,
        limit_contexts: u32,
        decide: F,
    ) -> Result<Swept, ApplyError<E>>
    where
        F: Fn(&RowColumns, Option<&ReportColumns>) -> Result<Verdicts, E> + Send + Sync + 'static,
        E: Send + 'static,
    {
        let Some(ttl) = config.ttl_seconds() else { return Ok(Swept::default()) };
        let limit_contexts = limit_contexts.max(1);
        // oldest + ttl + 1 <= now
        let due = now.unix().saturating_sub(ttl).saturating_sub(1);
        let of_account = if account.is_some() { " AND account = $2" } else { "" };
        let any = query(format!("SELECT 1 FROM contexts WHERE oldest <= $1{of_account} LIMIT 1")).bind(due);
        let any = account.iter().fold(any, |query, account| query.bind((*account).to_owned()));
        if any.fetch_optional(self.reader()).await?.is_none() {
            return Ok(Swept::default());
        }
        let mut transaction = self.begin_write().await?;
        // Who waits takes them in the order in which everybody does. Who does not leaves an account that is being removed, too:
        // what it removes there would be logged in that account, and so wait for it.
        let (from, order, lock) = match account {
            Some(_) => ("contexts", "inventory_type, context", self.dialect.for_update()),
            None => (
                "contexts JOIN accounts ON accounts.name = account",
                "oldest, id",
                self.dialect.for_update_skipping(),
            ),
        };
        if let Some(account) = account {
            self.hold_account(&mut transaction, account).await?;
        }
        let text = format!(
            "SELECT {HEAD} FROM {from} WHERE oldest <= $1{of_account} ORDER BY {order} LIMIT {limit_contexts}{lock}"
        );
        let select =
            account.iter().fold(query(text).bind(due), |query, account| query.bind((*account).to_owned()));
        let rows = select.fetch_all(&mut *transaction).await?;
        let heads = rows.iter().map(Head::read).collect::<Result<Vec<_>, _>>()?;
        let decide = Arc::new(decide);
        let mut changes = Vec::with_capacity(heads.len());
        for loaded in self.load(&mut transaction, heads).await? {
            let decide = Arc::clone(&decide);
            let contexts = vec![loaded];
            let decided = decide_on(&contexts, None, move |rows, report| decide(rows, report)).await?;
            changes.extend(decided.carry_out(self, contexts, None, config, now)?);
        }
        let removed = changes.iter().flat_map(|change| {
            let account = &change.before.head.account;
            change.removed.iter().map(|removed| (account.clone(), removed.clone()))
        });
        let swept = Swept {
            contexts: changes.len(),
            removed: removed.collect(),
            more: changes.len() >= usize::try_from(limit_contexts).unwrap_or(usize::MAX),
            rows_written: RowsWritten::default(),
        };
        let pending = self.write(&mut transaction, changes, now, "").await?;
        transaction.commit().await?;
        Ok(Swept { rows_written: self.remember(pending), ..swept })
    }

    /// The second at which [`Store::sweep`] has something to look at next; none if nothing ever expires. Nothing expires
    /// before, but what is looked at then may turn out to live on.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next_expiry(&self, config: &Config) -> Result<Option<Timestamp>, StoreError> {
        let Some(ttl) = config.ttl_seconds() else { return Ok(None) };
        let row = sqlx::query("SELECT MIN(oldest) FROM contexts").fetch_one(self.reader()).await?;
        let oldest: Option<i64> = get(&row, 0)?;
        Ok(oldest.and_then(|oldest| Timestamp::from_unix(oldest.saturating_add(ttl).saturating_add(1))))
    }
}
