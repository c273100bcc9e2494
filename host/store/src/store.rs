//! The store: its connections, its tables, its cache.

use std::io;
use std::str::FromStr as _;
use std::sync::{Arc, Once};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor, Transaction};

use crate::StoreError;
use crate::again::KnownReports;
use crate::cache::Cache;
use crate::dialect::Dialect;
use crate::dump::create_private;
use crate::sql::{get, query};

/// Every change of the tables, the first one first. What is here was released and does not change any more.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

/// Keeps two programs that open one PostgreSQL from making its tables at once.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7236823419)";

/// How long a connection that was idle may take to show that it lives.
const IDLE_PATIENCE: Duration = Duration::from_secs(1);

/// How much memory loaded contexts may take, in bytes, unless [`Store::open_with`] says otherwise: about a million rows.
pub const CACHE_BYTES: u64 = 512 << 20;

/// Inventories in a database. Clones share its connections and its cache.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) dialect: Dialect,
    shown: Arc<str>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) known: Arc<KnownReports>,
    reader: AnyPool,
    writer: AnyPool,
}

impl Store {
    /// Opens the database at `url`, and makes or brings up to date its tables: `sqlite://<path>` (made if it is not
    /// there), `sqlite::memory:`, or `postgres://<user>:<password>@<host>/<database>`.
    ///
    /// # Errors
    /// [`StoreError::Url`], [`StoreError::TooNew`], or [`StoreError::Database`] if it cannot be reached.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, CACHE_BYTES).await
    }

    /// The same, with so many bytes of memory for loaded contexts.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(url: &str, cache_bytes: u64) -> Result<Self, StoreError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let dialect = Dialect::of_url(url).ok_or_else(|| StoreError::Url(without_password(url)))?;
        let shown = without_password(url).into();
        let is_memory = dialect == Dialect::Sqlite && url.contains(":memory:");
        let url = match dialect {
            Dialect::Sqlite if !is_memory && !url.contains("mode=") => {
                format!("{url}{}mode=rwc", if url.contains('?') { '&' } else { '?' })
            }
            _ => url.to_owned(),
        };
        let pool = |connections: u32| {
            let options = AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(dialect.patience())
                .test_before_acquire(dialect == Dialect::Sqlite)
                .before_acquire(move |connection, _| {
                    // On a full disk SQLite ends a transaction by itself, and the driver believes for ever that it is in one.
                    let is_usable = is_memory || !connection.is_in_transaction();
                    Box::pin(
                        async move { Ok(is_usable && answers(connection, dialect, IDLE_PATIENCE).await?) },
                    )
                })
                .after_release(move |connection, _| {
                    Box::pin(async move { answers(connection, dialect, dialect.patience()).await })
                })
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        for setting in dialect.settings() {
                            connection.execute(*setting).await?;
                        }
                        Ok(())
                    })
                });
            // A database in memory is gone with its connection.
            if is_memory { options.idle_timeout(None).max_lifetime(None) } else { options }
        };
        let (reader, writer) = match dialect {
            Dialect::Postgres => {
                let shared = match pool(16).connect(&url).await {
                    Err(sqlx::Error::PoolTimedOut) => {
                        try_out(&url, dialect).await?;
                        return Err(sqlx::Error::PoolTimedOut.into());
                    }
                    shared => shared?,
                };
                (shared.clone(), shared)
            }
            Dialect::Sqlite => {
                if !is_memory {
                    make_file(&url)?;
                    try_out(&url, dialect).await?;
                }
                let writer = pool(1).connect(&url).await?;
                let reader = if is_memory { writer.clone() } else { pool(8).connect_lazy(&url)? };
                (reader, writer)
            }
        };
        // A known report takes about an eighth of what the rows take that it speaks of.
        let (cache, known) = (Cache::new(cache_bytes), KnownReports::new(cache_bytes / 8));
        let store = Self { dialect, shown, cache: Arc::new(cache), known: Arc::new(known), reader, writer };
        store.migrate().await?;
        Ok(store)
    }

    /// Where it is, for people: without a password.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Closes the connections, when what is under way has ended.
    pub async fn close(&self) {
        self.writer.close().await;
        self.reader.close().await;
    }

    /// Whether it can be written to, by writing what is there: of a file that may only be read SQLite says so only then.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot.
    pub async fn try_writing(&self) -> Result<(), StoreError> {
        self.writer.execute("UPDATE keepset_schema SET version = version").await?;
        Ok(())
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.reader().execute("SELECT 1").await?;
        Ok(())
    }

    pub(crate) fn reader(&self) -> &AnyPool {
        &self.reader
    }

    pub(crate) fn writer(&self) -> &AnyPool {
        &self.writer
    }

    pub(crate) async fn begin_write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(self.writer.begin_with(self.dialect.begin_write()).await?)
    }

    pub(crate) async fn begin_read(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(self.reader.begin_with(self.dialect.begin_read()).await?)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        let mut transaction = self.begin_write().await?;
        if self.dialect == Dialect::Postgres {
            transaction.execute(MIGRATION_LOCK).await?;
        }
        transaction.execute("CREATE TABLE IF NOT EXISTS keepset_schema (version BIGINT NOT NULL)").await?;
        let found = version(&mut transaction).await?;
        if found > known {
            return Err(StoreError::TooNew { found, known });
        }
        if found == known {
            return Ok(());
        }
        for (done, migration) in (0..).zip(MIGRATIONS) {
            if done < found {
                continue;
            }
            let text = without_comments(&self.dialect.schema(migration));
            for statement in text.split(';').filter(|statement| !statement.trim().is_empty()) {
                query(statement.to_owned()).execute(&mut *transaction).await?;
            }
        }
        transaction.execute("DELETE FROM keepset_schema").await?;
        sqlx::query("INSERT INTO keepset_schema (version) VALUES ($1)")
            .bind(known)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Whether a connection still answers. A network can drop one without a word to either end: the pool, which waits for it as
/// long as it takes, would have one less for ever.
async fn answers(
    connection: &mut AnyConnection,
    dialect: Dialect,
    patience: Duration,
) -> Result<bool, sqlx::Error> {
    if dialect == Dialect::Postgres {
        within(patience, connection.ping()).await?;
    }
    Ok(true)
}

/// What comes of it in that time.
async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {patience:?}"));
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_| Err(sqlx::Error::Io(late())))
}

