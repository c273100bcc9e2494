//! What both agents do alike: posting a report, and looking for the path of the API after a 404.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{Credentials, NoReply, Reply, Request, Transport};
use crate::release::{Kind, Release};
use crate::wire::Report;

/// How an agent reaches the gateway.
#[derive(Clone, Debug)]
pub struct Target {
    /// As the agent is given it: paths are put behind it as they are.
    pub url: String,
    /// Who posts.
    pub credentials: Credentials,
    /// `anchore.account`.
    pub account: String,
    /// How long it waits for an answer: 10 s.
    pub timeout: Duration,
}

impl Target {
    /// With the time-out that the agents have.
    #[must_use]
    pub fn new(url: &str, user: &str, password: &str, account: &str) -> Self {
        let credentials = Credentials { user: user.to_owned(), password: password.to_owned() };
        Self {
            url: url.to_owned(),
            credentials,
            account: account.to_owned(),
            timeout: Duration::from_secs(10),
        }
    }
}

/// Why a report was not taken.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Failure {
    /// Another status than success.
    #[error("answered {0} {1:?}")]
    Refused(u16, String),
    /// Success, with a body that is no JSON: the agent takes it for a login page.
    #[error("answered {0} with what is not a valid json response")]
    NotJson(u16),
    /// The account is not there, or the user may not use it.
    #[error("answered {0}: the account is not there for this user")]
    NoAccount(u16),
    /// Nothing came back: whether the report was taken is not known.
    #[error(transparent)]
    NoReply(#[from] NoReply),
}

impl Failure {
    /// Whether the report may have been taken all the same: the answer got lost, or the database's did.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.status().is_none_or(|status| status >= 500)
    }

    /// The status that was answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(status, _) | Self::NotJson(status) | Self::NoAccount(status) => Some(*status),
            Self::NoReply(_) => None,
        }
    }
}

/// A report that was posted, and what became of it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The account that it was for.
    pub account: String,
    /// What was posted.
    pub report: Report,
    /// How long it took, all requests together.
    pub took: Duration,
    /// None: it was taken.
    pub failure: Option<Failure>,
}

/// Which paths it posts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// `/v1/enterprise/...`
    V1,
    /// `/v2/...`
    V2,
}

impl Path {
    fn of(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::V1, Kind::Kubernetes) => "v1/enterprise/kubernetes-inventory",
            (Self::V2, Kind::Kubernetes) => "v2/kubernetes-inventory",
            (Self::V1, Kind::Ecs) => "v1/enterprise/ecs-inventory",
            (Self::V2, Kind::Ecs) => "v2/ecs-inventory",
        }
    }
}

/// A conversation with a gateway.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) release: Release,
    pub(crate) target: Target,
    pub(crate) transport: Transport,
}

impl Session {
    pub(crate) fn new(release: Release, target: Target) -> Self {
        Self { release, transport: Transport::new(target.timeout), target }
    }

    /// The path that a new agent begins with.
    pub(crate) fn first_path(&self) -> Path {
        if self.release.speaks_v2() { Path::V2 } else { Path::V1 }
    }

    /// `{url}/version`, without credentials.
    pub(crate) async fn version(&self) -> Result<Reply, NoReply> {
        let url = format!("{}/version", self.target.url);
        self.transport.send(Request { url, body: None, credentials: None, account: None }).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: Vec<u8>,
        account: &str,
        credentials: &Credentials,
    ) -> Result<Reply, NoReply> {
        let url = format!("{}/{path}", self.target.url);
        let (body, credentials, account) = (Some(body), Some(credentials), Some(account));
        self.transport.send(Request { url, body, credentials, account }).await
    }

    /// Posts a report; on a 404 looks which version of the API there is, and posts it again if that is another one.
    pub(crate) async fn report(
        &self,
        path: &mut Path,
        report: &Report,
        account: &str,
        credentials: &Credentials,
    ) -> Sent {
        let begun = Instant::now();
        let failure = self.try_report(path, report, account, credentials).await.err();
        Sent { account: account.to_owned(), report: report.clone(), took: begun.elapsed(), failure }
    }

    async fn try_report(
        &self,
        path: &mut Path,
        report: &Report,
        account: &str,
        credentials: &Credentials,
    ) -> Result<(), Failure> {
        let kind = self.release.kind;
        loop {
            let body = report.body().map_err(|error| Failure::Refused(0, error.to_string()))?;
            let reply = self.post(path.of(kind), body, account, credentials).await?;
            match reply.status {
                404 if self.release.speaks_v2() => {
                    let before = *path;
                    self.look_for_path(path).await?;
                    if *path == before {
                        return Err(self.not_found(&reply));
                    }
                }
                403 if self.release.routes_accounts() => return Err(Failure::NoAccount(403)),
                200..300 if reply.is_success() || !self.release.speaks_v2() => return Ok(()),
                status @ 200..300 => return Err(Failure::NotJson(status)),
                status => return Err(Failure::Refused(status, reply.message())),
            }
        }
    }

    fn not_found(&self, reply: &Reply) -> Failure {
        let message = reply.message();
        if self.release.routes_accounts() && message.contains("User account not found") {
            return Failure::NoAccount(404);
        }
        Failure::Refused(
            404,
            if reply.json().is_some() { message } else { "failed to parse response".to_owned() },
        )
    }

    /// Asks `/version` which version of the API there is. The ECS agent takes silence for the first one.
    async fn look_for_path(&self, path: &mut Path) -> Result<(), Failure> {
        let reply = self.version().await;
        let found = reply.as_ref().ok().filter(|reply| reply.status == 200).and_then(Reply::json);
        let found = found.map(|version| match api_version(&version) == Some("2") {
            true => Path::V2,
            false => Path::V1,
        });
        match (found, self.release.kind) {
            (Some(found), _) => *path = found,
            (None, Kind::Ecs) => *path = Path::V1,
            (None, Kind::Kubernetes) => {}
        }
        match (found, reply) {
            (Some(_), _) => Ok(()),
            (None, Ok(reply)) => Err(Failure::Refused(reply.status, "no version".to_owned())),
            (None, Err(error)) => Err(error.into()),
        }
    }
}

fn api_version(version: &Value) -> Option<&str> {
    version.get("api")?.get("version")?.as_str()
}
