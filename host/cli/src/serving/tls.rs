//! TLS whose certificate can be renewed while the gateway runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::failure::Failure;

/// Where certificate and key are: PEM files.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The certificate in use.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: Files,
    current: ArcSwap<CertifiedKey>,
}

impl Certificate {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// If a file cannot be read, or is not what it should be.
    pub(crate) fn read(files: Files) -> Result<Arc<Self>, Failure> {
        let current = ArcSwap::from_pointee(certified(&files)?);
        Ok(Arc::new(Self { files, current }))
    }

    /// Reads them again: connections from now on get the new certificate.
    ///
    /// # Errors
    /// As [`Certificate::read`]; the old one then stays in use.
    pub(crate) fn renew(&self) -> Result<(), Failure> {
        self.current.store(Arc::new(certified(&self.files)?));
        Ok(())
    }

    /// What a listener needs.
    ///
    /// # Errors
    /// If the protocol versions are not supported.
    pub(crate) fn server(self: &Arc<Self>) -> Result<Arc<ServerConfig>, Failure> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder =
            builder.with_safe_default_protocol_versions().map_err(|error| self.files.wrong(&error))?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::<Self>::clone(self));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl Files {
    fn wrong(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::Tls {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            message: error.to_string(),
        }
    }
}

fn certified(files: &Files) -> Result<CertifiedKey, Failure> {
    let read = |path: &Path| fs::read(path).map_err(|source| Failure::Read { path: path.to_owned(), source });
    let (certificate, key) = (read(&files.certificate)?, read(&files.key)?);
    let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| files.wrong(&format!("the certificate: {error}")))?;
    if chain.is_empty() {
        return Err(files.wrong(&"there is no certificate in the first: expected PEM"));
    }
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| match error {
        pem::Error::NoItemsFound => files.wrong(&"there is no private key in the second: expected PEM"),
        other => files.wrong(&format!("the private key: {other}")),
    })?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => files.wrong(&"the private key is not that of the certificate"),
        other => files.wrong(&other),
    })
}
