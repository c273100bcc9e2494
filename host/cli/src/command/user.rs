//! Users of a gateway's store.

use std::io::{IsTerminal as _, Read as _, Write as _};

use clap::{Args, Subcommand};
use keepset_gateway::{Accounts, AccountsError, Role};
use serde::Serialize;

use super::confirm::confirm;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results};
use crate::storage::Caretaking;
use crate::table::Table;

/// Add, list, change or remove users of a gateway
///
/// Works on the store itself, also while gateways run on it; those notice within seconds.
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum User {
    Add(Add),
    List(List),
    Passwd(Passwd),
    Role(SetRole),
    Remove(Remove),
}

impl User {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        match self {
            Self::Add(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Passwd(command) => command.run(),
            Self::Role(command) => command.run(),
            Self::Remove(command) => command.run(),
        }
    }

    pub(super) fn format(&self) -> Format {
        match self {
            Self::List(command) => command.output,
            _ => Format::Text,
        }
    }
}

/// Add a user to an account
///
/// The password is read from $KEEPSET_USER_PASSWORD, else from standard input.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset user add cluster-a --role inventory-agent
  keepset user add auditor --account tenant-b --role read-only < password.txt"
)]
pub(crate) struct Add {
    /// Name to log in with; no two users of a store have the same
    name: String,
    /// Account that the user belongs to
    #[arg(long, default_value = "admin")]
    account: String,
    /// admin, read-write, inventory-agent or read-only
    #[arg(long)]
    role: Role,
    #[command(flatten)]
    store: Caretaking,
    #[command(flatten)]
    clock: Clock,
}

/// List the users of an account
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Account
    #[arg(long, default_value = "admin")]
    account: String,
    /// How to write the list
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    store: Caretaking,
}

/// Give a user another password
///
/// It is read from $KEEPSET_USER_PASSWORD, else from standard input.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Passwd {
    /// User
    name: String,
    #[command(flatten)]
    store: Caretaking,
}

/// Give a user another role
#[derive(Args, Debug)]
pub(crate) struct SetRole {
    /// User
    name: String,
    /// admin, read-write, inventory-agent or read-only
    role: Role,
    #[command(flatten)]
    store: Caretaking,
}

/// Remove a user
#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// User
    name: String,
    /// Do not ask before
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    store: Caretaking,
}

impl Add {
    fn run(&self) -> Result<Exit, Failure> {
        let (password, now) = (password()?, self.clock.now());
        let (account, name, role) = (&self.account, &self.name, self.role);
        self.store.with_accounts(|accounts| async move {
            accounts.add_user(account, name, &password, role, now).await
        })?;
        Ok(Exit::Success)
    }
}

/// A user, for programs.
#[derive(Serialize)]
struct Listed {
    name: String,
    account: String,
    role: String,
    created_at: String,
}

impl List {
    fn run(&self) -> Result<Exit, Failure> {
        let account = &self.account;
        let users = self.store.with_accounts(|accounts| async move { accounts.users(account).await })?;
        let users = users.into_iter().map(|user| Listed {
            name: user.name,
            account: user.account,
            role: user.role,
            created_at: user.created_at.to_string(),
        });
        let mut results = Results::new();
        match self.output {
            Format::Json => results.json(&users.collect::<Vec<_>>())?,
            Format::Text => {
                let mut table = Table::new(["NAME", "ACCOUNT", "ROLE", "CREATED AT"]);
                users.for_each(|user| table.push([user.name, user.account, user.role, user.created_at]));
                table.write(&mut results)?;
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }
}

impl Passwd {
    fn run(&self) -> Result<Exit, Failure> {
        let (name, password) = (&self.name, password()?);
        self.store.with_accounts(|accounts| async move { accounts.set_password(name, &password).await })?;
        Ok(Exit::Success)
    }
}

impl SetRole {
    fn run(&self) -> Result<Exit, Failure> {
        let (name, role) = (&self.name, self.role);
        self.store.with_accounts(|accounts| async move { accounts.set_role(name, role).await })?;
        Ok(Exit::Success)
    }
}

impl Remove {
    fn run(&self) -> Result<Exit, Failure> {
        let name = &self.name;
        let what = self.store.with(|store| async move {
            let user = store.user(name).await?.ok_or_else(|| AccountsError::NoUser(name.clone()))?;
            let what =
                format!("the user {name} of the account {}, whose role is {}", user.account, user.role);
            confirm(self.yes, &format!("Remove {what}"))?;
            Accounts::new(store).remove_user(name).await?;
            Ok(what)
        })?;
        let mut results = Results::new();
        writeln!(results, "removed {what}")?;
        results.finish()?;
        Ok(Exit::Success)
    }
}

/// The password, from where other users of the machine cannot see it: never from the command line.
pub(super) fn password() -> Result<String, Failure> {
    if let Ok(password) = std::env::var("KEEPSET_USER_PASSWORD") {
        return Ok(password);
    }
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        let ask = |question| rpassword::prompt_password(question).map_err(Failure::Input);
        let password = ask("Password: ")?;
        return match ask("Again: ")? == password {
            true => Ok(password),
            false => Err(Failure::Password("the two passwords differ: nothing was changed".to_owned())),
        };
    }
    let mut text = String::new();
    stdin.read_to_string(&mut text).map_err(Failure::Input)?;
    let password = text.trim_end_matches(['\r', '\n']);
    match password.contains(['\r', '\n']) {
        true => {
            Err(Failure::Password("standard input has several lines: expected the password alone".to_owned()))
        }
        false => Ok(password.to_owned()),
    }
}
