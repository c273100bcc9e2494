//! Accounts and their users. What a password is, or may do, is not judged here.

use keepset_types::Timestamp;
use sqlx::any::AnyRow;

use crate::error::check_key;
use crate::sql::get;
use crate::{Store, StoreError};

/// Somebody who may speak for an account.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Unique among all accounts.
    pub name: String,
    /// The account.
    pub account: String,
    /// As the caller made it.
    pub password_hash: String,
    /// What they may do.
    pub role: String,
    /// When they were added.
    pub created_at: Timestamp,
}

/// Without the hash: it belongs in no log.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, account, role, .. } = self;
        f.debug_struct("User")
            .field("name", name)
            .field("account", account)
            .field("role", role)
            .finish_non_exhaustive()
    }
}

impl User {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            name: get(row, 0)?,
            account: get(row, 1)?,
            password_hash: get(row, 2)?,
            role: get(row, 3)?,
            created_at: stored_time(get(row, 4)?)?,
        })
    }
}

/// A time out of the database.
pub(crate) fn stored_time(seconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_unix(seconds).ok_or_else(|| StoreError::Broken(format!("the time {seconds}")))
}

impl Store {
    /// Adds an account; whether it is new.
    ///
    /// # Errors
    /// [`StoreError::Unstorable`], [`StoreError::Database`].
    pub async fn add_account(&self, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        check_key("an account's name", name)?;
        let added =
            sqlx::query("INSERT INTO accounts (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        let added = added.bind(name).bind(now.unix()).execute(self.writer()).await?;
        Ok(added.rows_affected() > 0)
    }

    /// All accounts with the times at which they were added, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn accounts(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let rows = sqlx::query("SELECT name, created_at FROM accounts ORDER BY name");
        let rows = rows.fetch_all(self.reader()).await?;
        rows.iter().map(|row| Ok((get(row, 0)?, stored_time(get(row, 1)?)?))).collect()
    }

    /// When that account was added; none if there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query("SELECT created_at FROM accounts WHERE name = $1").bind(name.to_owned());
        let row = row.fetch_optional(self.reader()).await?;
        row.map(|row| stored_time(get(&row, 0)?)).transpose()
    }

    /// Removes an account with all that is its own; whether it was there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_account(&self, name: &str) -> Result<bool, StoreError> {
        let removed = sqlx::query("DELETE FROM accounts WHERE name = $1").bind(name);
        Ok(removed.execute(self.writer()).await?.rows_affected() > 0)
    }

    /// Adds a user. `false`: there is a user of that name already, and nothing was changed.
    ///
    /// # Errors
    /// [`StoreError::UnknownAccount`], [`StoreError::Unstorable`], [`StoreError::Database`].
    pub async fn add_user(&self, user: &User) -> Result<bool, StoreError> {
        check_key("a user's name", &user.name)?;
        let put = sqlx::query(
            "INSERT INTO users (name, account, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (name) DO NOTHING",
        );
        let put = put.bind(user.name.clone()).bind(user.account.clone()).bind(user.password_hash.clone());
        let put = put.bind(user.role.clone()).bind(user.created_at.unix()).execute(self.writer()).await;
        Ok(put.map_err(|error| unknown_account(error, &user.account))?.rows_affected() > 0)
    }

    /// Gives a user another password, as its hash; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_password_hash(&self, name: &str, hash: &str) -> Result<bool, StoreError> {
        let set = sqlx::query("UPDATE users SET password_hash = $2 WHERE name = $1").bind(name).bind(hash);
        Ok(set.execute(self.writer()).await?.rows_affected() > 0)
    }

    /// Gives a user another role; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_role(&self, name: &str, role: &str) -> Result<bool, StoreError> {
        let set = sqlx::query("UPDATE users SET role = $2 WHERE name = $1").bind(name).bind(role);
        Ok(set.execute(self.writer()).await?.rows_affected() > 0)
    }

    /// The user of that name, of whichever account.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let row =
            sqlx::query("SELECT name, account, password_hash, role, created_at FROM users WHERE name = $1");
        row.bind(name).fetch_optional(self.reader()).await?.as_ref().map(User::read).transpose()
    }

    /// The users of an account, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn users(&self, account: &str) -> Result<Vec<User>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, account, password_hash, role, created_at FROM users WHERE account = $1 ORDER BY name",
        );
        rows.bind(account).fetch_all(self.reader()).await?.iter().map(User::read).collect()
    }

    /// Removes a user of an account; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_user(&self, account: &str, name: &str) -> Result<bool, StoreError> {
        let removed =
            sqlx::query("DELETE FROM users WHERE account = $1 AND name = $2").bind(account).bind(name);
        Ok(removed.execute(self.writer()).await?.rows_affected() > 0)
    }
}

/// What a broken reference to an account means.
pub(crate) fn unknown_account(error: sqlx::Error, account: &str) -> StoreError {
    match error.as_database_error() {
        Some(cause) if cause.is_foreign_key_violation() => StoreError::UnknownAccount(account.to_owned()),
        _ => error.into(),
    }
}
