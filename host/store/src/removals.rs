//! The removal log: what went, when, and why.

use keepset_types::{Context, Id, Image, InventoryType, ItemKind, Key, RemovalReason, Timestamp};
use sqlx::any::AnyRow;

use crate::accounts::stored_time;
use crate::context::kind;
use crate::sql::{get, query};
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
    /// What removed it, as [`Store::apply`], [`Store::purge`] or [`Store::remove_cluster`] was told; empty if a sweep did.
    pub report: String,
}

/// Which removals; what is not given does not matter, what is given matches whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemovalFilter {
    /// Only this inventory type.
    pub inventory_type: Option<InventoryType>,
    /// Only this context.
    pub context: Option<String>,
    /// Only this kind of row.
    pub kind: Option<ItemKind>,
    /// Only what went for this reason.
    pub reason: Option<RemovalReason>,
    /// Only what went at that time or later.
    pub since: Option<Timestamp>,
    /// Only what went before that time.
    pub until: Option<Timestamp>,
}

/// What a column is compared with.
enum Value {
    Text(String),
    Number(i64),
}

impl RemovalFilter {
    /// Comparisons, each without its value.
    fn conditions(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let text = |text: &str| Value::Text(text.to_owned());
        let conditions = [
            ("inventory_type =", self.inventory_type.map(|inventory_type| text(inventory_type.as_str()))),
            ("context =", self.context.as_deref().map(text)),
            ("kind =", self.kind.map(|kind| Value::Number(kind.code().into()))),
            ("reason =", self.reason.map(|reason| text(reason.as_str()))),
            ("removed_at >=", self.since.map(|time| Value::Number(time.unix()))),
            ("removed_at <", self.until.map(|time| Value::Number(time.unix()))),
        ];
        conditions.into_iter().filter_map(|(condition, value)| Some((condition, value?)))
    }
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
    /// The removals of an account that match, the newest first: at most so many, those before the one with that number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn removals(
        &self,
        account: &str,
        filter: &RemovalFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<LoggedRemoval>, StoreError> {
        let mut text = "SELECT id, inventory_type, context, kind, item, tag, digest, last_seen, reason, rule, removed_at, \
                        report FROM removals WHERE account = $1 AND id < $2"
            .to_owned();
        let mut values = Vec::new();
        for (number, (condition, value)) in (4..).zip(filter.conditions()) {
            text.push_str(&format!(" AND {condition} ${number}"));
            values.push(value);
        }
        text.push_str(" ORDER BY id DESC LIMIT $3");
        let rows =
            query(text).bind(account.to_owned()).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        let rows = values.into_iter().fold(rows, |rows, value| match value {
            Value::Text(text) => rows.bind(text),
            Value::Number(number) => rows.bind(number),
        });
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
