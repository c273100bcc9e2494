//! A PostgreSQL of one's own, for tests and benches: Debian's programs in a folder that goes away, over TCP as in production.
//! It can be stopped and started again.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests and benches fail by panicking"
)]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

static SHARED: OnceLock<Server> = OnceLock::new();

/// A port to listen on, also again after a stop: below those that Linux gives to connections, of which a test under load has
/// thousands, and never the same twice.
///
/// # Panics
/// If all are taken.
#[must_use]
pub fn free_port() -> u16 {
    const PORTS: Range<u16> = 10_000..32_000;
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    let count = PORTS.len();
    // Processes that run at once begin far from each other.
    let begin = usize::try_from(std::process::id()).unwrap_or_default() * 101;
    let mut tried = (0..count).map(|_| GIVEN.fetch_add(1, Ordering::Relaxed));
    let port = tried.find_map(|given| {
        let port = PORTS.clone().nth((begin + given) % count)?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(port)
    });
    port.expect("no port is free")
}

/// The one that all cases of a test share, each with a database of its own.
pub fn shared() -> &'static Server {
    SHARED.get_or_init(|| {
        let (send, receive) = mpsc::channel();
        // It ends with the thread that started it: that of a case ends too early.
        thread::spawn(move || {
            send.send(Server::new(&[])).unwrap();
            loop {
                thread::park();
            }
        });
        receive.recv().expect("the PostgreSQL did not start")
    })
}

/// Ends the shared one, if it was started; nobody wants what is in it.
pub fn stop_shared() {
    if let Some(server) = SHARED.get() {
        server.stop("QUIT");
        let _ = std::fs::remove_dir_all(server.dir.path());
    }
}

/// A server, which ends with this value, or with the thread that started it.
#[derive(Debug)]
pub struct Server {
    bin: PathBuf,
    dir: TempDir,
    port: u16,
    settings: Vec<String>,
    process: Mutex<Option<Child>>,
}

impl Server {
    /// A running one on a free port, with these settings (`name=value`) beside its defaults.
    ///
    /// # Panics
    /// Without Debian's PostgreSQL, and if it does not answer within 20 s.
    #[must_use]
    pub fn new(settings: &[&str]) -> Self {
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
        let mut initdb = unprivileged(&bin.join("initdb"));
        initdb.args(["-A", "trust", "-U", "keepset", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]);
        let output = initdb.arg(dir.path().join("data")).current_dir(dir.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let port = free_port();
        let settings = ["listen_addresses=127.0.0.1", "max_connections=200"].iter().chain(settings);
        let settings = settings.map(|setting| (*setting).to_owned()).collect();
        let server = Self { bin, dir, port, settings, process: Mutex::new(None) };
        server.start();
        server
    }

    /// Starts it again, with what was in it and where it was.
    ///
    /// # Panics
    /// As [`Server::new`].
    pub fn start(&self) {
        let mut postgres = unprivileged(&self.bin.join("postgres"));
        postgres.arg("-D").arg(self.dir.path().join("data")).arg("-k").arg(self.dir.path());
        postgres.args(["-p", &self.port.to_string()]);
        postgres.args(self.settings.iter().flat_map(|setting| ["-c", setting]));
        let log = self.dir.path().join("log");
        let said = File::create(&log).unwrap();
        postgres.current_dir(self.dir.path()).stdout(Stdio::null()).stderr(said);
        *self.process.lock().unwrap() = Some(postgres.spawn().unwrap());
        for _ in 0..400 {
            if self.client("pg_isready").arg("-q").status().unwrap().success() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the PostgreSQL does not answer: {}", std::fs::read_to_string(&log).unwrap_or_default());
    }

    /// Ends it. `INT`: at once, but in order; `QUIT`: as after a crash.
    ///
    /// # Panics
    /// If a thread panicked while it did the same.
    pub fn stop(&self, signal: &str) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            let _ = Command::new("kill").args(["-s", signal, &process.id().to_string()]).status();
            let _ = process.wait();
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Keeps everybody else from a table of that database (a URL that [`Server::create`] gave), until the answer is dropped.
    ///
    /// # Panics
    /// If there is no `psql`.
    #[must_use]
    pub fn lock(&self, url: &str, table: &str) -> Lock {
        let database = url.rsplit('/').next().and_then(|rest| rest.split('?').next()).unwrap_or_default();
        let mut psql = self.client("psql");
        psql.args(["-q", "-d", database]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut psql = psql.spawn().unwrap();
        let lock = format!("BEGIN;\nLOCK TABLE {table};\n\\echo locked\n");
        psql.stdin.as_mut().unwrap().write_all(lock.as_bytes()).unwrap();
        let mut said = String::new();
        BufReader::new(psql.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "locked\n");
        Lock(psql)
    }

    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.args(["-h", "127.0.0.1", "-U", "keepset", "-p", &self.port.to_string()]);
        command
    }

    /// A new, empty database, as a URL.
    ///
    /// # Panics
    /// If the server refuses.
    #[must_use]
    pub fn create(&self) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("db{}", NEXT.fetch_add(1, Ordering::Relaxed));
        assert!(self.client("createdb").arg(&name).status().unwrap().success());
        format!("postgres://keepset@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    /// What a statement answers, as text.
    ///
    /// # Panics
    /// If the server refuses.
    #[must_use]
    pub fn ask(&self, statement: &str) -> String {
        let output = self.client("psql").args(["-qAt", "-d", "postgres", "-c", statement]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

/// A table that is locked.
#[derive(Debug)]
pub struct Lock(Child);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop("QUIT");
        // It belongs to the user `postgres`.
        let _ = std::fs::remove_dir_all(self.dir.path());
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0"
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
