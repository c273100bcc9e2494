//! Which agent, of which version, does what.

use std::fmt;
use std::str::FromStr;

/// The two agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `anchore-k8s-inventory`.
    Kubernetes,
    /// `anchore-ecs-inventory`.
    Ecs,
}

/// An agent of version `1.<minor>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// Which agent.
    pub kind: Kind,
    /// The second number of its version; the first is 1.
    pub minor: u32,
}

impl Release {
    /// `anchore-k8s-inventory` of version `1.<minor>`.
    #[must_use]
    pub const fn kubernetes(minor: u32) -> Self {
        Self { kind: Kind::Kubernetes, minor }
    }

    /// `anchore-ecs-inventory` of version `1.<minor>`.
    #[must_use]
    pub const fn ecs(minor: u32) -> Self {
        Self { kind: Kind::Ecs, minor }
    }

    /// Every release that does something that the one before did not.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let kubernetes = [0, 1, 3, 5, 6, 7, 8].map(Self::kubernetes);
        kubernetes.into_iter().chain([0, 2, 4].map(Self::ecs)).collect()
    }

    /// Whether it posts below `/v2`, and after a 404 asks `/version` for the path.
    #[must_use]
    pub fn speaks_v2(self) -> bool {
        match self.kind {
            Kind::Kubernetes => self.minor >= 1,
            Kind::Ecs => self.minor >= 2,
        }
    }

    /// Whether it leaves out what refers to nothing, and says `[]` for no containers.
    #[must_use]
    pub fn normalizes(self) -> bool {
        self.kind == Kind::Kubernetes && self.minor >= 3
    }

    /// Whether it sends namespaces to accounts of their own, and falls back on the default account.
    #[must_use]
    pub fn routes_accounts(self) -> bool {
        self.kind == Kind::Kubernetes && self.minor >= 5
    }

    /// Whether it can split a report at namespaces.
    #[must_use]
    pub fn batches(self) -> bool {
        self.kind == Kind::Kubernetes && self.minor >= 6
    }

    /// Whether it registers and tells of its health.
    #[must_use]
    pub fn registers(self) -> bool {
        self.kind == Kind::Kubernetes && self.minor >= 7
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::Kubernetes => "k8s",
            Kind::Ecs => "ecs",
        };
        write!(f, "{name} 1.{}", self.minor)
    }
}

/// A version that no agent has.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no version of an agent: expected 1.0 to 1.99")]
pub struct UnknownVersion(String);

/// The minor number of a version `1.<minor>`, with or without more behind it.
///
/// # Errors
/// Anything else.
pub fn minor_of(version: &str) -> Result<u32, UnknownVersion> {
    let mut parts = version.trim_start_matches('v').split('.');
    let minor = parts.next().filter(|major| *major == "1").and(parts.next()).and_then(|m| m.parse().ok());
    minor.filter(|minor| *minor < 100).ok_or_else(|| UnknownVersion(version.to_owned()))
}

/// A version as the agents compare them: numbers, and whether it comes before the release of these numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceVersion {
    numbers: Vec<u64>,
    is_prerelease: bool,
}

impl ServiceVersion {
    /// Whether agents register with it: 5.11 or later; 5.11.0-dev is not.
    #[must_use]
    pub fn has_integrations(&self) -> bool {
        let mut numbers = self.numbers.clone();
        while numbers.len() > 2 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        let first = [5, 11];
        match numbers.as_slice().cmp(&first) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => !self.is_prerelease,
            std::cmp::Ordering::Greater => true,
        }
    }
}

impl FromStr for ServiceVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let without = text.trim_start_matches('v');
        let without = without.split('+').next().unwrap_or_default();
        let (numbers, prerelease) = without.split_once('-').unwrap_or((without, ""));
        let numbers: Result<Vec<u64>, _> = numbers.split('.').map(str::parse).collect();
        let numbers = numbers.map_err(|_| UnknownVersion(text.to_owned()))?;
        Ok(Self { numbers, is_prerelease: !prerelease.is_empty() })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_agents_do() {
        for (text, expected) in [
            ("5.10.0", false),
            ("5.11.0", true),
            ("5.11", true),
            ("5.11.0-dev", false),
            ("5.11.1-dev", true),
            ("v5.26.0+x", true),
            ("10.0.0", true),
            ("4.9.3", false),
        ] {
            assert_eq!(text.parse::<ServiceVersion>().unwrap().has_integrations(), expected, "{text}");
        }
        assert!("".parse::<ServiceVersion>().is_err());
        assert!("latest".parse::<ServiceVersion>().is_err());
        assert_eq!(minor_of("v1.7.3").unwrap(), 7);
        assert!(minor_of("2.0").is_err());
    }
}
