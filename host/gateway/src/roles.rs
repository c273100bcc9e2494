//! Who may do what.

use std::fmt;
use std::str::FromStr;

/// What a user is in their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, in every account.
    Admin,
    /// Everything in their own account.
    ReadWrite,
    /// Reports, registers and tells of its health; reads nothing.
    InventoryAgent,
    /// Reads what is in their own account.
    ReadOnly,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Admin, Self::ReadWrite, Self::InventoryAgent, Self::ReadOnly];

    /// The text that the store and the command line use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::ReadWrite => "read-write",
            Self::InventoryAgent => "inventory-agent",
            Self::ReadOnly => "read-only",
        }
    }

    /// Whether this role may do that in its own account.
    #[must_use]
    pub fn may(self, action: Action) -> bool {
        use Action as A;
        match self {
            Self::Admin => true,
            Self::ReadWrite => action != A::ListAccounts,
            Self::InventoryAgent => matches!(
                action,
                A::SyncInventory | A::RegisterIntegration | A::ReportHealth | A::GetAccount | A::GetUser
            ),
            Self::ReadOnly => matches!(
                action,
                A::ListRuntimeInventories
                    | A::ListIntegrations
                    | A::ExplainRetention
                    | A::PreviewRetention
                    | A::ListRemovals
                    | A::GetAccount
                    | A::GetUser
            ),
        }
    }

    /// Whether this role may do so in the accounts of others.
    #[must_use]
    pub fn crosses_accounts(self) -> bool {
        self == Self::Admin
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role: expected admin, read-write, inventory-agent or read-only")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// The actions, and for each a type by which a handler says which one it is.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// What can be done; the names of the published API where it has one (contract 1.4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name),* }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name that refusals give (contract 1.3 (b)).
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }

        $($(#[$doc])* #[derive(Debug)] pub(crate) struct $name;
        impl Permission for $name { const ACTION: Action = Action::$name; })*
    };
}

/// What a handler needs, in its type: none reaches an account without one.
pub(crate) trait Permission: Send + Sync + 'static {
    const ACTION: Action;
}

actions! {
    /// Read what runs.
    ListRuntimeInventories = "listRuntimeInventories",
    /// Post reports.
    SyncInventory = "syncInventory",
    /// Delete a context or an image.
    DeleteInventory = "deleteInventory",
    /// Delete a cluster.
    DeleteKubernetesNamespaces = "deleteKubernetesNamespaces",
    /// Register an agent.
    RegisterIntegration = "registerIntegration",
    /// Tell how an agent is.
    ReportHealth = "reportHealth",
    /// Read how agents are.
    ListIntegrations = "listIntegrations",
    /// Forget an agent.
    DeleteIntegration = "deleteIntegration",
    /// Read the own account.
    GetAccount = "getAccount",
    /// Read oneself.
    GetUser = "getUser",
    /// Read all accounts.
    ListAccounts = "listAccounts",
    /// Ask why something is kept.
    ExplainRetention = "explainRetention",
    /// Ask what would be removed.
    PreviewRetention = "previewRetention",
    /// Read what was removed.
    ListRemovals = "listRemovals",
}
