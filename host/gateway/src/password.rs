//! Passwords: argon2id, as the store keeps them.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Why there is no hash: the machine has no randomness, or the password is out of bounds.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashError(String);

/// What a password is kept as: argon2id with a salt of its own, in PHC format.
///
/// # Errors
/// [`HashError`].
pub(crate) fn hash(password: &str) -> Result<String, HashError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| HashError(error.to_string()))
}

/// Whether that is the password. Where there is no hash, because there is no such user, the answer takes as long.
pub(crate) fn is_right(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: LazyLock<String> = LazyLock::new(|| self::hash("").unwrap_or_default());
    let parsed = PasswordHash::new(hash.unwrap_or(&NOBODY));
    let is_right =
        parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    is_right && hash.is_some()
}

/// A password that nobody guesses: 144 random bits.
///
/// # Errors
/// [`HashError`] if the machine has no randomness.
pub(crate) fn generate() -> Result<String, HashError> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).map_err(|error| HashError(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
