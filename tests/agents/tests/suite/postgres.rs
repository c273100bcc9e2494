//! A PostgreSQL of the tests' own, over TCP as in production, that can be stopped and started again.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

static SHARED: OnceLock<Server> = OnceLock::new();

/// The one that most cases share, each with a database of its own.
pub(crate) fn shared() -> &'static Server {
    SHARED.get_or_init(|| {
        let (send, receive) = mpsc::channel();
        // It ends with the thread that started it: that of a case ends too early.
        thread::spawn(move || {
            send.send(Server::new()).unwrap();
            loop {
                thread::park();
            }
        });
        receive.recv().expect("the PostgreSQL did not start")
    })
}

/// Ends it, if it was started; nobody wants what is in it.
pub(crate) fn stop() {
    if let Some(server) = SHARED.get() {
        server.stop("QUIT");
        let _ = std::fs::remove_dir_all(server.dir.path());
    }
}

pub(crate) struct Server {
    bin: PathBuf,
    dir: TempDir,
    port: u16,
    process: Mutex<Option<Child>>,
}

impl Server {
    pub(crate) fn new() -> Self {
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
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { bin, dir, port, process: Mutex::new(None) };
        server.start();
        server
    }

    pub(crate) fn start(&self) {
        let process = unprivileged(&self.bin.join("postgres"))
            .arg("-D")
            .arg(self.dir.path().join("data"))
            .arg("-k")
            .arg(self.dir.path())
            .args([
                "-p",
                &self.port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "max_connections=200",
            ])
            .current_dir(self.dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        *self.process.lock().unwrap() = Some(process);
        for _ in 0..400 {
            if self.client("pg_isready").arg("-q").status().unwrap().success() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the PostgreSQL does not answer");
    }

    /// INT: at once, but in order; QUIT: as after a crash.
    pub(crate) fn stop(&self, signal: &str) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            let _ = Command::new("kill").args(["-s", signal, &process.id().to_string()]).status();
            let _ = process.wait();
        }
    }

    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.args(["-h", "127.0.0.1", "-U", "keepset", "-p", &self.port.to_string()]);
        command
    }

    /// A database, as a URL.
    pub(crate) fn create(&self) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("db{}", NEXT.fetch_add(1, Ordering::Relaxed));
        assert!(self.client("createdb").arg(&name).status().unwrap().success());
        format!("postgres://keepset@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop("QUIT");
    }
}

pub(crate) fn is_root() -> bool {
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
