//! The removal log: what went, when, and why.

use keepset_types::{Context, Id, Image, InventoryType, ItemKind, Key, Timestamp};
use sqlx::any::AnyRow;

use crate::accounts::stored_time;
use crate::context::kind;
use crate::sql::get;
use crate::{Store, StoreError};

/// A row that went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRemoval {
    /// Its place in the log: later ones have greater numbers.
    pub id: i64,
    /// Which row it was.
    pub key: Key,
    /// When it was last observed.
    pub last_seen: Timestamp,
    /// Why it went (E2): the text of a [`keepset_types::RemovalReason`].
    pub reason: String,
    /// By which rule (E2): the text of a [`keepset_types::Rule`].
    pub rule: String,
    /// When it went.
    pub removed_at: Timestamp,
    /// The report that removed it, as [`Store::apply`] was told; empty if none did.
    pub report: String,
}

impl LoggedRemoval {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let kind = kind(get(row, 3)?)?;
        let id = match kind {
            ItemKind::Image => Id::Image(Image {
                tag: get::<Option<&str>>(row, 5)?.unwrap_or_default().into(),
                digest: get::<&str>(row, 6)?.into(),
            }),
            _ => Id::Plain(get::<&str>(row, 4)?.into()),
        };
        let inventory_type = InventoryType::from_name(get(row, 1)?);
        let inventory_type =
            inventory_type.ok_or_else(|| StoreError::Broken("an inventory type".to_owned()))?;
        Ok(Self {
            id: get(row, 0)?,
            key: Key { inventory_type, context: Context::new(get(row, 2)?), kind, id },
            last_seen: stored_time(get(row, 7)?)?,
            reason: get(row, 8)?,
            rule: get(row, 9)?,
            removed_at: stored_time(get(row, 10)?)?,
            report: get(row, 11)?,
        })
    }
}

impl Store {
    /// The removals of an account, the newest first: at most so many, those before the one with that number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn removals(
        &self,
        account: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<LoggedRemoval>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, inventory_type, context, kind, item, tag, digest, last_seen, reason, rule, removed_at, report \
             FROM removals WHERE account = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        );
        let rows = rows.bind(account).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        rows.fetch_all(self.reader()).await?.iter().map(LoggedRemoval::read).collect()
    }

    /// Forgets what went before that time; answers how many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prune_removals(&self, before: Timestamp) -> Result<u64, StoreError> {
        let pruned = sqlx::query("DELETE FROM removals WHERE removed_at < $1").bind(before.unix());
        Ok(pruned.execute(self.writer()).await?.rows_affected())
    }
}
