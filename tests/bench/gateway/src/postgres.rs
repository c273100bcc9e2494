//! A PostgreSQL of the bench's own. Its log is synced as it is by default; memory and log are those of a server that
//! somebody looked after.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=1GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=30min",
];

pub struct Server {
    bin: PathBuf,
    dir: TempDir,
    port: u16,
    process: Child,
}

impl Server {
    pub fn new() -> Self {
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
        initdb.args(["-A", "trust", "-U", "keepset", "-E", "UTF8", "--locale=C.UTF-8", "-D"]);
        let output = initdb.arg(dir.path().join("data")).current_dir(dir.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut postgres = unprivileged(&bin.join("postgres"));
        postgres.arg("-D").arg(dir.path().join("data")).arg("-k").arg(dir.path());
        postgres.args(["-p", &port.to_string()]).args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        postgres.current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { process: postgres.spawn().unwrap(), bin, dir, port };
        for _ in 0..400 {
            if server.client("pg_isready").arg("-q").status().unwrap().success() {
                return server;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the PostgreSQL does not answer");
    }

    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.args(["-h", "127.0.0.1", "-U", "keepset", "-p", &self.port.to_string()]);
        command
    }

    /// A database, as a URL.
    pub fn create(&self) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("db{}", NEXT.fetch_add(1, Ordering::Relaxed));
        assert!(self.client("createdb").arg(&name).status().unwrap().success());
        format!("postgres://keepset@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    /// What a statement answers, as text.
    pub fn ask(&self, statement: &str) -> String {
        let output = self.client("psql").args(["-qAt", "-d", "postgres", "-c", statement]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // At once; nobody wants what is in it.
        let _ = Command::new("kill").args(["-s", "QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(self.dir.path());
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0"
}

/// PostgreSQL does not run as root; and it ends with us, however we end.
fn unprivileged(program: &std::path::Path) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "INT"]).arg(program);
    command
}
