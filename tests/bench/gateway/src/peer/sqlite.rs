//! The table in SQLite: one writer, prepared statements, one transaction for a report, synced as the gateway's.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use rusqlite::{Connection, TransactionBehavior, params};

use super::report::{CONTAINER, POD, read};
use super::{Cost, TTL_DAYS};

#[derive(Clone)]
pub struct Store(Arc<Mutex<Connection>>);

impl Store {
    pub fn open(path: &str) -> Self {
        let db = Connection::open(path).unwrap();
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
             CREATE TABLE IF NOT EXISTS items (
                context TEXT NOT NULL, kind INTEGER NOT NULL, id TEXT NOT NULL, parent TEXT NOT NULL, tag TEXT NOT NULL,
                digest TEXT NOT NULL, attributes TEXT NOT NULL, created_at INTEGER NOT NULL, last_updated INTEGER NOT NULL,
                last_seen INTEGER NOT NULL, PRIMARY KEY (context, kind, id)) WITHOUT ROWID;",
        )
        .unwrap();
        Self(Arc::new(Mutex::new(db)))
    }

    /// Stores a report.
    pub fn apply(&self, body: &[u8]) -> Cost {
        let begun = Instant::now();
        let said = read(body);
        let reading = begun.elapsed();
        let mut db = self.0.lock().unwrap();
        let begun = Instant::now();
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        let mut written = 0;
        {
            let mut upsert = transaction
                .prepare_cached(
                    "INSERT INTO items VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9) ON CONFLICT DO UPDATE SET
                        parent = excluded.parent, tag = excluded.tag, digest = excluded.digest,
                        attributes = excluded.attributes, last_updated = excluded.last_updated,
                        last_seen = max(last_seen, excluded.last_seen)",
                )
                .unwrap();
            for row in &said.rows {
                written += upsert
                    .execute(params![
                        row.context,
                        row.kind,
                        row.id,
                        row.parent,
                        row.tag,
                        row.digest,
                        row.attributes,
                        said.now,
                        said.seen
                    ])
                    .unwrap();
            }
            let mut delete = transaction
                .prepare_cached("DELETE FROM items WHERE context = ?1 AND (kind IN (?2, ?3) AND last_seen < ?4 OR last_seen < ?5)")
                .unwrap();
            for context in &said.contexts {
                let gone = params![context, POD, CONTAINER, said.seen, said.now - TTL_DAYS * 86_400];
                written += delete.execute(gone).unwrap();
            }
        }
        transaction.commit().unwrap();
        Cost { rows: written as u64, reading, storing: begun.elapsed() }
    }
}
