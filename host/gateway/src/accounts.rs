//! Accounts and users, for those who look after them: the command line.

use keepset_store::{Store, StoreError, User};
use keepset_types::Timestamp;

use crate::password::{self, HashError};
use crate::roles::Role;

/// The account, and the user in it, that a new store gets.
pub const ADMIN: &str = "admin";

/// The shortest password that is accepted, in characters.
pub const MIN_PASSWORD: usize = 8;

/// Accounts and users in a store.
#[derive(Clone, Debug)]
pub struct Accounts {
    store: Store,
}

/// Why an account or a user stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// The store's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password cannot be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The name cannot stand in a header or in a URL.
    #[error("`{0}` is no name: expected 1 to 128 printable ASCII characters without spaces, `:` and `/`")]
    Name(String),
    /// Too short a password.
    #[error("the password is too short: expected at least {MIN_PASSWORD} characters")]
    Password,
    /// There is such a user already.
    #[error("there is a user `{0}` already")]
    UserExists(String),
    /// There is such an account already.
    #[error("there is an account `{0}` already")]
    AccountExists(String),
    /// There is no such user.
    #[error("there is no user `{0}`")]
    NoUser(String),
    /// There is no such account.
    #[error("there is no account `{0}`")]
    NoAccount(String),
    /// Without that user nobody could look after the gateway over its API any more.
    #[error(
        "`{0}` is the last user with the role admin: add another one first, or nobody may look into all accounts any more"
    )]
    LastAdmin(String),
}

