//! The `/v2` API that inventory agents and their clients speak, over a retention plugin and a store.
//!
//! Unchanged agents `anchore-k8s-inventory` and `anchore-ecs-inventory` and generated clients of Anchore Enterprise's API
//! work with it. The gateway decides nothing about retention: it loads data, asks the plugin, applies its answer.
//!
//! ```no_run
//! use keepset_gateway::{Accounts, Gateway, Settings};
//! use keepset_host::{Engine, Plugin};
//! use keepset_store::Store;
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Store::open("sqlite:///var/lib/keepset/keepset.db").await?;
//! let settings = Settings::default();
//! let password = std::env::var("KEEPSET_ADMIN_PASSWORD").ok();
//! let accounts = Accounts::new(store.clone());
//! if let Some(generated) = accounts.bootstrap_admin(password.as_deref(), settings.clock.now()).await? {
//!     eprintln!("the password of admin, shown this once: {generated}");
//! }
//! let gateway = Gateway::new(settings, store, Plugin::builtin(&Engine::new()?)?);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8228").await?;
//! gateway.serve(listener, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```

mod accounts;
mod arrival;
mod auth;
mod clock;
mod content;
mod error;
mod gateway;
mod metrics;
mod openapi;
mod params;
mod password;
mod retention;
mod roles;
mod routes;
mod settings;
mod shadow;
mod sweeper;

pub use accounts::{ADMIN, Accounts, AccountsError, MIN_PASSWORD};
pub use clock::Clock;
pub use gateway::Gateway;
pub use password::HashError;
pub use roles::{Action, Role, UnknownRole};
pub use routes::openapi;
pub use settings::Settings;
