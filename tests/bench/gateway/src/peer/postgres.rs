//! The table in PostgreSQL: as many connections as the gateway has, prepared statements of whole columns, one transaction
//! for a report. Pages have room for a second copy of each row, so that an update touches no index.

use std::time::Instant;

use axum::body::Bytes;
use deadpool_postgres::{Manager, Pool};
use tokio_postgres::NoTls;

use super::report::{CONTAINER, POD, Row, read};
use super::{Cost, TTL_DAYS};

#[derive(Clone)]
pub struct Store(Pool);

impl Store {
    pub async fn open(url: &str) -> Self {
        let pool = Pool::builder(Manager::new(url.parse().unwrap(), NoTls)).max_size(16).build().unwrap();
        let db = pool.get().await.unwrap();
        db.batch_execute(
            "CREATE TABLE IF NOT EXISTS items (
                context text COLLATE \"C\" NOT NULL, kind smallint NOT NULL, id text COLLATE \"C\" NOT NULL,
                parent text NOT NULL, tag text NOT NULL, digest text NOT NULL, attributes text NOT NULL,
                created_at bigint NOT NULL, last_updated bigint NOT NULL, last_seen bigint NOT NULL,
                PRIMARY KEY (context, kind, id)) WITH (fillfactor = 50)",
        )
        .await
        .unwrap();
        drop(db);
        Self(pool)
    }

    /// Stores a report.
    pub async fn apply(&self, body: Bytes) -> Cost {
        let begun = Instant::now();
        let said = read(&body);
        let reading = begun.elapsed();
        let (contexts, ids) = (texts(&said.rows, |row| &row.context), texts(&said.rows, |row| &row.id));
        let (parents, tags) = (texts(&said.rows, |row| &row.parent), texts(&said.rows, |row| &row.tag));
        let (digests, attributes) =
            (texts(&said.rows, |row| &row.digest), texts(&said.rows, |row| row.attributes));
        let kinds: Vec<i16> = said.rows.iter().map(|row| row.kind).collect();
        let reported: Vec<&str> = said.contexts.iter().map(|context| &**context).collect();
        let mut db = self.0.get().await.unwrap();
        let begun = Instant::now();
        let transaction = db.transaction().await.unwrap();
        let upsert = transaction
            .prepare_cached(
                "INSERT INTO items SELECT *, $8::bigint, $8, $9::bigint FROM unnest($1::text[], $2::smallint[], $3::text[],
                    $4::text[], $5::text[], $6::text[], $7::text[]) ON CONFLICT (context, kind, id) DO UPDATE SET
                    parent = excluded.parent, tag = excluded.tag, digest = excluded.digest,
                    attributes = excluded.attributes, last_updated = excluded.last_updated,
                    last_seen = greatest(items.last_seen, excluded.last_seen)",
            )
            .await
            .unwrap();
        let delete = transaction
            .prepare_cached(
                "DELETE FROM items WHERE context = ANY($1) AND (kind IN ($2, $3) AND last_seen < $4 OR last_seen < $5)",
            )
            .await
            .unwrap();
        let written = transaction
            .execute(
                &upsert,
                &[&contexts, &kinds, &ids, &parents, &tags, &digests, &attributes, &said.now, &said.seen],
            )
            .await
            .unwrap();
        let due = said.now - TTL_DAYS * 86_400;
        let gone =
            transaction.execute(&delete, &[&reported, &POD, &CONTAINER, &said.seen, &due]).await.unwrap();
        transaction.commit().await.unwrap();
        Cost { rows: written + gone, reading, storing: begun.elapsed() }
    }
}

fn texts<'a>(rows: &'a [Row<'a>], column: fn(&'a Row<'a>) -> &'a str) -> Vec<&'a str> {
    rows.iter().map(column).collect()
}
