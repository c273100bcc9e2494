//! Agents that load a gateway: see the library.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use keepset_agents::cluster::{Cluster, Limits};
use keepset_agents::ecs::EcsAgent;
use keepset_agents::fleet::{self, Agent, Member};
use keepset_agents::inventory::Overwrite;
use keepset_agents::kubernetes::{KubernetesAgent, Options};
use keepset_agents::region::Region;
use keepset_agents::release::{Release, minor_of};
use keepset_agents::session::Target;

/// Reports to a gateway as the inventory agents do, and says how it went
#[derive(Debug, Parser)]
#[command(name = "keepset-agent", version, after_help = "Exits with 1 if there was any error.")]
struct Arguments {
    /// The gateway's root
    #[arg(long, default_value = "http://127.0.0.1:8228")]
    url: String,
    /// User that reports
    #[arg(long, default_value = "admin")]
    user: String,
    /// Its password
    #[arg(long, env = "KEEPSET_AGENT_PASSWORD", hide_env_values = true)]
    password: String,
    /// Account that is reported to
    #[arg(long, default_value = "admin")]
    account: String,
    /// Which agent
    #[arg(long, value_enum, default_value_t = KindArgument::Mixed)]
    kind: KindArgument,
    /// Its version; `mixed` takes them in turn
    #[arg(long, default_value = "mixed")]
    release: String,
    /// How many agents, each with a cluster of its own
    #[arg(long, default_value_t = 1)]
    agents: usize,
    /// Containers of each agent's cluster
    #[arg(long, default_value_t = 500)]
    containers: usize,
    /// Namespaces of a Kubernetes cluster
    #[arg(long, default_value_t = 8)]
    namespaces: usize,
    /// Namespaces of a report, from 1.6 on; 0: all of them
    #[arg(long, default_value_t = 0)]
    batch: usize,
    /// Pods or tasks that are replaced from poll to poll, in percent
    #[arg(long, default_value_t = 5)]
    churn: u32,
    /// Seconds between two polls; 0: as fast as possible
    #[arg(long, default_value_t = 0)]
    interval: u64,
    /// Seconds
    #[arg(long, default_value_t = 30)]
    duration: u64,
    /// Seconds to wait for a gateway at the start
    #[arg(long, default_value_t = 60)]
    patience: u64,
    /// What the clusters are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KindArgument {
    K8s,
    Ecs,
    Mixed,
}

impl Arguments {
    fn releases(&self) -> Result<Vec<Release>, String> {
        let all = Release::all();
        let all: Vec<Release> = match self.release.as_str() {
            "mixed" => all,
            version => {
                let minor = minor_of(version).map_err(|error| error.to_string())?;
                vec![Release::kubernetes(minor), Release::ecs(minor)]
            }
        };
        let is_wanted = |release: &Release| match self.kind {
            KindArgument::K8s => release.kind == Release::kubernetes(0).kind,
            KindArgument::Ecs => release.kind == Release::ecs(0).kind,
            KindArgument::Mixed => true,
        };
        Ok(all.into_iter().filter(is_wanted).collect())
    }

    fn member(&self, release: Release, seed: u64) -> Member {
        let target = Target::new(&self.url, &self.user, &self.password, &self.account);
        let name = format!("simulated-{seed}");
        let agent = if release.kind == Release::ecs(0).kind {
            let region = Region::new(&name, seed, 1, self.containers);
            Agent::Ecs(Box::new(EcsAgent::new(release, target, region)))
        } else {
            let cluster = Cluster::new(&name, seed, self.namespaces, self.containers);
            let options = Options {
                limits: Limits { namespaces: self.batch, ..Limits::default() },
                patience: Duration::from_secs(self.patience),
                ..Options::default()
            };
            Agent::Kubernetes(Box::new(KubernetesAgent::new(release, target, options, cluster, seed)))
        };
        let member = Member::new(agent, Overwrite::Off, self.churn);
        Member { interval: Duration::from_secs(self.interval), ..member }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let releases = match arguments.releases() {
        Ok(releases) => releases,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            return ExitCode::from(2);
        }
    };
    let seeds = (arguments.seed..).take(arguments.agents);
    let members = seeds.zip(releases.iter().cycle()).map(|(seed, release)| arguments.member(*release, seed));
    let duration = Duration::from_secs(arguments.duration);
    let never = Arc::new(AtomicBool::new(false));
    let (_, summary) = fleet::run(members.collect(), duration, &never).await;
    let _ = writeln!(std::io::stdout(), "{summary}");
    ExitCode::from(u8::from(summary.errors() > 0))
}
