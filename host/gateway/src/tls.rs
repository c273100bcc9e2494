//! TLS: a certificate and its key, as files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file is not what it should be.
    #[error("{path}: {message}: expected {expected} in PEM")]
    File {
        /// Which file.
        path: PathBuf,
        /// What was found.
        message: String,
        /// What should be there.
        expected: &'static str,
    },
    /// Certificate and key do not belong together, or are of a kind that is not known.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What [`crate::Settings::tls`] wants: the certificates in one file, the server's own first, and its key in another, both
/// in PEM.
///
/// # Errors
/// [`TlsError`].
pub fn tls(certificates: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let fault = |path: &Path, expected: &'static str| {
        let path = path.to_owned();
        move |error: pem::Error| TlsError::File { path, message: error.to_string(), expected }
    };
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(fault(certificates, "certificates"))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(fault(key, "a private key"))?;
    // The provider is named: what another crate may have installed for the process is not asked.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
