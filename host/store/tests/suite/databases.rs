//! The databases that the suite runs over: a file, and a PostgreSQL of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

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
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let dir = TempDir::new().unwrap();
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", dir.path().join("keepset.db").display()),
            Kind::Postgres => server().create(&format!("db{}", NEXT.fetch_add(1, Ordering::Relaxed))),
        };
        Self { kind, url, dir, alone: None }
    }

    /// One whose log nobody else writes to.
    pub(crate) fn alone(kind: Kind) -> Self {
        let mut database = Self::new(Kind::Sqlite);
        if kind == Kind::Postgres {
            let server = Server::start();
            database = Self { kind, url: server.create("alone"), alone: Some(server), ..database };
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

static SERVER: OnceLock<Server> = OnceLock::new();

fn server() -> &'static Server {
    SERVER.get_or_init(|| {
        let (send, receive) = mpsc::channel();
        // It is to end with the thread that started it: that of a test ends too early.
        thread::spawn(move || {
            send.send(Server::start()).unwrap();
            loop {
                thread::park();
            }
        });
        receive.recv().expect("the PostgreSQL did not start")
    })
}

/// Ends the PostgreSQL that the cases share, if it was started.
pub(crate) fn stop() {
    if let Some(server) = SERVER.get() {
        server.stop();
        let _ = std::fs::remove_dir_all(server.dir.path());
    }
}

struct Server {
    bin: PathBuf,
    dir: TempDir,
    process: Mutex<Child>,
}

impl Server {
    fn start() -> Self {
        let bin = (13..=20)
            .rev()
            .map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")))
            .find(|bin| bin.join("initdb").exists())
            .expect("no PostgreSQL: apt-get install -y --no-install-recommends postgresql");
        let dir = TempDir::with_prefix("keepset-pg-").unwrap();
        if is_root() {
            let owned = Command::new("chown").arg("postgres:").arg(dir.path()).status().unwrap();
            assert!(owned.success(), "there is no user `postgres` to own the database");
        }
        let data = dir.path().join("data");
        let mut initdb = unprivileged(&bin.join("initdb"));
        initdb.args(["-A", "trust", "-U", "keepset", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]);
        let output = initdb.arg(&data).current_dir(dir.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let process = unprivileged(&bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(dir.path())
            .args(["-c", "listen_addresses=", "-c", "max_connections=200"])
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { bin, dir, process: Mutex::new(process) };
        for _ in 0..200 {
            let ready = server.client("pg_isready").arg("-q").status().unwrap();
            if ready.success() {
                return server;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the PostgreSQL does not answer");
    }

    fn stop(&self) {
        let mut process = self.process.lock().unwrap();
        let _ = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
        let _ = process.wait();
    }

    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.arg("-h").arg(self.dir.path()).args(["-U", "keepset"]);
        command
    }

    fn create(&self, name: &str) -> String {
        assert!(self.client("createdb").arg(name).status().unwrap().success());
        format!("postgres://keepset@localhost/{name}?host={}", self.dir.path().display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}

/// PostgreSQL does not run as root; and it ends with us, however we end.
fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "INT"]).arg(program);
    command
}
