//! The databases that the suite runs over: a file, and a PostgreSQL of its own.

use keepset_postgres::{Server, shared};
use keepset_store::Store;
use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// An empty database, gone when it is dropped.
pub(crate) struct Database {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    pub(crate) dir: TempDir,
    #[expect(dead_code, reason = "it is there until the database is dropped")]
    alone: Option<Server>,
}

impl Database {
    pub(crate) fn new(kind: Kind) -> Self {
        let dir = TempDir::new().unwrap();
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", dir.path().join("keepset.db").display()),
            Kind::Postgres => shared().create(),
        };
        Self { kind, url, dir, alone: None }
    }

    /// One whose log nobody else writes to.
    pub(crate) fn alone(kind: Kind) -> Self {
        let mut database = Self::new(Kind::Sqlite);
        if kind == Kind::Postgres {
            let server = Server::new(&[]);
            database = Self { kind, url: server.create(), alone: Some(server), ..database };
        }
        database
    }

    /// A store with the accounts `a` and `b`.
    pub(crate) async fn open(&self) -> Store {
        let store = Store::open(&self.url).await.unwrap();
        for account in ["a", "b"] {
            store.add_account(account, super::reports::at(0)).await.unwrap();
        }
        store
    }
}
