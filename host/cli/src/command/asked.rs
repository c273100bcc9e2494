//! Who is asked, a state file or a gateway: options that would then count for nothing are refused.

use clap::error::{Error, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// Commands that look at a state file or ask a gateway.
const EITHER: [&str; 3] = ["list", "delete", "explain"];

/// What counts where a gateway is asked: it has a plugin, settings and a clock of its own.
const OF_A_GATEWAY: [&str; 13] = [
    "url",
    "username",
    "password",
    "account",
    "ca_certificate",
    "inventory_type",
    "context",
    "image_digest",
    "yes",
    "dry_run",
    "keys",
    "image_ttl_days",
    "output",
];

/// What counts for a gateway alone.
const NOT_OF_A_FILE: [&str; 5] = ["url", "username", "password", "account", "ca_certificate"];

/// Refuses what was typed and means nothing to whoever is asked. A state file that is named comes before a gateway that
/// only the environment names; what the environment says beyond that is for the other commands too, and no mistake.
///
/// # Errors
/// The first option that makes no sense.
pub(super) fn check(keepset: &mut Command, matches: &ArgMatches) -> Result<(), Error> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(()) };
    let Some(command) = keepset.find_subcommand_mut(name).filter(|_| EITHER.contains(&name)) else {
        return Ok(());
    };
    let source = |id: &str| matches.value_source(id);
    let is_typed = |id: &str| source(id) == Some(ValueSource::CommandLine);
    let meaningless = |id: &str| match (source("state"), source("url")) {
        (Some(_), _) => NOT_OF_A_FILE.contains(&id),
        (None, Some(_)) => !OF_A_GATEWAY.contains(&id),
        (None, None) => false,
    };
    let wrong = command
        .get_arguments()
        .find(|argument| is_typed(argument.get_id().as_str()) && meaningless(argument.get_id().as_str()));
    let Some(wrong) = wrong.map(ToString::to_string) else { return Ok(()) };
    let message = match source("state") {
        Some(_) => format!("'{wrong}' cannot be used with '--state <FILE>': then no gateway is asked"),
        None => format!(
            "'{wrong}' cannot be used with '--url <URL>': a gateway goes by its own plugin, settings and clock"
        ),
    };
    Err(command.error(ErrorKind::ArgumentConflict, message))
}
