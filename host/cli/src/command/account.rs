//! Accounts of a gateway's store.

use std::io::Write as _;

use clap::{Args, Subcommand};
use keepset_gateway::Accounts;
use serde::Serialize;

use super::confirm::confirm;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results};
use crate::storage::Caretaking;
use crate::table::Table;

/// Add, list or remove accounts of a gateway
///
/// Every account has an inventory of its own, which no other account can see or change.
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Account {
    Add(Add),
    List(List),
    Remove(Remove),
}

impl Account {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        match self {
            Self::Add(command) => command.run(),
            Self::List(command) => command.run(),
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

/// Add an account
#[derive(Args, Debug)]
pub(crate) struct Add {
    /// Its name, as agents send it in x-anchore-account
    name: String,
    #[command(flatten)]
    store: Caretaking,
    #[command(flatten)]
    clock: Clock,
}

/// List the accounts
#[derive(Args, Debug)]
pub(crate) struct List {
    /// How to write the list
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    store: Caretaking,
}

/// Remove an account with its users and its whole inventory
#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// Account
    name: String,
    /// Do not ask before
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    store: Caretaking,
}

impl Add {
    fn run(&self) -> Result<Exit, Failure> {
        let (name, now) = (&self.name, self.clock.now());
        self.store.with_accounts(|accounts| async move { accounts.add_account(name, now).await })?;
        Ok(Exit::Success)
    }
}

/// An account, for programs.
#[derive(Serialize)]
struct Listed {
    name: String,
    created_at: String,
}

impl List {
    fn run(&self) -> Result<Exit, Failure> {
        let accounts = self.store.with_accounts(|accounts| async move { accounts.accounts().await })?;
        let accounts = accounts
            .into_iter()
            .map(|(name, created_at)| Listed { name, created_at: created_at.to_string() });
        let mut results = Results::new();
        match self.output {
            Format::Json => results.json(&accounts.collect::<Vec<_>>())?,
            Format::Text => {
                let mut table = Table::new(["NAME", "CREATED AT"]);
                accounts.for_each(|account| table.push([account.name, account.created_at]));
                table.write(&mut results)?;
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }
}

impl Remove {
    fn run(&self) -> Result<Exit, Failure> {
        let name = &self.name;
        let what = self.store.with(|store| async move {
            let (accounts, contexts) = (Accounts::new(store.clone()), store.contexts(name).await?.len());
            let users = accounts.users(name).await?.len();
            let what = format!(
                "the account {name}, with {} and {}",
                counted(users, "user"),
                counted(contexts, "context")
            );
            confirm(self.yes, &format!("Remove {what} of inventory"))?;
            accounts.remove_account(name).await?;
            Ok(what)
        })?;
        let mut results = Results::new();
        writeln!(results, "removed {what}")?;
        results.finish()?;
        Ok(Exit::Success)
    }
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
