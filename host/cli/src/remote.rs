//! A gateway as its clients see it: contract of Anchore's API, options and environment of anchorectl.

use std::fs;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::{Method, Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::failure::Failure;

/// How long a gateway may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A gateway, and who asks.
#[derive(Args, Debug)]
#[command(next_help_heading = "Gateway")]
pub(crate) struct Remote {
    /// Ask this gateway instead of a state file, like http://localhost:8228
    #[arg(long, value_name = "URL", env = "ANCHORECTL_URL", hide_env_values = true)]
    url: Option<String>,
    /// User
    #[arg(long, env = "ANCHORECTL_USERNAME", hide_env_values = true)]
    username: Option<String>,
    /// Password; better given in the environment, where other users of the machine cannot see it
    #[arg(long, env = "ANCHORECTL_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Account to act in, if not the user's own
    #[arg(long, env = "ANCHORECTL_ACCOUNT", hide_env_values = true)]
    account: Option<String>,
    /// PEM file with the authorities that the gateway's certificate is held to
    #[arg(long, value_name = "FILE", env = "KEEPSET_CA_CERTIFICATE", hide_env_values = true)]
    ca_certificate: Option<PathBuf>,
}

impl Remote {
    /// The gateway; none if no URL was given.
    pub(crate) fn gateway(&self) -> Result<Option<Gateway<'_>>, Failure> {
        let Some(url) = &self.url else { return Ok(None) };
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(Failure::NoUrl(url.clone()));
        }
        let agent = https_agent(self.ca_certificate.as_deref(), PATIENCE)?;
        let credentials = self.credentials()?;
        Ok(Some(Gateway {
            url: url.trim_end_matches('/'),
            account: self.account.as_deref(),
            credentials,
            agent,
        }))
    }

    /// What says who asks. Where somebody sits at a terminal, the password is asked for.
    fn credentials(&self) -> Result<Option<String>, Failure> {
        let Some(user) = &self.username else { return Ok(None) };
        let password = match &self.password {
            Some(password) => password.clone(),
            None if io::stdin().is_terminal() => {
                rpassword::prompt_password(format!("Password of {user}: ")).map_err(Failure::Input)?
            }
            None => String::new(),
        };
        Ok(Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))))
    }
}

/// A client that holds servers to the authorities in that PEM file; without one, to the public ones.
pub(crate) fn https_agent(authorities: Option<&Path>, patience: Duration) -> Result<Agent, Failure> {
    let roots = match authorities {
        None => RootCerts::WebPki,
        Some(path) => {
            let pem = fs::read(path).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
            let read = ureq::tls::parse_pem(&pem).filter_map(|item| match item {
                Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            let certificates: Vec<Certificate<'static>> = read.collect();
            if certificates.is_empty() {
                let source =
                    io::Error::new(io::ErrorKind::InvalidData, "there is no certificate in it: expected PEM");
                return Err(Failure::Read { path: path.to_owned(), source });
            }
            RootCerts::Specific(Arc::new(certificates))
        }
    };
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .tls_config(TlsConfig::builder().root_certs(roots).build());
    Ok(config.build().new_agent())
}

/// A gateway that is asked.
pub(crate) struct Gateway<'a> {
    url: &'a str,
    account: Option<&'a str>,
    credentials: Option<String>,
    agent: Agent,
}

/// What gateways say of what they did not do.
#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
    detail: Option<serde_json::Value>,
}

impl Gateway<'_> {
    /// Reads.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, Failure> {
        let response = self.ask(Method::GET, path, query, None)?;
        serde_json::from_reader(response.into_body().into_reader())
            .map_err(|error| self.failed(None, format!("{path}: this is no answer of a gateway: {error}")))
    }

    /// Deletes; answers how many rows went, if the gateway says so.
    pub(crate) fn delete(&self, path: &str, query: &[(&str, &str)]) -> Result<Option<u64>, Failure> {
        let answer = self.ask(Method::DELETE, path, query, None)?;
        Ok(answer.headers().get("keepset-removed").and_then(|rows| rows.to_str().ok()?.parse().ok()))
    }

    /// Sends JSON, and reads the answer.
    pub(crate) fn post<T: DeserializeOwned>(&self, path: &str, json: &[u8]) -> Result<T, Failure> {
        let response = self.ask(Method::POST, path, &[], Some(json))?;
        serde_json::from_reader(response.into_body().into_reader())
            .map_err(|error| self.failed(None, format!("{path}: this is no answer of a gateway: {error}")))
    }

    fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        json: Option<&[u8]>,
    ) -> Result<Response<Body>, Failure> {
        let mut url = format!("{}{path}", self.url);
        if !query.is_empty() {
            let start = url.len() + 1;
            url.push('?');
            url = form_urlencoded::Serializer::for_suffix(url, start).extend_pairs(query).finish();
        }
        let mut request = Request::builder().method(method).uri(url);
        if let Some(credentials) = &self.credentials {
            request = request.header("Authorization", credentials);
        }
        if let Some(account) = self.account {
            request = request.header("x-anchore-account", account);
        }
        let answer = match json {
            Some(json) => {
                let request = request.header("Content-Type", "application/json").body(json);
                request.map(|request| self.agent.run(request))
            }
            None => request.body(()).map(|request| self.agent.run(request)),
        };
        let answer = answer.map_err(|error| self.failed(None, error.to_string()))?;
        let answer = answer.map_err(|error| self.failed(None, unreached(&error)))?;
        if answer.status().is_success() { Ok(answer) } else { Err(self.refused(answer)) }
    }

    fn refused(&self, answer: Response<Body>) -> Failure {
        let status = answer.status();
        let mut text = String::new();
        // What cannot be read is not what counts here.
        let _ = answer.into_body().into_reader().take(1 << 20).read_to_string(&mut text);
        // A gateway that knows the path says what it did not find.
        let (said, knows_the_path) = match serde_json::from_str::<Refusal>(&text) {
            Ok(Refusal { message: Some(message), .. }) => (message, true),
            Ok(Refusal { detail: Some(serde_json::Value::String(detail)), .. }) => (detail, false),
            _ => (text.lines().next().unwrap_or_default().to_owned(), false),
        };
        let hint = match status.as_u16() {
            401 => ": give --username, and the password in ANCHORECTL_PASSWORD",
            404 if !knows_the_path => ": is that the URL of a gateway, without a path?",
            _ => "",
        };
        let status_of_a_gateway = (status != 404 || knows_the_path).then_some(status.as_u16());
        self.failed(status_of_a_gateway, format!("{status}: {said}{hint}"))
    }

    pub(crate) fn failed(&self, status: Option<u16>, message: String) -> Failure {
        Failure::Remote { url: self.url.to_owned(), status, message }
    }
}

/// Why there was no answer: what TLS says of the other side, in words.
fn unreached(error: &ureq::Error) -> String {
    let said = error.to_string();
    let hints = [
        ("CaUsedAsEndEntity", "its certificate is that of an authority (CA:TRUE), not one of a server"),
        ("InvalidContentType", "it does not speak TLS: expected http://"),
        ("invalid HTTP version", "it does not speak HTTP; does it speak TLS, https://?"),
        ("UnknownIssuer", "nobody known has signed its certificate: see --ca-certificate"),
    ];
    match hints.iter().find(|(sign, _)| said.contains(sign)) {
        Some((_, hint)) => format!("{hint} ({said})"),
        None => said,
    }
}
