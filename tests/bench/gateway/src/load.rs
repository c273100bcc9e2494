//! Agents that post one report after the other, each over a new connection, as the real ones do.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use keepset_agents::http::{Reply, Request, Transport};

use crate::reports::{Churn, Polls};
use crate::server::credentials;

/// Nobody gives up here: what takes long is to be seen.
const PATIENCE: Duration = Duration::from_secs(300);

/// How a turn went.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// Of each report, until it was acknowledged.
    pub took: Vec<Duration>,
    /// From the first report on until the last was acknowledged.
    pub lasted: Duration,
}

impl Turn {
    /// Reports per second.
    pub fn rate(&self) -> f64 {
        self.took.len() as f64 / self.lasted.as_secs_f64()
    }
}

pub async fn post(transport: &Transport, url: &str, body: Vec<u8>) -> Reply {
    let url = format!("{url}/v2/kubernetes-inventory");
    let request =
        Request { url, body: Some(body), credentials: Some(&credentials()), account: Some("admin") };
    let reply = transport.send(request).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.message());
    reply
}

pub fn transport() -> Transport {
    Transport::new(PATIENCE)
}

/// Has each agent post until the time is over, or once if there is none; what was sent is waited for.
pub async fn turn(url: &str, agents: &mut [Polls], churn: Churn, time: Duration) -> Turn {
    let begun = Instant::now();
    let agent = async |polls: &mut Polls| {
        let transport = transport();
        let mut took = Vec::new();
        loop {
            let body = polls.next(churn);
            let sent = Instant::now();
            post(&transport, url, body).await;
            took.push(sent.elapsed());
            if begun.elapsed() >= time {
                return took;
            }
        }
    };
    let took = join_all(agents.iter_mut().map(agent)).await;
    Turn { took: took.into_iter().flatten().collect(), lasted: begun.elapsed() }
}

/// The time within which so many of a hundred were acknowledged.
pub fn percentile(took: &mut [Duration], percent: usize) -> Duration {
    took.sort_unstable();
    took[(took.len() * percent / 100).min(took.len() - 1)]
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
