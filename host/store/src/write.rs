//! Changes, written.

use keepset_types::{Id, Removed, Timestamp};
use sqlx::AnyConnection;

use crate::context::{Head, Item, Loaded};
use crate::sql::{execute_rows, filled_up, pieces, query, tuples};
use crate::step::{Change, Written};
use crate::{Store, StoreError};

/// How many rows of the database were inserted, updated or deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowsWritten {
    /// Rows of contexts.
    pub contexts: usize,
    /// Rows of the inventory.
    pub items: usize,
    /// Lines of the removal log.
    pub removals: usize,
}

impl RowsWritten {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.contexts + self.items + self.removals
    }
}

/// What is to be remembered once it is committed.
#[must_use]
pub(crate) struct Pending {
    pub(crate) written: RowsWritten,
    kept: Vec<Loaded>,
    gone: Vec<Head>,
}

const INSERT: &str = "INSERT INTO items (context_id, n, kind, id, link, tag, digest, attributes, created_at, \
                      last_updated, last_seen) VALUES {rows}";
const REPLACE: &str = "UPDATE items SET link = v.column3, tag = v.column4, digest = v.column5, \
                       attributes = v.column6, last_updated = v.column7, last_seen = v.column8 \
                       FROM (VALUES {rows}) AS v WHERE context_id = v.column1 AND n = v.column2";
const RETIME: &str = "UPDATE items SET last_updated = v.column3, last_seen = v.column4 \
                      FROM (VALUES {rows}) AS v WHERE context_id = v.column1 AND n = v.column2";
const UPDATE_CONTEXTS: &str = "UPDATE contexts SET version = v.column2, updated = v.column3, seen = v.column4, \
                               oldest = v.column5, next_item = v.column6 FROM (VALUES {rows}) AS v \
                               WHERE contexts.id = v.column1";
const LOG: &str = "INSERT INTO removals (account, inventory_type, context, kind, item, tag, digest, last_seen, \
                   reason, rule, removed_at, report) VALUES {rows}";