/// Opens a connection and lets it go: unlike a pool, which tries until its patience is over, it says why it cannot be.
async fn try_out(url: &str, dialect: Dialect) -> Result<(), StoreError> {
    let trying = async {
        let mut connection = AnyConnection::connect(url).await?;
        for setting in dialect.settings() {
            connection.execute(*setting).await?;
        }
        connection.close().await
    };
    match within(dialect.patience(), trying).await {
        // Another one is opening it at the same moment: a pool tries again.
        Err(error) if is_passing(&error) => Ok(()),
        tried => tried.map_err(|source| StoreError::Open { url: without_password(url), source }),
    }
}

/// Whether SQLite says that somebody else holds the file: `SQLITE_BUSY`, `SQLITE_LOCKED`.
fn is_passing(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Makes the file of a SQLite database that may be made, if it is not there: for its owner alone, as hashes of passwords
/// will be in it. What is in the way SQLite tells.
fn make_file(url: &str) -> Result<(), StoreError> {
    if url.contains("mode=rwc") {
        let options = SqliteConnectOptions::from_str(url)?;
        let _ = create_private(options.get_filename());
    }
    Ok(())
}

async fn version(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let found = sqlx::query("SELECT version FROM keepset_schema").fetch_optional(connection).await?;
    found.map_or(Ok(0), |row| get(&row, 0))
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n")
}

/// The URL as a message may show it. PostgreSQL's may have a password among its parameters too.
fn without_password(url: &str) -> String {
    if Dialect::of_url(url) == Some(Dialect::Sqlite) {
        return url.to_owned();
    }
    let url = url.split('?').next().unwrap_or_default();
    match url.rsplit_once('@') {
        Some((_, host)) => format!("...@{host}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("postgres://keepset:secret@db/keepset?sslmode=require", "...@db/keepset"),
            ("postgres://db/keepset?user=keepset&password=secret", "postgres://db/keepset"),
            ("postgres://db/keepset?user=keepset&password=s@cret", "postgres://db/keepset"),
            ("sqlite:///d@ta/keepset.db?mode=ro", "sqlite:///d@ta/keepset.db?mode=ro"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