impl Accounts {
    /// Those of this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Gives an empty store the account `admin` and in it the user `admin`. The password is that given, or else a new one,
    /// which is answered: this once, and never again. A store that has accounts is left alone.
    ///
    /// # Errors
    /// [`AccountsError::Password`], [`AccountsError::Store`], [`AccountsError::Hash`].
    pub async fn bootstrap_admin(
        &self,
        password: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>, AccountsError> {
        // A start that ended between the account and the user is taken up again.
        let accounts = self.store.accounts().await?;
        let only_admin = accounts.iter().all(|(name, _)| name == ADMIN);
        if !only_admin || !self.store.users(ADMIN).await?.is_empty() {
            return Ok(None);
        }
        let generated = if password.is_none() { Some(password::generate()?) } else { None };
        let password = password.or(generated.as_deref()).unwrap_or_default();
        check_password(password)?;
        self.store.add_account(ADMIN, now).await?;
        match self.put(ADMIN, ADMIN, password, Role::Admin, now).await {
            // Another gateway that starts on the same store was first; its password counts.
            Err(AccountsError::UserExists(_)) => Ok(None),
            put => put.map(|()| generated),
        }
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`AccountsError::Name`], [`AccountsError::AccountExists`], [`AccountsError::Store`].
    pub async fn add_account(&self, name: &str, now: Timestamp) -> Result<(), AccountsError> {
        check_name(name)?;
        match self.store.add_account(name, now).await? {
            true => Ok(()),
            false => Err(AccountsError::AccountExists(name.to_owned())),
        }
    }

    /// All accounts with the times at which they were added, by name.
    ///
    /// # Errors
    /// [`AccountsError::Store`].
    pub async fn accounts(&self) -> Result<Vec<(String, Timestamp)>, AccountsError> {
        Ok(self.store.accounts().await?)
    }

    /// Removes an account with its users, its inventory and all else that is its own.
    ///
    /// # Errors
    /// [`AccountsError::NoAccount`], [`AccountsError::LastAdmin`], [`AccountsError::Store`].
    pub async fn remove_account(&self, name: &str) -> Result<(), AccountsError> {
        self.keeps_an_admin(|user| user.account == name).await?;
        match self.store.remove_account(name).await? {
            true => Ok(()),
            false => Err(AccountsError::NoAccount(name.to_owned())),
        }
    }

    /// Adds a user to an account. Their name is unique among all accounts.
    ///
    /// # Errors
    /// [`AccountsError::Name`], [`AccountsError::Password`], [`AccountsError::NoAccount`],
    /// [`AccountsError::UserExists`], [`AccountsError::Store`], [`AccountsError::Hash`].
    pub async fn add_user(
        &self,
        account: &str,
        name: &str,
        password: &str,
        role: Role,
        now: Timestamp,
    ) -> Result<(), AccountsError> {
        check_name(name)?;
        check_password(password)?;
        if self.store.user(name).await?.is_some() {
            return Err(AccountsError::UserExists(name.to_owned()));
        }
        self.put(account, name, password, role, now).await
    }

    /// The users of an account, by name.
    ///
    /// # Errors
    /// [`AccountsError::NoAccount`], [`AccountsError::Store`].
    pub async fn users(&self, account: &str) -> Result<Vec<User>, AccountsError> {
        if self.store.account(account).await?.is_none() {
            return Err(AccountsError::NoAccount(account.to_owned()));
        }
        Ok(self.store.users(account).await?)
    }

    /// Gives a user another password. Those who use the old one are refused from now on.
    ///
    /// # Errors
    /// [`AccountsError::NoUser`], [`AccountsError::Password`], [`AccountsError::Store`], [`AccountsError::Hash`].
    pub async fn set_password(&self, name: &str, password: &str) -> Result<(), AccountsError> {
        check_password(password)?;
        self.user(name).await?;
        let hash = password::hash(password)?;
        is_there(name, self.store.set_password_hash(name, &hash).await?)
    }

    /// Gives a user another role.
    ///
    /// # Errors
    /// [`AccountsError::NoUser`], [`AccountsError::LastAdmin`], [`AccountsError::Store`].
    pub async fn set_role(&self, name: &str, role: Role) -> Result<(), AccountsError> {
        self.user(name).await?;
        if role != Role::Admin {
            self.keeps_an_admin(|user| user.name == name).await?;
        }
        is_there(name, self.store.set_role(name, role.as_str()).await?)
    }

    /// Removes a user.
    ///
    /// # Errors
    /// [`AccountsError::NoUser`], [`AccountsError::LastAdmin`], [`AccountsError::Store`].
    pub async fn remove_user(&self, name: &str) -> Result<(), AccountsError> {
        let user = self.user(name).await?;
        self.keeps_an_admin(|user| user.name == name).await?;
        is_there(name, self.store.remove_user(&user.account, name).await?)
    }

    async fn user(&self, name: &str) -> Result<User, AccountsError> {
        self.store.user(name).await?.ok_or_else(|| AccountsError::NoUser(name.to_owned()))
    }

    /// Whether an admin is left, in whichever account, when those users are none any more.
    async fn keeps_an_admin(&self, goes: impl Fn(&User) -> bool) -> Result<(), AccountsError> {
        let (mut last, mut is_left) = (None, false);
        for (account, _) in self.store.accounts().await? {
            for user in self.store.users(&account).await? {
                match user.role.parse::<Role>().is_ok_and(|role| role == Role::Admin) {
                    true if goes(&user) => last = Some(user.name),
                    is_admin => is_left |= is_admin,
                }
            }
        }
        match last {
            Some(name) if !is_left => Err(AccountsError::LastAdmin(name)),
            _ => Ok(()),
        }
    }

    async fn put(
        &self,
        account: &str,
        name: &str,
        password: &str,
        role: Role,
        now: Timestamp,
    ) -> Result<(), AccountsError> {
        let user = User {
            name: name.to_owned(),
            account: account.to_owned(),
            password_hash: password::hash(password)?,
            role: role.as_str().to_owned(),
            created_at: now,
        };
        match self.store.add_user(&user).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(AccountsError::UserExists(name.to_owned())),
            Err(StoreError::UnknownAccount(account)) => Err(AccountsError::NoAccount(account)),
            Err(error) => Err(error.into()),
        }
    }
}

fn check_name(name: &str) -> Result<(), AccountsError> {
    let is_name = (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':' && byte != b'/');
    if is_name { Ok(()) } else { Err(AccountsError::Name(name.to_owned())) }
}

fn check_password(password: &str) -> Result<(), AccountsError> {
    if password.chars().count() < MIN_PASSWORD { Err(AccountsError::Password) } else { Ok(()) }
}

/// Whom something was done to: somebody else may have removed them meanwhile.
fn is_there(name: &str, is_there: bool) -> Result<(), AccountsError> {
    if is_there { Ok(()) } else { Err(AccountsError::NoUser(name.to_owned())) }
}
