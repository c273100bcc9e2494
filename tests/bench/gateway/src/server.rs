//! The two that are measured, each a process of its own, and the databases that they are given.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keepset_agents::http::Credentials;
use keepset_postgres::Server;
use tempfile::TempDir;

/// A report replaces what was known of its namespaces, as the peer has it.
pub const OVERWRITE: &str = "--image-ingest-overwrite=true";

/// Everybody's.
pub const USER: &str = "admin";
pub const PASSWORD: &str = "correct horse battery";

pub fn credentials() -> Credentials {
    Credentials { user: USER.to_owned(), password: PASSWORD.to_owned() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    Keepset,
    Peer,
}

impl Contestant {
    pub fn name(self) -> &'static str {
        match self {
            Self::Keepset => "keepset serve",
            Self::Peer => "the obvious way",
        }
    }
}

/// PostgreSQL as somebody who looks after it has it: memory and log. What is committed is synced, as it is by default.
const POSTGRES: [&str; 3] = ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min"];

/// Where databases are made, and how the gateway is started.
pub struct World {
    dir: TempDir,
    postgres: Server,
}

/// A database that nobody used yet.
pub struct Database {
    pub kind: Kind,
    pub url: String,
}

impl World {
    pub fn new() -> Self {
        Self { dir: TempDir::with_prefix("keepset-bench-").unwrap(), postgres: Server::new(&POSTGRES) }
    }

    pub fn database(&self, kind: Kind) -> Database {
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", self.fresh("db").display()),
            Kind::Postgres => self.postgres.create(),
        };
        Database { kind, url }
    }

    fn fresh(&self, suffix: &str) -> PathBuf {
        let (_, path) = tempfile::Builder::new()
            .suffix(&format!(".{suffix}"))
            .tempfile_in(self.dir.path())
            .unwrap()
            .keep()
            .unwrap();
        path
    }

    /// Starts a gateway, or its peer, and waits until it listens.
    pub fn start(&self, contestant: Contestant, database: &Database, arguments: &[&str]) -> Running {
        // Ends with us, however we end.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        match contestant {
            Contestant::Keepset => {
                command.arg(root().join("target/release/keepset")).args(["serve", "--listen", "127.0.0.1:0"]);
                command.args(["--store", &database.url]);
                // All agents come with a first report at once: they wait for their turn here.
                command.args(["--place-timeout", "300", "--request-timeout", "300"]);
                command.args(arguments);
            }
            Contestant::Peer => {
                command.arg(std::env::current_exe().unwrap()).args(["peer", &database.url]);
            }
        }
        let log = self.fresh("log");
        command
            .env("KEEPSET_ADMIN_PASSWORD", PASSWORD)
            .env("KEEPSET_CACHE_DIR", self.dir.path().join("plugins"));
        command
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap());
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        let url = loop {
            let text = fs::read_to_string(&log).unwrap();
            if let Some((_, rest)) = text.split_once("listening on http://") {
                if let Some((address, _)) = rest.split_once([' ', '\n']) {
                    break format!("http://{address}");
                }
            }
            if let Some(status) = child.try_wait().unwrap() {
                panic!("{contestant:?} does not serve, {status}: {text}");
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "{contestant:?} does not serve: {text}");
            std::thread::sleep(Duration::from_millis(1));
        };
        Running { child, url, log, started_in: begun.elapsed() }
    }

    /// Has the databases write out what they put off, so that it does not fall into somebody else's turn.
    pub fn settle(&self, kind: Kind) {
        if kind == Kind::Postgres {
            let _ = self.postgres.ask("CHECKPOINT");
        }
    }

    /// The bytes in the log of a database; only what is added to it counts.
    pub fn log_bytes(&self, database: &Database) -> u64 {
        match database.kind {
            Kind::Postgres => self.postgres.ask("SELECT pg_current_wal_lsn() - '0/0'").parse().unwrap(),
            Kind::Sqlite => fs::metadata(format!("{}-wal", database.path())).map_or(0, |file| file.len()),
        }
    }

    /// SQLite writes its log anew from the beginning, where nobody sees how much: so it is emptied before.
    pub fn empty_log(&self, database: &Database) {
        if database.kind == Kind::Sqlite {
            let db = rusqlite::Connection::open(database.path()).unwrap();
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
    }
}

impl Database {
    /// Of SQLite's file.
    fn path(&self) -> &str {
        self.url.strip_prefix("sqlite://").unwrap()
    }
}

/// A server that listens; it ends with this value.
pub struct Running {
    child: Child,
    pub url: String,
    log: PathBuf,
    /// From the start of the process until it listened.
    pub started_in: Duration,
}

impl Running {
    /// Bytes of memory that it has now.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it had since the last call of [`Running::forget_peak`].
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    pub fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// What a server says of itself; nothing if it does not.
pub async fn metrics(url: &str) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let reply = client.get(format!("{url}/metrics")).send().await.unwrap();
    if reply.status().is_success() { reply.text().await.unwrap() } else { String::new() }
}

/// One of those numbers, by its name with its labels.
pub async fn metric(url: &str, name: &str) -> Option<f64> {
    let metrics = metrics(url).await;
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}
