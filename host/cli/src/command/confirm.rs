//! Asking before something is gone for good.

use std::io::{IsTerminal as _, Write as _};

use crate::failure::Failure;

/// Asks whether to go on, as anchorectl does; not if `yes` was said already.
///
/// # Errors
/// [`Failure::NotConfirmed`] after any other answer, [`Failure::NobodyToAsk`] without a terminal.
pub(super) fn confirm(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::NobodyToAsk);
    }
    let _ = write!(std::io::stderr(), "{question}? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(Failure::Input)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(Failure::NotConfirmed) }
}
