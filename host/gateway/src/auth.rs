//! Who is asking, and for which account: HTTP Basic, roles, `x-anchore-account`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keepset_store::User;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Span;

use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::metrics::LoginRefusal;
use crate::password;
use crate::roles::{Action, Permission, Role};

/// The header that names another account than the user's own (contract 1.4).
pub(crate) const ACCOUNT: &str = "x-anchore-account";

/// How long a password is believed without being hashed again: longer than agents take from one report to the next, so that
/// those who were let in once do not wait behind others who try passwords. A changed one is not believed: what is remembered
/// holds for one hash, and the hash is looked up for each request.
const BELIEVED: Duration = Duration::from_secs(86_400);

/// The time in which failures are counted.
const FAILURES: Duration = Duration::from_secs(60);

/// How many passwords are hashed at once: each takes a processor for a while, and 19 MiB.
const HASHING: usize = 2;

/// How long a login waits to be hashed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Failures of one user from one address.
type Failures = Cache<(Box<str>, IpAddr), Arc<AtomicU32>>;

/// Passwords and failures that are remembered for a while.
pub(crate) struct Gate {
    /// Makes what is remembered useless to anybody else.
    secret: [u8; 32],
    believed: Cache<[u8; 32], ()>,
    failures: Failures,
    limit: u32,
    hashing: Arc<Semaphore>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Gate {
    pub(crate) fn new(limit: u32) -> Self {
        let mut secret = [0; 32];
        if let Err(error) = getrandom::fill(&mut secret) {
            tracing::warn!(%error, "no randomness: what is remembered of passwords is not keyed");
        }
        Self {
            secret,
            believed: Cache::builder().max_capacity(10_000).time_to_live(BELIEVED).build(),
            failures: Cache::builder().max_capacity(100_000).time_to_live(FAILURES).build(),
            limit,
            hashing: Arc::new(Semaphore::new(HASHING)),
        }
    }

    /// What stands for a password that was right for this hash.
    fn remembered(&self, hash: &str, password: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.secret);
        digest.update(hash.len().to_le_bytes());
        digest.update(hash);
        digest.update(password);
        digest.finalize().into()
    }

    /// Whether that was the user's password lately.
    fn believes(&self, user: &User, password: &str) -> bool {
        self.believed.contains_key(&self.remembered(&user.password_hash, password))
    }

    /// A turn to hash a password.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let busy = || ApiError::unavailable("Too many logins at once").coded("logins_busy");
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.hashing).acquire_owned());
        permit.await.map_err(|_| busy())?.map_err(|_| busy())
    }

    /// Whether it is the user's password, by its hash, which takes its time: as much for a user who is not there.
    async fn is_right(
        &self,
        user: Option<&User>,
        password: String,
        turn: OwnedSemaphorePermit,
    ) -> Result<bool, ApiError> {
        let hash = user.map(|user| user.password_hash.clone());
        let remembered = hash.as_ref().map(|hash| self.remembered(hash, &password));
        let believed = self.believed.clone();
        let hashing = tokio::task::spawn_blocking(move || {
            let is_right = password::is_right(&password, hash.as_deref());
            if let (true, Some(remembered)) = (is_right, remembered) {
                believed.insert(remembered, ());
            }
            drop(turn);
            is_right
        });
        hashing.await.map_err(|_| ApiError::internal())
    }

    fn failures(&self, user: &str, address: IpAddr) -> Arc<AtomicU32> {
        self.failures.get_with((user.into(), address), Arc::default)
    }
}

/// Whom a request comes from.
async fn authenticate(gateway: &Gateway, parts: &Parts) -> Result<User, ApiError> {
    let refused = |reason: &'static str, error: ApiError| {
        gateway.metrics().logins_refused.get_or_create(&LoginRefusal { reason }).inc();
        error
    };
    let given = credentials(&parts.headers);
    let (name, password) = given.ok_or_else(|| refused("no_credentials", ApiError::Unauthorized))?;
    Span::current().record("user", &name);
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
    let gate = gateway.gate();
    let failures = gate.failures(&name, address);
    let user = gateway.metrics().store("user", gateway.store().user(&name)).await?;
    // Who logged in before with this password is let in whatever others behind the same address try.
    let believed = || user.as_ref().filter(|user| gate.believes(user, &password)).cloned();
    let too_many = || failures.load(Ordering::Relaxed) >= gate.limit;
    let refuse = || Err(refused("too_many_failures", ApiError::too_many_failures()));
    if let Some(user) = believed() {
        return Ok(user);
    }
    if too_many() {
        return refuse();
    }
    let turn = gate.turn().await?;
    // While this one waited, others tried passwords too: the same one, which was right, as agents that share a user; or wrong ones.
    if let Some(user) = believed() {
        return Ok(user);
    }
    if too_many() {
        return refuse();
    }
    match (gate.is_right(user.as_ref(), password, turn).await?, user) {
        (true, Some(user)) => Ok(user),
        _ => {
            failures.fetch_add(1, Ordering::Relaxed);
            tracing::warn!("login refused");
            Err(refused("wrong_credentials", ApiError::Unauthorized))
        }
    }
}

/// Name and password of an `Authorization: Basic` header. A NUL is in no name that a database could look for.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    let is_possible = !name.is_empty() && name.len() <= 256 && !name.contains('\0');
    is_possible.then(|| (name.to_owned(), password.to_owned()))
}

/// The account that a request is about, and who asks; only for those who may do `P` there.
#[derive(Debug)]
pub(crate) struct Allowed<P> {
    pub(crate) account: String,
    pub(crate) user: User,
    pub(crate) role: Role,
    permission: std::marker::PhantomData<P>,
}

impl<P: Permission> FromRequestParts<Gateway> for Allowed<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        let user = authenticate(gateway, parts).await?;
        let action = P::ACTION;
        let Ok(role) = user.role.parse::<Role>() else {
            tracing::error!(user = user.name, role = user.role, "the store knows a role that is none");
            return Err(ApiError::internal());
        };
        let account = match named_account(&parts.headers)? {
            Some(named) if named != user.account => {
                if !role.crosses_accounts() {
                    return Err(ApiError::forbidden(&named, action));
                }
                if gateway.store().account(&named).await?.is_none() {
                    return Err(ApiError::account_not_found(&named));
                }
                named
            }
            _ => user.account.clone(),
        };
        Span::current().record("account", &account);
        if !role.may(action) {
            return Err(not_in_this_role(&account, &user, role, action));
        }
        Ok(Self { account, user, role, permission: std::marker::PhantomData })
    }
}

/// What somebody is told whose role does not allow it. An agent that posts is not told 403: it would post to its default
/// account, with its default user (contract 1.3 (a)).
fn not_in_this_role(account: &str, user: &User, role: Role, action: Action) -> ApiError {
    match action {
        Action::SyncInventory => {
            let name = &user.name;
            let message = format!(
                "The user `{name}` has the role {role}, which may not post reports: expected inventory-agent, read-write or \
                 admin"
            );
            ApiError::bad_request(message).coded("role_not_permitted")
        }
        _ => ApiError::forbidden(account, action).coded("role_not_permitted"),
    }
}

/// The account that the header names; an empty one names none, as in the service that the agents were made for.
fn named_account(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(ACCOUNT) else { return Ok(None) };
    match value.to_str().map(str::trim) {
        Ok("") => Ok(None),
        Ok(name) => Ok(Some(name.to_owned())),
        Err(_) => Err(ApiError::bad_parameter(ACCOUNT, "The header x-anchore-account is not a text")),
    }
}
