//! Copies of the whole store: one that SQLite makes of its file, and one that any store can read.
//!
//! A dump is a line of JSON for each row, `["table", value, ...]`, after a line that says what it is and before one that says
//! how many rows there were. References come after what they refer to.

use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;

use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Executor};

use crate::dialect::Dialect;
use crate::sql::{execute_rows, get, query};
use crate::{Store, StoreError};

/// A new file that only its owner may read: it will have hashes of passwords in it.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The first line.
const HEADER: &str = r#"{"keepset_dump":1}"#;

/// The last line: so many rows came before it. Without it the dump is cut off.
fn footer(rows: usize) -> String {
    format!(r#"{{"rows":{rows}}}"#)
}

/// How many rows are read before they are written: a bound on memory, not on sizes.
const BATCH: usize = 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
}
use Kind::{Number, Text};

/// A table as it is dumped: its columns, and the order of its rows.
struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    order: &'static str,
}

/// Numbers of log lines are given anew, in their order; those of contexts are what their items refer to.
const TABLES: &[Table] = &[
    Table { name: "accounts", columns: &[("name", Text), ("created_at", Number)], order: "name" },
    Table {
        name: "users",
        columns: &[
            ("name", Text),
            ("account", Text),
            ("password_hash", Text),
            ("role", Text),
            ("created_at", Number),
        ],
        order: "name",
    },
    Table {
        name: "integrations",
        columns: &[
            ("uuid", Text),
            ("account", Text),
            ("registration_id", Text),
            ("registration_instance_id", Text),
            ("username", Text),
            ("document", Text),
            ("registered_at", Number),
            ("last_seen", Number),
            ("health_report", Text),
        ],
        order: "uuid",
    },
    Table {
        name: "health_reports",
        columns: &[("integration", Text), ("received_at", Number), ("report", Text)],
        order: "id",
    },
    Table {
        name: "contexts",
        columns: &[
            ("id", Number),
            ("account", Text),
            ("inventory_type", Text),
            ("context", Text),
            ("version", Number),
            ("updated", Number),
            ("seen", Number),
            ("oldest", Number),
            ("next_item", Number),
        ],
        order: "id",
    },
    Table {
        name: "items",
        columns: &[
            ("context_id", Number),
            ("n", Number),
            ("kind", Number),
            ("id", Text),
            ("link", Text),
            ("tag", Text),
            ("digest", Text),
            ("attributes", Text),
            ("created_at", Number),
            ("last_updated", Number),
            ("last_seen", Number),
        ],
        order: "context_id, n",
    },
    Table {
        name: "removals",
        columns: &[
            ("account", Text),
            ("inventory_type", Text),
            ("context", Text),
            ("kind", Number),
            ("item", Text),
            ("tag", Text),
            ("digest", Text),
            ("last_seen", Number),
            ("reason", Text),
            ("rule", Text),
            ("removed_at", Number),
            ("report", Text),
        ],
        order: "id",
    },
];

impl Table {
    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// A row as a line.
    fn line(&self, row: &AnyRow) -> Result<Value, StoreError> {
        let mut line = vec![Value::from(self.name)];
        for (index, (_, kind)) in self.columns.iter().enumerate() {
            line.push(match kind {
                Text => get::<Option<String>>(row, index)?.into(),
                Number => get::<Option<i64>>(row, index)?.into(),
            });
        }
        Ok(line.into())
    }

    /// Whether a line has the values of a row of this table.
    fn fits(&self, values: &[Value]) -> bool {
        let fits = |(value, (_, kind)): (&Value, &(&str, Kind))| match kind {
            Text => value.is_string() || value.is_null(),
            Number => value.is_i64() || value.is_null(),
        };
        values.len() == self.columns.len() && values.iter().zip(self.columns).all(fits)
    }

    async fn insert(&self, connection: &mut AnyConnection, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        let text = format!("INSERT INTO {} ({}) VALUES {{rows}}", self.name, self.names());
        execute_rows(connection, &text, self.columns.len(), rows, |query, row| {
            row.iter().zip(self.columns).fold(query, |query, (value, (_, kind))| match kind {
                Text => query.bind(value.as_str().map(str::to_owned)),
                Number => query.bind(value.as_i64()),
            })
        })
        .await
    }
}

