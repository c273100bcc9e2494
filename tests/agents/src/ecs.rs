//! `anchore-ecs-inventory`: what it does, in the order in which it does it.

use futures_util::future::join_all;

use crate::now;
use crate::region::Region;
use crate::release::Release;
use crate::session::{Path, Sent, Session, Target};
use crate::wire::{EcsReport, Report};

/// The agent, and the region that it looks at.
#[derive(Debug)]
pub struct EcsAgent {
    /// What it reports on.
    pub region: Region,
    session: Session,
    path: Path,
}

impl EcsAgent {
    /// An agent that was not started yet.
    #[must_use]
    pub fn new(release: Release, target: Target, region: Region) -> Self {
        let session = Session::new(release, target);
        Self { region, path: session.first_path(), session }
    }

    /// Sends it to another gateway of the same store.
    pub fn point_at(&mut self, url: &str) {
        url.clone_into(&mut self.session.target.url);
    }

    /// The path that it posts to now.
    #[must_use]
    pub fn path(&self) -> Path {
        self.path
    }

    /// Probes its credentials. It goes on whatever the answer.
    pub async fn start(&mut self) -> Sent {
        let probe = EcsReport {
            timestamp: now().to_string(),
            cluster_arn: "validating-creds".to_owned(),
            containers: Vec::new(),
            tasks: Vec::new(),
            services: Vec::new(),
        };
        let Target { credentials, account, .. } = &self.session.target;
        self.session.report(&mut self.path, &Report::Ecs(probe), account, credentials).await
    }

    /// Posts a report of each cluster in which something runs, all at once.
    pub async fn poll(&mut self) -> Vec<Sent> {
        let Target { credentials, account, .. } = &self.session.target;
        let reports = self.region.reports(&now().to_string());
        let (session, path) = (&self.session, self.path);
        let sending = reports.into_iter().map(|report| async move {
            let mut path = path;
            (session.report(&mut path, &Report::Ecs(report), account, credentials).await, path)
        });
        let sent = join_all(sending).await;
        if let Some((_, found)) = sent.iter().find(|(_, found)| *found != path) {
            self.path = *found;
        }
        sent.into_iter().map(|(sent, _)| sent).collect()
    }
}
