//! The command that was just built, as a gateway and as what looks after its store.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use keepset_agents::http::{Credentials, Transport};
use keepset_agents::inventory::{Inventory, Overwrite};
use keepset_agents::session::Target;
use tempfile::TempDir;

/// Everybody's.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// `admin` with that.
pub(crate) const BASIC: &str = "Basic YWRtaW46Y29ycmVjdCBob3JzZSBiYXR0ZXJ5";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// An empty store of its own, and a folder for what else there is.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    store: Vec<String>,
}

impl Place {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let dir = TempDir::new().unwrap();
                Self::in_folder(&dir.path().join("data"), dir)
            }
            Kind::Postgres => Self::of_url(&keepset_postgres::shared().create()),
        }
    }

    /// A store in that folder.
    pub(crate) fn in_folder(folder: &Path, dir: TempDir) -> Self {
        Self { store: vec!["--data-dir".to_owned(), folder.to_str().unwrap().to_owned()], dir }
    }

    /// A store in that database.
    pub(crate) fn of_url(url: &str) -> Self {
        Self { store: vec!["--store".to_owned(), url.to_owned()], dir: TempDir::new().unwrap() }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        self.prepare(&mut command);
        command.args(arguments).args(&self.store);
        command
    }

    /// The store, as a URL.
    pub(crate) fn url(&self) -> String {
        match self.store.as_slice() {
            [flag, folder] if flag == "--data-dir" => {
                fs::create_dir_all(folder).unwrap();
                format!("sqlite://{folder}/keepset.db")
            }
            [_, url] => url.clone(),
            _ => unreachable!(),
        }
    }

    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.dir.path()).stdin(Stdio::null()).env_clear();
        command
            .env("KEEPSET_ADMIN_PASSWORD", PASSWORD)
            .env("KEEPSET_USER_PASSWORD", PASSWORD)
            .env("NO_COLOR", "1");
        // Compiled once for all cases.
        command.env("KEEPSET_CACHE_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins"));
    }

    /// Runs a command on the store, and says what it printed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// What `keepset store check` says: nothing that is wrong.
    #[track_caller]
    pub(crate) fn is_whole(&self) {
        assert_eq!(self.run(&["store", "check"]), "ok\n");
    }
}

/// A gateway that serves. It ends with the test.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) url: String,
    log: PathBuf,
}

impl Gateway {
    /// Starts one on a free port, which it can have again.
    pub(crate) fn start(place: &Place, arguments: &[&str]) -> Self {
        Self::start_at(place, &format!("127.0.0.1:{}", keepset_postgres::free_port()), arguments)
    }

    /// Starts one that overwrites, or does not.
    pub(crate) fn start_with(place: &Place, overwrite: Overwrite) -> Self {
        Self::start(place, &[overwrite_flag(overwrite)])
    }

    /// Starts one where it listened before.
    pub(crate) fn start_again(&self, place: &Place, arguments: &[&str]) -> Self {
        Self::start_at(place, self.address(), arguments)
    }

    fn start_at(place: &Place, address: &str, arguments: &[&str]) -> Self {
        let mut serve = place.command(&["serve", "--listen", address]);
        serve.args(arguments);
        Self::start_command(place, &serve, address)
    }

    /// Starts what that command says, under the same rules.
    pub(crate) fn start_command(place: &Place, serve: &Command, address: &str) -> Self {
        // Ends with us, however we end.
        let mut command = Command::new("setpriv");
        place.prepare(&mut command);
        command.args(["--pdeathsig", "KILL"]).arg(serve.get_program()).args(serve.get_args());
        let log =
            tempfile::Builder::new().prefix("serve-").suffix(".log").tempfile_in(place.dir.path()).unwrap();
        let (file, log) = log.keep().unwrap();
        command.stdout(Stdio::null()).stderr(file).process_group(0);
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        let url = loop {
            let text = fs::read_to_string(&log).unwrap();
            if let Some((_, rest)) = text.split_once("listening on http://") {
                break format!("http://{}", rest.split_whitespace().next().unwrap());
            }
            if let Some(status) = child.try_wait().unwrap() {
                panic!("it does not serve on {address}, {status}: {text}");
            }
            assert!(start.elapsed() < Duration::from_secs(120), "it does not serve: {text}");
            std::thread::sleep(Duration::from_millis(10));
        };
        Self { child, url, log }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.id()]).status().unwrap().success());
    }

    /// Waits until it ended by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "it does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// How an agent reaches it, as the admin and for that account.
    pub(crate) fn target(&self, account: &str) -> Target {
        Target::new(&self.url, "admin", PASSWORD, account)
    }

    /// All that it lists for an account.
    pub(crate) async fn inventory(&self, account: &str) -> Inventory {
        let read = Inventory::read(&patient(), &self.url, &admin(), account).await;
        read.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn overwrite_flag(overwrite: Overwrite) -> &'static str {
    match overwrite {
        Overwrite::On => "--image-ingest-overwrite=true",
        Overwrite::Off => "--image-ingest-overwrite=false",
    }
}

pub(crate) fn admin() -> Credentials {
    Credentials { user: "admin".to_owned(), password: PASSWORD.to_owned() }
}

/// For those who read, and have time.
pub(crate) fn patient() -> Transport {
    Transport::new(Duration::from_secs(60))
}

/// Accounts of a store, made before anybody serves it.
pub(crate) async fn add_accounts(place: &Place, names: &[String]) {
    let store = keepset_store::Store::open(&place.url()).await.unwrap();
    let accounts = keepset_gateway::Accounts::new(store.clone());
    drop(accounts.bootstrap_admin(Some(PASSWORD), keepset_agents::now()).await.unwrap());
    for name in names {
        accounts.add_account(name, keepset_agents::now()).await.unwrap();
    }
    store.close().await;
}

/// The command: `$KEEPSET_BIN`, or built now, in the same target folder as this test.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("KEEPSET_BIN") {
            return given.into();
        }
        let tests = std::env::current_exe().unwrap();
        let folder = tests.parent().and_then(Path::parent).unwrap().to_owned();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "keepset"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        if folder.ends_with("release") {
            build.arg("--release");
        }
        build.arg("--target-dir").arg(folder.parent().unwrap());
        assert!(build.status().unwrap().success(), "keepset does not build");
        folder.join("keepset")
    })
}

/// A file with that in it.
pub(crate) fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

/// A file of zeros.
pub(crate) fn fill(path: &Path, bytes: u64) {
    let mut zeros = std::io::Read::take(std::io::repeat(0), bytes);
    // Less is as good: then there is no room at all.
    let _ = std::io::copy(&mut zeros, &mut File::create(path).unwrap());
}
