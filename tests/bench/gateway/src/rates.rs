//! Reports per second and latencies, turn by turn beside the peer.

use std::time::Duration;

use keepset_bench_page::{Bars, Table, bars, count};

use crate::load::{Turn, median, percentile, turn};
use crate::reports::{Churn, Polls};
use crate::server::{Contestant, Kind, OVERWRITE, Running, World};
use crate::{Scale, milliseconds};

/// What is varied, one thing at a time.
#[derive(Clone, Copy, Debug)]
struct Case {
    kind: Kind,
    containers: usize,
    agents: usize,
    churn: Churn,
}

struct Measured {
    case: Case,
    keepset: Vec<Turn>,
    peer: Vec<Turn>,
}

/// A page's section, and its plots.
pub struct Rates {
    pub text: String,
    pub plots: Vec<(String, String)>,
}

/// Measures all cases.
pub async fn measure(world: &World, scale: &Scale) -> Rates {
    let mut measured = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let databases = [world.database(kind), world.database(kind)];
        let keepset = world.start(Contestant::Keepset, &databases[0], &[OVERWRITE]);
        let peer = world.start(Contestant::Peer, &databases[1], &[]);
        for containers in [1_000, 10_000] {
            let most = *scale.agents.last().unwrap();
            let mut of_keepset = clusters(most, containers);
            let mut of_peer = clusters(most, containers);
            eprintln!("{}: {most} clusters of {containers} containers", kind.name());
            for (running, polls) in [(&keepset, &mut of_keepset), (&peer, &mut of_peer)] {
                // The first one alone: its password is hashed once.
                for agents in [1, polls.len()] {
                    turn(&running.url, &mut polls[..agents], Churn::Unchanged, Duration::ZERO).await;
                }
            }
            for agents in scale.agents.iter().copied() {
                for churn in [Churn::Unchanged, Churn::FivePercent] {
                    let case = Case { kind, containers, agents, churn };
                    let both = [(&keepset, &mut of_keepset), (&peer, &mut of_peer)];
                    let measured_now = measure_case(world, scale, case, both).await;
                    eprintln!(
                        "{case:?}: {:.1}, peer {:.1}",
                        measured_now.rate(),
                        measured_now.rate_of_peer()
                    );
                    measured.push(measured_now);
                }
            }
        }
    }
    written(&measured)
}

fn clusters(count: usize, containers: usize) -> Vec<Polls> {
    let cluster =
        |number: usize| Polls::new(&format!("prod-{containers}-{number}"), number as u64, containers);
    (0..count).map(cluster).collect()
}

async fn measure_case(
    world: &World,
    scale: &Scale,
    case: Case,
    [(keepset, of_keepset), (peer, of_peer)]: [(&Running, &mut Vec<Polls>); 2],
) -> Measured {
    let mut measured = Measured { case, keepset: Vec::new(), peer: Vec::new() };
    for round in 0..scale.rounds {
        let mut turns = [
            (&keepset.url, &mut *of_keepset, &mut measured.keepset),
            (&peer.url, &mut *of_peer, &mut measured.peer),
        ];
        // Who goes second finds the disk as the first one left it.
        if round % 2 == 1 {
            turns.reverse();
        }
        for (url, polls, turns) in turns {
            world.settle(case.kind);
            turns.push(turn(url, &mut polls[..case.agents], case.churn, scale.turn).await);
        }
    }
    measured
}

fn rates(turns: &[Turn]) -> Vec<f64> {
    turns.iter().map(Turn::rate).collect()
}

fn all(turns: &[Turn]) -> Vec<Duration> {
    turns.iter().flat_map(|turn| turn.took.iter().copied()).collect()
}

impl Measured {
    fn rate(&self) -> f64 {
        median(&mut rates(&self.keepset))
    }

    fn rate_of_peer(&self) -> f64 {
        median(&mut rates(&self.peer))
    }

    /// The median of the rounds' ratios: both turns of a round see the same machine.
    fn ratio(&self) -> f64 {
        let turns = self.keepset.iter().zip(&self.peer);
        median(&mut turns.map(|(keepset, peer)| keepset.rate() / peer.rate()).collect::<Vec<_>>())
    }

    fn p99(&self) -> Duration {
        percentile(&mut all(&self.keepset), 99)
    }
}

