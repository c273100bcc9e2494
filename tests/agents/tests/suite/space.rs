//! A disk that is full, and then is not.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use keepset_agents::fleet::{self, Member};
use keepset_agents::inventory::Overwrite;
use tempfile::TempDir;

use crate::fleet::{member, tell};
use crate::gateway::{Gateway, Kind, Place, add_accounts, fill, overwrite_flag};

crate::cases!(
    a_full_file_system_is_503_until_there_is_room,
    a_limit_of_the_files_size_is_503_until_it_is_lifted
);

/// A small file system of one's own, if one may have it.
struct Mount(PathBuf);

impl Mount {
    fn new(place: PathBuf) -> Option<Self> {
        fs::create_dir_all(&place).unwrap();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(&place).output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(Self(place))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

async fn report(members: Vec<Member>, seconds: u64) -> (Vec<Member>, fleet::Summary) {
    let never = Arc::new(AtomicBool::new(false));
    fleet::run_on(members, Duration::from_secs(seconds), &never).await
}

async fn members(gateway: &Gateway) -> Vec<Member> {
    (0..3).map(|number| member(number, gateway.target(&format!("a{number}")), Overwrite::On, 120)).collect()
}

/// Each account is where an acknowledgement left it, or a report whose answer was 5xx.
async fn nothing_is_lost(gateway: &Gateway, members: &mut [Member]) {
    for (number, member) in members.iter_mut().enumerate() {
        let account = format!("a{number}");
        let settled = member.memory.settle(&account, &gateway.inventory(&account).await);
        settled.unwrap_or_else(|difference| panic!("{account}: {difference}"));
    }
}

fn accounts() -> Vec<String> {
    (0..3).map(|number| format!("a{number}")).collect()
}

#[track_caller]
fn all_503(summary: &fleet::Summary) {
    for error in summary.errors.keys() {
        assert!(error.starts_with("answered 503"), "{summary}");
    }
}

async fn a_full_file_system_is_503_until_there_is_room(kind: Kind) {
    let dir = TempDir::new().unwrap();
    let Some(mount) = Mount::new(dir.path().join("mount")) else {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "skipped: no file system may be mounted here");
        return;
    };
    // Logs and all else are outside of it.
    let place = Place::in_folder(&mount.0.join("data"), TempDir::new().unwrap());
    add_accounts(&place, &accounts()).await;
    let mut gateway = Gateway::start_with(&place, Overwrite::On);
    let (before, summary) = report(members(&gateway).await, 1).await;
    assert_eq!(summary.errors(), 0, "{summary}");
    let filler = mount.0.join("filler");
    fill(&filler, 64 << 20);
    let (mut full, summary) = report(before, 2).await;
    tell("on a full disk", kind, &summary);
    assert!(summary.errors() > 0, "nobody noticed that the disk is full: {summary}");
    all_503(&summary);
    nothing_is_lost(&gateway, &mut full).await;
    // A restart on the full disk neither loses nor breaks anything, whether it comes up or not.
    gateway.kill();
    fs::remove_file(&filler).unwrap();
    place.is_whole();
    let mut gateway = gateway.start_again(&place, &[overwrite_flag(Overwrite::On)]);
    nothing_is_lost(&gateway, &mut full).await;
    fill(&filler, 64 << 20);
    let (full, summary) = report(full, 1).await;
    all_503(&summary);
    fs::remove_file(&filler).unwrap();
    // It recovers by itself.
    let (mut after, summary) = report(full, 1).await;
    assert_eq!(summary.errors(), 0, "{summary}\n{}", gateway.log());
    nothing_is_lost(&gateway, &mut after).await;
    assert!(gateway.is_alive());
    drop(gateway);
    place.is_whole();
}

async fn a_limit_of_the_files_size_is_503_until_it_is_lifted(kind: Kind) {
    let place = Place::new(kind);
    add_accounts(&place, &accounts()).await;
    // A signal that is ignored stays so: writing then fails, as with a quota.
    let serve = place.command(&["serve", "--listen", "127.0.0.1:0", overwrite_flag(Overwrite::On)]);
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" XFSZ; exec "$@""#, "sh"]).arg(serve.get_program()).args(serve.get_args());
    let mut gateway = Gateway::start_command(&place, &shell, "127.0.0.1:0");
    let (before, summary) = report(members(&gateway).await, 1).await;
    assert_eq!(summary.errors(), 0, "{summary}");
    // The log of the database may not grow beyond what it has, and its own log must.
    let limit = |bytes: &str| {
        let prlimit =
            Command::new("prlimit").args(["--pid", &gateway.id(), &format!("--fsize={bytes}:")]).output();
        let prlimit = prlimit.unwrap();
        assert!(prlimit.status.success(), "{}", String::from_utf8_lossy(&prlimit.stderr));
    };
    limit("65536");
    let (mut full, summary) = report(before, 2).await;
    tell("beyond a quota", kind, &summary);
    assert!(summary.errors() > 0, "{summary}");
    all_503(&summary);
    nothing_is_lost(&gateway, &mut full).await;
    limit("unlimited");
    let (mut after, summary) = report(full, 1).await;
    assert_eq!(summary.errors(), 0, "{summary}\n{}", gateway.log());
    nothing_is_lost(&gateway, &mut after).await;
    assert!(gateway.is_alive());
    drop(gateway);
    place.is_whole();
}
