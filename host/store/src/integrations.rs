//! Agents that registered, and what they report of their health.

use keepset_types::Timestamp;
use sqlx::any::AnyRow;

use crate::accounts::{stored_time, unknown_account};
use crate::error::{check_key, check_text};
use crate::sql::{get, query};
use crate::{Store, StoreError};

/// An agent that registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    /// Given at its first registration.
    pub uuid: String,
    /// The account that it registered with.
    pub account: String,
    /// Unique in its account together with the next.
    pub registration_id: String,
    /// See there.
    pub registration_instance_id: String,
    /// Who registered it.
    pub username: String,
    /// The registration, a JSON text.
    pub document: String,
    /// When it registered last.
    pub registered_at: Timestamp,
    /// When it was heard of last.
    pub last_seen: Timestamp,
    /// Its latest health report, a JSON text.
    pub health_report: Option<String>,
}

/// A health report as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReport {
    /// When it came.
    pub received_at: Timestamp,
    /// A JSON text.
    pub report: String,
}

const INTEGRATION: &str = "SELECT uuid, account, registration_id, registration_instance_id, username, document, \
                           registered_at, last_seen, health_report FROM integrations WHERE account = $1";

impl Integration {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            uuid: get(row, 0)?,
            account: get(row, 1)?,
            registration_id: get(row, 2)?,
            registration_instance_id: get(row, 3)?,
            username: get(row, 4)?,
            document: get(row, 5)?,
            registered_at: stored_time(get(row, 6)?)?,
            last_seen: stored_time(get(row, 7)?)?,
            health_report: get(row, 8)?,
        })
    }
}

impl Store {
    /// Registers an agent. One that is known by its two registration ids keeps its uuid; its document, its user and its
    /// times become those given, and what it said of its health before does not count. Answers it as it now is, and whether
    /// it is new.
    ///
    /// # Errors
    /// [`StoreError::UnknownAccount`], [`StoreError::Unstorable`], [`StoreError::Database`].
    pub async fn register(&self, integration: &Integration) -> Result<(Integration, bool), StoreError> {
        let Integration { account, registration_id, registration_instance_id, .. } = integration;
        check_key("a registration_id", registration_id)?;
        check_key("a registration_instance_id", registration_instance_id)?;
        check_key("a uuid", &integration.uuid)?;
        check_text("a registration", &integration.document)?;
        let put = sqlx::query(
            "INSERT INTO integrations (uuid, account, registration_id, registration_instance_id, username, document, \
             registered_at, last_seen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (account, registration_id, registration_instance_id) DO UPDATE SET \
             username = excluded.username, document = excluded.document, \
             registered_at = excluded.registered_at, last_seen = excluded.last_seen, health_report = NULL",
        );
        let put = put.bind(integration.uuid.clone()).bind(account.clone()).bind(registration_id.clone());
        let put = put.bind(registration_instance_id.clone()).bind(integration.username.clone());
        let put = put.bind(integration.document.clone());
        let put = put.bind(integration.registered_at.unix()).bind(integration.last_seen.unix());
        let mut transaction = self.begin_write().await?;
        put.execute(&mut *transaction).await.map_err(|error| unknown_account(error, account))?;
        let text = format!("{INTEGRATION} AND registration_id = $2 AND registration_instance_id = $3");
        let select = query(text).bind(account.clone()).bind(registration_id.clone());
        let select = select.bind(registration_instance_id.clone());
        let known = Integration::read(&select.fetch_one(&mut *transaction).await?)?;
        transaction.commit().await?;
        let is_new = known.uuid == integration.uuid;
        Ok((known, is_new))
    }

    /// The agents of an account, by uuid.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn integrations(&self, account: &str) -> Result<Vec<Integration>, StoreError> {
        let rows =
            query(format!("{INTEGRATION} ORDER BY uuid")).bind(account).fetch_all(self.reader()).await?;
        rows.iter().map(Integration::read).collect()
    }

    /// The agent of an account with that uuid.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn integration(&self, account: &str, uuid: &str) -> Result<Option<Integration>, StoreError> {
        let row = query(format!("{INTEGRATION} AND uuid = $2")).bind(account).bind(uuid);
        row.fetch_optional(self.reader()).await?.as_ref().map(Integration::read).transpose()
    }

    /// Removes an agent with its health reports; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_integration(&self, account: &str, uuid: &str) -> Result<bool, StoreError> {
        let removed = sqlx::query("DELETE FROM integrations WHERE account = $1 AND uuid = $2");
        Ok(removed.bind(account).bind(uuid).execute(self.writer()).await?.rows_affected() > 0)
    }

    /// Keeps a health report, a JSON text; whether there is such an agent.
    ///
    /// # Errors
    /// [`StoreError::Unstorable`], [`StoreError::Database`].
    pub async fn add_health_report(
        &self,
        account: &str,
        uuid: &str,
        now: Timestamp,
        report: &str,
    ) -> Result<bool, StoreError> {
        check_text("a health report", report)?;
        let mut transaction = self.begin_write().await?;
        let seen = sqlx::query(
            "UPDATE integrations SET last_seen = $3, health_report = $4 WHERE account = $1 AND uuid = $2",
        );
        let seen = seen.bind(account).bind(uuid).bind(now.unix()).bind(report);
        let is_known = seen.execute(&mut *transaction).await?.rows_affected() > 0;
        if is_known {
            let kept = sqlx::query(
                "INSERT INTO health_reports (integration, received_at, report) VALUES ($1, $2, $3)",
            );
            kept.bind(uuid).bind(now.unix()).bind(report).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(is_known)
    }

    /// The latest health reports of an agent, the newest first, at most so many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn health_reports(
        &self,
        account: &str,
        uuid: &str,
        limit: u32,
    ) -> Result<Vec<HealthReport>, StoreError> {
        let rows = sqlx::query(
            "SELECT h.received_at, h.report FROM health_reports h JOIN integrations i ON i.uuid = h.integration \
             WHERE i.account = $1 AND i.uuid = $2 ORDER BY h.id DESC LIMIT $3",
        );
        let rows = rows.bind(account).bind(uuid).bind(i64::from(limit)).fetch_all(self.reader()).await?;
        let read =
            |row: &AnyRow| Ok(HealthReport { received_at: stored_time(get(row, 0)?)?, report: get(row, 1)? });
        rows.iter().map(read).collect()
    }

    /// Forgets health reports that came before (the API's time to live is two days); answers how many. The latest of each
    /// agent stays with it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prune_health_reports(&self, before: Timestamp) -> Result<u64, StoreError> {
        let pruned = sqlx::query("DELETE FROM health_reports WHERE received_at < $1").bind(before.unix());
        Ok(pruned.execute(self.writer()).await?.rows_affected())
    }
}