fn written(measured: &[Measured]) -> Rates {
    let mut text = format!("{EXPLAINED}\n");
    let mut plots = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let of_kind = || measured.iter().filter(|measured| measured.case.kind == kind);
        let mut table = Table::new(&[
            "containers",
            "report",
            "agents",
            "reports/s",
            "least",
            "p50",
            "p99",
            "obvious, reports/s",
            "p50",
            "p99",
            "ratio",
        ]);
        for measured in of_kind() {
            let Case { containers, churn, agents, .. } = measured.case;
            let least = rates(&measured.keepset).into_iter().fold(f64::MAX, f64::min);
            let (mut ours, mut theirs) = (all(&measured.keepset), all(&measured.peer));
            table.row([
                count(containers),
                churn.name().to_owned(),
                agents.to_string(),
                format!("{:.1}", measured.rate()),
                format!("{least:.1}"),
                milliseconds(percentile(&mut ours, 50)),
                milliseconds(percentile(&mut ours, 99)),
                format!("{:.1}", measured.rate_of_peer()),
                milliseconds(percentile(&mut theirs, 50)),
                milliseconds(percentile(&mut theirs, 99)),
                format!("{:.1} x", measured.ratio()),
            ]);
        }
        let name = format!("gateway-{}.svg", kind.name().to_lowercase());
        text.push_str(&format!(
            "\n### {}\n\n{table}\n![Reports per second, {}]({name})\n",
            kind.name(),
            kind.name()
        ));
        let groups: Vec<Bars> = of_kind()
            .map(|measured| Bars {
                label: format!(
                    "{}\n{}\n{} agents",
                    count(measured.case.containers),
                    measured.case.churn.name(),
                    measured.case.agents
                ),
                heights: vec![measured.rate(), measured.rate_of_peer()],
            })
            .collect();
        let title = format!("{}: reports per second, by containers, change and agents", kind.name());
        plots.push((
            name,
            bars(&title, "reports/s", &[Contestant::Keepset.name(), Contestant::Peer.name()], &groups),
        ));
    }
    text.push_str(&aims(measured));
    Rates { text, plots }
}

/// What was to be reached, and what was.
fn aims(measured: &[Measured]) -> String {
    let least = |churn: Churn, containers: usize| {
        let of = measured.iter().filter(|of| of.case.churn == churn && of.case.containers == containers);
        of.map(Measured::ratio).fold(f64::MAX, f64::min)
    };
    let slowest = measured
        .iter()
        .filter(|of| of.case.agents == 8 && of.case.containers == 10_000)
        .map(Measured::p99)
        .max();
    let mut table = Table::new(&["aim", "1 000 containers", "10 000 containers"]);
    for (aim, churn) in
        [("unchanged: 10 x the obvious way", Churn::Unchanged), ("5 % changed: 3 x", Churn::FivePercent)]
    {
        let least = |containers| format!("{:.1} x at least", least(churn, containers));
        table.row([aim.to_owned(), least(1_000), least(10_000)]);
    }
    let slowest = slowest.map_or_else(String::new, milliseconds);
    table.row(["p99 < 1 s at 8 agents".to_owned(), String::new(), format!("{slowest} at most")]);
    format!("\n### Aims\n\n{table}\n{MISSED}")
}

const MISSED: &str = "\
Where an aim is missed, the next section says what the time goes to:

* Of a small report that says nothing new hardly more is left than what both have to do: a connection, a login, taking the body \
in, a commit. One agent waits for all of that; many share the commits.
* A report in which something changed is read, every entry of it, by the plugin in WebAssembly: that alone takes about a third \
of the time that the obvious way takes for everything. What is read is then compared with what is stored; only the rest is \
the database's.
";

const EXPLAINED: &str = "Each agent posts one report after the other, each over a new connection and with its lists in another order, as the real ones do; agents and \
server share the machine. *Reports/s* is the median of the turns, *least* their minimum; *ratio* the median over rounds in which \
both have a turn. *The obvious way* is a table with a row for all that runs: each report is upserted and what it names no more is \
deleted, in one transaction of prepared statements (`tests/bench/gateway/src/peer`). It has the same HTTP server, the same database \
and the same durability; it has no accounts, images, warnings or log of removals to look after.";
