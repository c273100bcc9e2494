//! Whether what is stored is whole.

use crate::dialect::Dialect;
use crate::sql::get;
use crate::{Store, StoreError};

/// What must find nothing, and what it means if it does. Each answers with numbers of contexts.
const FAULTS: &[(&str, &str)] = &[
    (
        "a container's image is not listed (I3)",
        "SELECT DISTINCT i.context_id FROM items i WHERE i.kind = 1 AND i.tag IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM items m WHERE m.context_id = i.context_id AND m.kind = 2 AND m.tag = i.tag \
         AND m.digest = i.digest)",
    ),
    (
        "an image is listed that no container has (I3)",
        "SELECT DISTINCT m.context_id FROM items m WHERE m.kind = 2 AND NOT EXISTS (SELECT 1 FROM items i \
         WHERE i.context_id = m.context_id AND i.kind = 1 AND i.tag = m.tag AND i.digest = m.digest)",
    ),
    (
        "an image was not seen last when its containers were (I3)",
        "SELECT DISTINCT m.context_id FROM items m JOIN contexts c ON c.id = m.context_id WHERE m.kind = 2 \
         AND COALESCE(m.last_seen, c.seen) <> (SELECT MAX(COALESCE(i.last_seen, c.seen)) FROM items i \
         WHERE i.context_id = m.context_id AND i.kind = 1 AND i.tag = m.tag AND i.digest = m.digest)",
    ),
    (
        "rows share times that their context does not have",
        "SELECT DISTINCT i.context_id FROM items i JOIN contexts c ON c.id = i.context_id \
         WHERE i.last_seen IS NULL AND (c.seen IS NULL OR c.updated IS NULL)",
    ),
    (
        "a row has one of its two times and not the other",
        "SELECT DISTINCT context_id FROM items WHERE (last_seen IS NULL) <> (last_updated IS NULL)",
    ),
    (
        "a row's number is not below the context's next",
        "SELECT DISTINCT i.context_id FROM items i JOIN contexts c ON c.id = i.context_id WHERE i.n >= c.next_item",
    ),
    (
        "a context is empty",
        "SELECT c.id FROM contexts c WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.context_id = c.id)",
    ),
    (
        "a context that can expire is not looked at by the sweeper",
        "SELECT DISTINCT i.context_id FROM items i JOIN contexts c ON c.id = i.context_id \
         WHERE i.kind <> 2 AND c.oldest IS NULL",
    ),
];

impl Store {
    /// Looks for what cannot be: damage to the file, and rows that contradict each other. Answers with a sentence for
    /// each fault; none: all is well. Reads everything.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        let mut transaction = self.begin_read().await?;
        if self.dialect == Dialect::Sqlite {
            for row in sqlx::query("PRAGMA integrity_check").fetch_all(&mut *transaction).await? {
                let message: String = get(&row, 0)?;
                if message != "ok" {
                    found.push(format!("the file is damaged: {message}"));
                }
            }
            if !sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *transaction).await?.is_empty() {
                found.push("a row refers to one that is not there".to_owned());
            }
        }
        for (meaning, select) in FAULTS {
            for row in sqlx::query(*select).fetch_all(&mut *transaction).await? {
                found.push(format!("context {}: {meaning}", get::<i64>(&row, 0)?));
            }
        }
        transaction.rollback().await?;
        Ok(found)
    }
}
