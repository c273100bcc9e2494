//! Accounts and users, as clients see them.

use axum::Json;
use axum::extract::State;
use keepset_types::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::accounts::ADMIN;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{Params, Segment};
use crate::roles::{Action, GetAccount, GetUser, ListAccounts};

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    name: String,
    r#type: AccountType,
    state: AccountState,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_updated: Timestamp,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AccountType {
    User,
    Admin,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AccountState {
    Enabled,
    Disabled,
    Deleting,
}

impl Account {
    /// An account is enabled for as long as it is there.
    fn new(name: String, created_at: Timestamp) -> Self {
        let r#type = if name == ADMIN { AccountType::Admin } else { AccountType::User };
        Self { name, r#type, state: AccountState::Enabled, created_at, last_updated: created_at }
    }
}

async fn find(gateway: &Gateway, name: &str) -> Result<Account, ApiError> {
    let found = if name.contains('\0') { None } else { gateway.store().account(name).await? };
    let created_at = found.ok_or_else(|| ApiError::account_not_found(name))?;
    Ok(Account::new(name.to_owned(), created_at))
}

/// Get the account that the request is about
#[utoipa::path(
    get, path = "/v2/account", operation_id = "get_users_account", tag = "accounts",
    responses((status = 200, description = "The account", body = Account)),
)]
pub(super) async fn own(
    State(gateway): State<Gateway>,
    allowed: Allowed<GetAccount>,
) -> Result<Json<Account>, ApiError> {
    Ok(Json(find(&gateway, &allowed.account).await?))
}

/// Which accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct States {
    #[param(inline, nullable = false)]
    state: Option<AccountState>,
}

/// List all accounts
#[utoipa::path(
    get, path = "/v2/accounts", operation_id = "list_accounts", tag = "accounts",
    params(States),
    responses(
        (status = 200, description = "The accounts, by name", body = Vec<Account>),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn list(
    State(gateway): State<Gateway>,
    _: Allowed<ListAccounts>,
    Params(states): Params<States>,
) -> Result<Json<Vec<Account>>, ApiError> {
    let accounts = gateway.store().accounts().await?.into_iter().map(|(name, time)| Account::new(name, time));
    let is_asked_for = |account: &Account| states.state.is_none_or(|state| state == account.state);
    Ok(Json(accounts.filter(is_asked_for).collect()))
}

/// Get an account: the own one, or as an admin any
#[utoipa::path(
    get, path = "/v2/accounts/{account_name}", operation_id = "get_account", tag = "accounts",
    params(("account_name" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The account", body = Account),
        (status = 404, description = "There is none"),
    ),
)]
pub(super) async fn get(
    State(gateway): State<Gateway>,
    allowed: Allowed<GetAccount>,
    Segment(name): Segment,
) -> Result<Json<Account>, ApiError> {
    if name != allowed.account && !allowed.role.crosses_accounts() {
        return Err(ApiError::forbidden(&name, Action::GetAccount));
    }
    Ok(Json(find(&gateway, &name).await?))
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    username: String,
    account_name: String,
    r#type: UserType,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_updated: Timestamp,
    /// What they may do.
    role: &'static str,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UserType {
    Native,
}

/// Get the user who asks
#[utoipa::path(
    get, path = "/v2/user", operation_id = "get_user", tag = "accounts",
    responses((status = 200, description = "The user", body = User)),
)]
pub(super) async fn user(allowed: Allowed<GetUser>) -> Json<User> {
    let Allowed { user, role, .. } = allowed;
    Json(User {
        username: user.name,
        account_name: user.account,
        r#type: UserType::Native,
        created_at: user.created_at,
        last_updated: user.created_at,
        role: role.as_str(),
    })
}
