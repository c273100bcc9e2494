//! Where the gateway's inventories are: the same answer for `serve` and for all who look after its store.

use std::env;
use std::fs::DirBuilder;
use std::future::Future;
use std::path::{Path, PathBuf};

use clap::Args;
use keepset_gateway::{Accounts, AccountsError};
use keepset_store::{CACHE_BYTES, Store, StoreError};

use crate::failure::Failure;
use crate::serving::file::ServeFile;
use crate::settings::ConfigFile;

/// The store of a gateway.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Store")]
pub(crate) struct Storage {
    /// Keep inventories in this folder, in SQLite [default: keepset in the user's data directory]
    #[arg(long, value_name = "DIR", env = "KEEPSET_DATA_DIR", hide_env_values = true)]
    data_dir: Option<PathBuf>,
    /// Keep inventories in this database instead: postgres://USER:PASSWORD@HOST/NAME, or sqlite:///PATH
    #[arg(long, value_name = "URL", env = "KEEPSET_STORE", hide_env_values = true)]
    store: Option<String>,
}

/// What becomes of a store that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    IsMade,
    IsAnError,
}

impl Storage {
    /// Opens the store. `cache`: bytes of memory for what reports are compared with.
    pub(crate) async fn open(
        &self,
        file: &ServeFile,
        cache: u64,
        missing: Missing,
    ) -> Result<Store, Failure> {
        // A database counts before any folder, wherever it is named.
        let url = match self.store.as_ref().or(file.store.as_ref()) {
            Some(url) => url.clone(),
            None => {
                let folder = self.data_dir.clone().or_else(|| file.data_dir.clone()).or_else(user_data);
                let folder = folder.ok_or(Failure::NoDataDir)?;
                if missing == Missing::IsMade {
                    create(&folder).map_err(|source| Failure::Write { path: folder.clone(), source })?;
                }
                sqlite_url(&folder.join("keepset.db"))
            }
        };
        if missing == Missing::IsAnError
            && let Some(path) = sqlite_file(&url)
        {
            match path.metadata() {
                Ok(known) if known.is_file() => {}
                Err(source) if source.kind() == std::io::ErrorKind::PermissionDenied => {
                    return Err(Failure::Read { path, source });
                }
                _ => return Err(Failure::NoStore(path.display().to_string())),
            }
        }
        let store = Store::open_with(&url, cache).await?;
        // No store that was ever served is without accounts: another database was meant, or another file.
        if missing == Missing::IsAnError && store.accounts().await?.is_empty() {
            store.close().await;
            return Err(match sqlite_file(&url) {
                Some(path) => Failure::NoStore(path.display().to_string()),
                None => Failure::EmptyStore,
            });
        }
        Ok(store)
    }
}

/// What means something else in a URL than in a path.
const ESCAPED: [(&str, &str); 3] = [("%", "%25"), ("?", "%3F"), ("#", "%23")];

/// The URL of a file of SQLite.
fn sqlite_url(path: &Path) -> String {
    let path = path.display().to_string();
    format!("sqlite://{}", ESCAPED.iter().fold(path, |path, (letter, escape)| path.replace(letter, escape)))
}

/// The file that an URL of SQLite names.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path).split('?').next().unwrap_or_default();
    let file =
        ESCAPED.iter().rev().fold(path.to_owned(), |path, (letter, escape)| path.replace(escape, letter));
    (file != ":memory:").then(|| PathBuf::from(file))
}

/// The store of a gateway, for the commands that look after it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Caretaking {
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    file: ConfigFile,
}

impl Caretaking {
    /// Opens a store that is there, does something with it, and closes it.
    pub(crate) fn with<T, W>(&self, work: impl FnOnce(Store) -> W) -> Result<T, Failure>
    where
        W: Future<Output = Result<T, Failure>>,
    {
        self.with_store(Missing::IsAnError, work)
    }

    /// The same with a store that is made if it is not there.
    pub(crate) fn with_new<T, W>(&self, work: impl FnOnce(Store) -> W) -> Result<T, Failure>
    where
        W: Future<Output = Result<T, Failure>>,
    {
        self.with_store(Missing::IsMade, work)
    }

    fn with_store<T, W>(&self, missing: Missing, work: impl FnOnce(Store) -> W) -> Result<T, Failure>
    where
        W: Future<Output = Result<T, Failure>>,
    {
        let file = self.file.serve()?;
        runtime()?.block_on(async {
            let store = self.storage.open(&file, CACHE_BYTES, missing).await?;
            let done = work(store.clone()).await;
            store.close().await;
            done
        })
    }

    /// The same for what concerns accounts and users.
    pub(crate) fn with_accounts<T, W>(&self, work: impl FnOnce(Accounts) -> W) -> Result<T, Failure>
    where
        W: Future<Output = Result<T, AccountsError>>,
    {
        self.with(|store| async {
            let work = work(Accounts::new(store));
            Ok(work.await?)
        })
    }
}

/// What asynchronous work runs on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)
}

/// A folder that only its owner may look into: it has hashes of passwords in it.
fn create(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// As the platforms have it.
fn user_data() -> Option<PathBuf> {
    let given = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
    Some(given.or_else(|| Some(env::home_dir()?.join(usual)))?.join("keepset"))
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<AccountsError> for Failure {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Store(error) => Self::Store(error),
            missing @ (AccountsError::NoUser(_) | AccountsError::NoAccount(_)) => {
                Self::NotFound(missing.to_string())
            }
            other => Self::Accounts(other),
        }
    }
}
