//! Deleting by hand (rules D1, D2).

use std::collections::HashMap;

use keepset_types::translate::Misfit;
use keepset_types::{
    Inventory, InventoryType, ItemKind, Key, Purged, RemovalReason, Removed, Rule, Timestamp,
};

use crate::context::{HEAD, Head, Loaded, select_heads};
use crate::read::rows_of;
use crate::sql::query;
use crate::step::Change;
use crate::{ApplyError, Store, StoreError};

impl Store {
    /// Has a deletion decided over the rows of one context, and carries it out. Answers what went.
    ///
    /// `decide` is asked also if the account has no such context: with an empty inventory. `request` is what the removal log
    /// calls it.
    ///
    /// # Errors
    /// [`ApplyError::Decide`] with what `decide` answered (nothing matched: D3), [`StoreError::Misfit`] if it removes what
    /// is not there, [`StoreError::UnknownAccount`], [`StoreError::Database`].
    pub async fn purge<E, F>(
        &self,
        account: &str,
        inventory_type: InventoryType,
        context: &str,
        now: Timestamp,
        request: &str,
        decide: F,
    ) -> Result<Vec<Removed>, ApplyError<E>>
    where
        F: FnOnce(&Inventory) -> Result<Purged, E> + Send + 'static,
        E: Send + 'static,
    {
        let mut transaction = self.begin_write().await?;
        self.hold_account(&mut transaction, account).await?;
        let clause = self.dialect.for_update();
        let heads = select_heads(&mut transaction, account, inventory_type, &[context], clause).await?;
        let rows = match heads.first() {
            Some(head) => rows_of(&mut transaction, head.id).await?,
            None => Vec::new(),
        };
        let inventory = Inventory::new(rows).map_err(|error| StoreError::Broken(error.to_string()))?;
        let decision = tokio::task::spawn_blocking(move || decide(&inventory));
        let decision = decision.await.map_err(|error| StoreError::CutOff(error.to_string()))?;
        let purged = decision.map_err(ApplyError::Decide)?;
        let mut changes = Vec::new();
        for loaded in self.load(&mut transaction, heads).await? {
            changes.push(without(loaded, &purged.removed)?);
        }
        let pending = self.write(&mut transaction, changes, now, request).await?;
        transaction.commit().await?;
        self.remember(pending);
        Ok(purged.removed)
    }

    /// The contexts of a Kubernetes cluster, or of all: those of its namespaces, `<cluster>/<name>` split at the last
    /// `/`, and that of its nodes, which is the cluster's name. One text can be both.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn contexts_of_cluster(
        &self,
        account: &str,
        cluster: Option<&str>,
    ) -> Result<Vec<String>, StoreError> {
        let mut transaction = self.begin_read().await?;
        let heads = select_cluster(&mut transaction, account, cluster, "").await?;
        transaction.rollback().await?;
        Ok(heads.iter().map(|head| head.context.as_str().to_owned()).collect())
    }

    /// Removes a Kubernetes cluster with its namespaces and its nodes, or all of the account. Reason `deleted`, rule D1;
    /// there may be nothing to remove.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_cluster(
        &self,
        account: &str,
        cluster: Option<&str>,
        now: Timestamp,
        request: &str,
    ) -> Result<Vec<Removed>, StoreError> {
        let mut transaction = self.begin_write().await?;
        self.hold_account(&mut transaction, account).await?;
        let heads = select_cluster(&mut transaction, account, cluster, self.dialect.for_update()).await?;
        let mut all = Vec::new();
        let mut changes = Vec::new();
        for loaded in self.load(&mut transaction, heads).await? {
            let is_cluster = |name: &str| cluster.is_none_or(|cluster| cluster == name);
            let context = loaded.head.context.as_str();
            let nodes = is_cluster(context);
            let others = context.rsplit_once('/').is_some_and(|(of, _)| is_cluster(of)) || cluster.is_none();
            let mut removed = Vec::new();
            for item in loaded.items.iter() {
                if if item.kind == ItemKind::Node { nodes } else { others } {
                    removed.push(Removed {
                        key: loaded.head.key_of(item),
                        last_seen: Timestamp::from_unix(loaded.times_of(item)?.seen)
                            .ok_or(Misfit("a time"))?,
                        reason: RemovalReason::Deleted,
                        rule: Rule::D1,
                    });
                }
            }
            if removed.is_empty() {
                continue;
            }
            changes.push(without(loaded, &removed)?);
            all.append(&mut removed);
        }
        let pending = self.write(&mut transaction, changes, now, request).await?;
        transaction.commit().await?;
        self.remember(pending);
        Ok(all)
    }
}

/// The context without what was removed from it.
fn without(loaded: Loaded, removed: &[Removed]) -> Result<Change, StoreError> {
    let numbers: HashMap<Key, i64> =
        loaded.items.iter().map(|item| (loaded.head.key_of(item), item.n)).collect();
    let number = |removed: &Removed| numbers.get(&removed.key).copied();
    let deleted = removed.iter().map(number).collect::<Option<Vec<i64>>>();
    let deleted = deleted.ok_or(Misfit("a row of the inventory"))?;
    let gone: std::collections::HashSet<i64> = deleted.iter().copied().collect();
    let items: Vec<_> = loaded.items.iter().filter(|item| !gone.contains(&item.n)).cloned().collect();
    let mut oldest = None;
    for item in items.iter().filter(|item| item.kind != ItemKind::Image) {
        let seen = loaded.times_of(item)?.seen;
        oldest = Some(oldest.map_or(seen, |oldest: i64| oldest.min(seen)));
    }
    let after = Loaded::new(Head { oldest, ..loaded.head.clone() }, items);
    Ok(Change {
        before: loaded,
        after,
        inserted: Vec::new(),
        replaced: Vec::new(),
        retimed: Vec::new(),
        deleted,
        removed: removed.to_vec(),
    })
}

async fn select_cluster(
    connection: &mut sqlx::AnyConnection,
    account: &str,
    cluster: Option<&str>,
    clause: &str,
) -> Result<Vec<Head>, StoreError> {
    // By bytes `0` comes next after `/`: what begins with `<cluster>/` is between the two.
    let range =
        if cluster.is_some() { " AND (context = $2 OR (context >= $3 AND context < $4))" } else { "" };
    let text = format!(
        "SELECT {HEAD} FROM contexts WHERE account = $1 AND inventory_type = 'kubernetes'{range} \
         ORDER BY context{clause}"
    );
    let mut select = query(text).bind(account.to_owned());
    if let Some(cluster) = cluster {
        select = select.bind(cluster.to_owned()).bind(format!("{cluster}/")).bind(format!("{cluster}0"));
    }
    let rows = select.fetch_all(connection).await?;
    let heads = rows.iter().map(Head::read).collect::<Result<Vec<_>, _>>()?;
    let is_of = |head: &Head| {
        let context = head.context.as_str();
        cluster.is_none_or(|cluster| {
            context == cluster || context.rsplit_once('/').is_some_and(|(of, _)| of == cluster)
        })
    };
    Ok(heads.into_iter().filter(is_of).collect())
}