impl Store {
    /// Writes what changed. A context that ends without items goes: its watermark was its root's (I4).
    pub(crate) async fn write(
        &self,
        connection: &mut AnyConnection,
        changes: Vec<Change>,
        now: Timestamp,
        report: &str,
    ) -> Result<Pending, StoreError> {
        let mut inserted: Vec<(i64, &Written)> = Vec::new();
        let mut replaced: Vec<(i64, &Written)> = Vec::new();
        let mut retimed: Vec<(i64, &Item)> = Vec::new();
        let mut deleted: Vec<(i64, i64)> = Vec::new();
        let mut removed: Vec<(&str, &Removed)> = Vec::new();
        let (mut kept, mut gone, mut unchanged) = (Vec::new(), Vec::new(), Vec::new());
        let mut gone_items = 0;
        for change in &changes {
            let id = change.before.head.id;
            removed.extend(change.removed.iter().map(|removed| (&*change.before.head.account, removed)));
            if change.after.items.is_empty() {
                gone.push(change.before.head.clone());
                gone_items += change.deleted.len();
                continue;
            }
            let mut after = change.after.clone();
            if !change.is_change() {
                unchanged.push(after);
                continue;
            }
            after.head.version += 1;
            kept.push(after);
            inserted.extend(change.inserted.iter().map(|written| (id, written)));
            replaced.extend(change.replaced.iter().map(|written| (id, written)));
            retimed.extend(change.retimed.iter().map(|item| (id, &**item)));
            deleted.extend(change.deleted.iter().map(|n| (id, *n)));
        }
        let written = RowsWritten {
            contexts: kept.len() + gone.len(),
            items: inserted.len() + replaced.len() + retimed.len() + deleted.len() + gone_items,
            removals: removed.len(),
        };

        execute_rows(connection, self.dialect.delete_items(), 2, &deleted, |query, (context, n)| {
            query.bind(*context).bind(*n)
        })
        .await?;
        let gone_ids: Vec<i64> = gone.iter().map(|head| head.id).collect();
        delete_contexts(connection, &gone_ids).await?;
        execute_rows(connection, RETIME, 4, &retimed, |query, (context, item)| {
            let query = query.bind(*context).bind(item.n);
            query.bind(item.times.map(|times| times.updated)).bind(item.times.map(|times| times.seen))
        })
        .await?;
        execute_rows(connection, REPLACE, 8, &replaced, |query, (context, written)| {
            let item = &written.item;
            let query = query.bind(*context).bind(item.n).bind(item.link.to_string());
            let query =
                query.bind(tag(item)).bind(written.digest.to_string()).bind(written.attributes.to_string());
            query.bind(item.times.map(|times| times.updated)).bind(item.times.map(|times| times.seen))
        })
        .await?;
        execute_rows(connection, INSERT, 11, &inserted, |query, (context, written)| {
            let item = &written.item;
            let query = query.bind(*context).bind(item.n).bind(i64::from(item.kind.code()));
            let query = query.bind(item.id.to_string()).bind(item.link.to_string()).bind(tag(item));
            let query =
                query.bind(written.digest.to_string()).bind(written.attributes.to_string()).bind(now.unix());
            query.bind(item.times.map(|times| times.updated)).bind(item.times.map(|times| times.seen))
        })
        .await?;
        let heads: Vec<&Head> = kept.iter().map(|loaded| &loaded.head).collect();
        execute_rows(connection, UPDATE_CONTEXTS, 6, &filled_up(&heads), |query, head| {
            let query = query.bind(head.id).bind(head.version);
            let query =
                query.bind(head.shared.map(|times| times.updated)).bind(head.shared.map(|times| times.seen));
            query.bind(head.oldest).bind(head.next_item)
        })
        .await?;
        log(connection, &removed, now, report).await?;
        kept.append(&mut unchanged);
        Ok(Pending { written, kept, gone })
    }

    /// Remembers what was committed.
    pub(crate) fn remember(&self, pending: Pending) -> RowsWritten {
        for head in &pending.gone {
            self.cache.forget(head);
        }
        for loaded in pending.kept {
            self.cache.put(loaded);
        }
        pending.written
    }
}

/// Deletes contexts, with their items.
async fn delete_contexts(connection: &mut AnyConnection, ids: &[i64]) -> Result<(), StoreError> {
    for piece in pieces(&filled_up(ids)) {
        let text = query(format!("DELETE FROM contexts WHERE id IN {}", tuples(1, piece.len(), 1)));
        piece.iter().fold(text, |query, id| query.bind(*id)).execute(&mut *connection).await?;
    }
    Ok(())
}

fn tag(item: &Item) -> Option<String> {
    item.image.as_ref().map(|image| image.tag.to_string())
}

/// Adds to the removal log: the account, and what went.
pub(crate) async fn log(
    connection: &mut AnyConnection,
    removed: &[(&str, &Removed)],
    now: Timestamp,
    report: &str,
) -> Result<(), StoreError> {
    execute_rows(connection, LOG, 12, removed, |query, (account, removed)| {
        let key = &removed.key;
        let (item, tag, digest) = match &key.id {
            Id::Plain(id) => (id.to_string(), None, String::new()),
            Id::Image(image) => (String::new(), Some(image.tag.to_string()), image.digest.to_string()),
        };
        let query = query.bind((*account).to_owned()).bind(key.inventory_type.as_str());
        let query = query.bind(key.context.as_str().to_owned()).bind(i64::from(key.kind.code()));
        let query = query.bind(item).bind(tag).bind(digest).bind(removed.last_seen.unix());
        let query = query.bind(removed.reason.as_str()).bind(removed.rule.to_string());
        query.bind(now.unix()).bind(report.to_owned())
    })
    .await
}