impl Store {
    /// Copies the whole store to a file that is not there yet, as it is at one moment, while others go on: of SQLite a
    /// database, compact, that [`Store::open`] opens; of PostgreSQL a dump that [`Store::load_dump`] reads.
    ///
    /// # Errors
    /// [`StoreError::File`] if the file is there or cannot be written, [`StoreError::Database`].
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        // SQLite takes a text; another file than this one must not be written.
        let path = to.to_str().ok_or_else(|| io::Error::other("expected a path in UTF-8"))?;
        let file = create_private(to)?;
        let made = self.back_up(file, path).await;
        if made.is_err() {
            // Half a backup is none; and its name is free again.
            let _ = std::fs::remove_file(to);
        }
        made
    }

    /// `file`: the one at `to`, empty.
    async fn back_up(&self, file: File, to: &str) -> Result<(), StoreError> {
        match self.dialect {
            Dialect::Sqlite => {
                drop(file); // an empty file is one that SQLite fills
                sqlx::query("VACUUM INTO $1").bind(to.to_owned()).execute(self.reader()).await?;
                File::open(to)?.sync_all()?;
            }
            Dialect::Postgres => {
                let mut file = BufWriter::new(file);
                self.dump(&mut file).await?;
                file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            }
        }
        Ok(())
    }

    /// Writes the whole store as it is at one moment, a line for each row. Password hashes are in it.
    ///
    /// # Errors
    /// [`StoreError::File`] if it cannot be written, [`StoreError::Database`].
    pub async fn dump(&self, to: &mut (impl Write + Send)) -> Result<(), StoreError> {
        let mut transaction = self.begin_read().await?;
        writeln!(to, "{HEADER}")?;
        let mut count = 0;
        for table in TABLES {
            let text = format!("SELECT {} FROM {} ORDER BY {}", table.names(), table.name, table.order);
            let select = query(text);
            let mut rows = select.fetch(&mut *transaction);
            while let Some(row) = rows.try_next().await? {
                writeln!(to, "{}", table.line(&row)?)?;
                count += 1;
            }
        }
        transaction.rollback().await?;
        writeln!(to, "{}", footer(count))?;
        to.flush()?;
        Ok(())
    }

    /// Reads what [`Store::dump`] wrote, of either database, into this store, which must hold nothing. All of it or
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`], [`StoreError::Dump`] with the first line that is none, [`StoreError::Database`].
    pub async fn load_dump(&self, from: &mut (impl BufRead + Send)) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        if sqlx::query("SELECT 1 FROM accounts LIMIT 1").fetch_optional(&mut *transaction).await?.is_some() {
            return Err(StoreError::NotEmpty);
        }
        let mut of: Option<&Table> = None;
        let mut rows: Vec<Vec<Value>> = Vec::new();
        let (mut lines, mut is_whole) = (0, false);
        for (line, text) in (1..).zip(from.lines()) {
            let text = text?;
            lines = line;
            let wrong = |message: &str| StoreError::Dump { line, message: message.to_owned() };
            if line == 1 {
                if text != HEADER {
                    return Err(wrong("expected the first line of a dump"));
                }
                continue;
            }
            if is_whole {
                return Err(wrong("expected nothing after the count of rows"));
            }
            if text.starts_with('{') {
                if text != footer(line - 2) {
                    return Err(wrong(&format!("rows are missing: expected {}", footer(line - 2))));
                }
                is_whole = true;
                continue;
            }
            let mut values: Vec<Value> =
                serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
            let name = if values.is_empty() { Value::Null } else { values.remove(0) };
            let table = TABLES.iter().find(|table| name == table.name).filter(|table| table.fits(&values));
            let table = table.ok_or_else(|| wrong("expected a row of a table"))?;
            if let Some(before) = of.replace(table)
                && (before.name != table.name || rows.len() >= BATCH)
            {
                before.insert(&mut transaction, &rows).await?;
                rows.clear();
            }
            rows.push(values);
        }
        if !is_whole {
            let message = "the dump is cut off: expected the count of its rows as the last line".to_owned();
            return Err(StoreError::Dump { line: lines, message });
        }
        if let Some(table) = of {
            table.insert(&mut transaction, &rows).await?;
        }
        if self.dialect == Dialect::Postgres {
            // SQLite looks for itself.
            transaction
                .execute(
                    "SELECT setval(pg_get_serial_sequence('contexts', 'id'), \
                     (SELECT COALESCE(MAX(id), 0) + 1 FROM contexts), false)",
                )
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
