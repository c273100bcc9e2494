//! Contexts as they are loaded, to decide over them.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::TryStreamExt;
use keepset_types::columns::RowColumns;
use keepset_types::{Context, Id, Image, Interner, InventoryType, ItemKind, Key, Names, Numbers};
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Transaction};

use crate::cache::{Cache, Fingerprint};
use crate::sql::{filled_up, get, pieces, query, tuples};
use crate::{Store, StoreError};

/// `last_updated` and `last_seen`, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Times {
    pub(crate) updated: i64,
    pub(crate) seen: i64,
}

/// A row of `contexts`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    pub(crate) id: i64,
    pub(crate) account: String,
    pub(crate) inventory_type: InventoryType,
    pub(crate) context: Context,
    pub(crate) version: i64,
    /// The times of all items that have none of their own.
    pub(crate) shared: Option<Times>,
    /// No row that can expire was seen last before.
    pub(crate) oldest: Option<i64>,
    /// The number of the item that comes next.
    pub(crate) next_item: i64,
}

/// A row of `items`, without its attributes and its `created_at`: nobody decides by them.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) n: i64,
    pub(crate) kind: ItemKind,
    /// Empty for images.
    pub(crate) id: Box<str>,
    pub(crate) link: Box<str>,
    pub(crate) image: Option<Image>,
    pub(crate) attributes: Fingerprint,
    /// None: those of the context.
    pub(crate) times: Option<Times>,
}

/// A context with its items, in key order.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) head: Head,
    pub(crate) items: Arc<Vec<Arc<Item>>>,
    /// About what the items take in memory.
    bytes: usize,
}

/// The columns of [`Head::read`].
pub(crate) const HEAD: &str =
    "id, account, inventory_type, context, version, updated, seen, oldest, next_item";

impl Head {
    pub(crate) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let inventory_type: &str = get(row, 2)?;
        let inventory_type = InventoryType::from_name(inventory_type)
            .ok_or_else(|| StoreError::Broken(format!("the inventory type `{inventory_type}`")))?;
        Ok(Self {
            id: get(row, 0)?,
            account: get(row, 1)?,
            inventory_type,
            context: Context::new(get(row, 3)?),
            version: get(row, 4)?,
            shared: times(get(row, 5)?, get(row, 6)?),
            oldest: get(row, 7)?,
            next_item: get(row, 8)?,
        })
    }

    /// One that is not there.
    pub(crate) fn missing(account: &str, inventory_type: InventoryType, context: &str) -> Self {
        Self {
            id: 0,
            account: account.to_owned(),
            inventory_type,
            context: Context::new(context),
            version: 0,
            shared: None,
            oldest: None,
            next_item: 1,
        }
    }

    /// The key of one of its items.
    pub(crate) fn key_of(&self, item: &Item) -> Key {
        let id = match (&item.image, item.kind) {
            (Some(image), ItemKind::Image) => Id::Image(image.clone()),
            _ => Id::Plain(item.id.clone()),
        };
        Key { inventory_type: self.inventory_type, context: self.context.clone(), kind: item.kind, id }
    }
}

pub(crate) fn times(updated: Option<i64>, seen: Option<i64>) -> Option<Times> {
    Some(Times { updated: updated?, seen: seen? })
}

/// The kind with that number.
pub(crate) fn kind(code: i64) -> Result<ItemKind, StoreError> {
    let known = u8::try_from(code).ok().and_then(ItemKind::from_code);
    known.ok_or_else(|| StoreError::Broken(format!("the kind {code}")))
}

impl Item {
    fn read(row: &AnyRow, cache: &Cache) -> Result<Self, StoreError> {
        let tag: Option<&str> = get(row, 5)?;
        let digest: &str = get(row, 6)?;
        Ok(Self {
            n: get(row, 1)?,
            kind: kind(get(row, 2)?)?,
            id: get::<&str>(row, 3)?.into(),
            link: get::<&str>(row, 4)?.into(),
            image: tag.map(|tag| Image { tag: tag.into(), digest: digest.into() }),
            attributes: cache.fingerprint(get(row, 7)?),
            times: times(get(row, 8)?, get(row, 9)?),
        })
    }

    /// Its place in its context (I1).
    pub(crate) fn order(&self) -> (ItemKind, &str, Option<&Image>) {
        (self.kind, &self.id, self.image.as_ref().filter(|_| self.kind == ItemKind::Image))
    }

    fn bytes(&self) -> usize {
        let image = self.image.as_ref().map_or(0, |image| image.tag.len() + image.digest.len());
        // What an allocation costs beside what is in it: about two words.
        size_of::<Self>() + 80 + self.id.len() + self.link.len() + image
    }
}

impl Loaded {
    pub(crate) fn new(head: Head, items: Vec<Arc<Item>>) -> Self {
        let bytes = items.iter().map(|item| item.bytes()).sum();
        Self { head, items: Arc::new(items), bytes }
    }

    /// The same items under another head.
    pub(crate) fn under(&self, head: Head) -> Self {
        Self { head, ..self.clone() }
    }

    /// About what it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + 64 + self.head.context.as_str().len() + self.bytes
    }

    /// The times of one of its items.
    pub(crate) fn times_of(&self, item: &Item) -> Result<Times, StoreError> {
        let shared = || StoreError::Broken(format!("context {} has no times to share", self.head.id));
        item.times.or(self.head.shared).ok_or_else(shared)
    }
}

/// The items of several contexts as columns, in their order. A context without items is left out.
pub(crate) fn columns(contexts: &[Loaded], interner: &mut Interner) -> Result<RowColumns, StoreError> {
    let mut columns = RowColumns::default();
    for loaded in contexts.iter().filter(|loaded| !loaded.items.is_empty()) {
        let mut context = interner.context(loaded.head.inventory_type, loaded.head.context.as_str());
        columns.contexts.push(context.number());
        let names = loaded.items.iter().map(|item| Names {
            id: &item.id,
            link: &item.link,
            image: item.image.as_ref().map(|image| (&*image.tag, &*image.digest)),
        });
        let RowColumns { keys, links, images, .. } = &mut columns;
        context.rows(names, Numbers { keys, links, images });
        for item in loaded.items.iter() {
            let times = loaded.times_of(item)?;
            columns.kinds.push(item.kind.code());
            columns.last_updated.push(times.updated);
            columns.last_seen.push(times.seen);
        }
        columns.ends.push(u32::try_from(columns.kinds.len()).unwrap_or(u32::MAX));
    }
    Ok(columns)
}

impl Store {
    /// The contexts with their items: from memory where the version is the database's, else from there.
    pub(crate) async fn load(
        &self,
        connection: &mut AnyConnection,
        heads: Vec<Head>,
    ) -> Result<Vec<Loaded>, StoreError> {
        let known: Vec<_> = heads.iter().map(|head| self.cache.get_as_of(head)).collect();
        let unknown: Vec<i64> =
            heads.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(head, _)| head.id).collect();
        let mut read: HashMap<i64, Vec<Arc<Item>>> = HashMap::new();
        for piece in pieces(&filled_up(&unknown)) {
            let text = format!(
                "SELECT context_id, n, kind, id, link, tag, digest, attributes, last_updated, last_seen \
                 FROM items WHERE context_id IN {}",
                tuples(1, piece.len(), 1)
            );
            let bound = piece.iter().fold(query(text), |query, id| query.bind(*id));
            let mut rows = bound.fetch(&mut *connection);
            while let Some(row) = rows.try_next().await? {
                read.entry(get(&row, 0)?).or_default().push(Arc::new(Item::read(&row, &self.cache)?));
            }
        }
        let mut load = |(head, known): (Head, Option<Loaded>)| {
            known.unwrap_or_else(|| {
                let mut items = read.remove(&head.id).unwrap_or_default();
                items.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
                Loaded::new(head, items)
            })
        };
        Ok(heads.into_iter().zip(known).map(&mut load).collect())
    }

    /// The contexts with their items if all of them are in memory, most likely as they are: for a decision that nobody has
    /// to wait for, to be believed if they are so indeed once they are held ([`Self::begin_with_contexts`]).
    pub(crate) async fn remembered(
        &self,
        account: &str,
        inventory_type: InventoryType,
        names: &[&str],
    ) -> Result<Option<Vec<Loaded>>, StoreError> {
        if self.dialect.has_one_writer() {
            let get = |name: &&str| self.cache.get(account, inventory_type, name);
            return Ok(names.iter().map(get).collect());
        }
        let mut connection = self.reader().acquire().await?;
        let heads = select_heads(&mut connection, account, inventory_type, names, "").await?;
        let all = heads.iter().map(|head| self.cache.get_as_of(head)).collect::<Option<Vec<_>>>();
        Ok(all.filter(|all| all.len() == names.len()))
    }

    /// Begins a transaction that holds the contexts with these names until its end, in their order; those that were not
    /// there are made. `names` are in order, each there once.
    ///
    /// Everybody takes the account first, then makes what is missing, then takes what is there, each in one order, and
    /// lets go of all before beginning again: so nobody waits in a circle.
    pub(crate) async fn begin_with_contexts(
        &self,
        account: &str,
        inventory_type: InventoryType,
        names: &[&str],
    ) -> Result<(Transaction<'static, Any>, Vec<Head>), StoreError> {
        // Nearly always all are there, so nothing is made at first.
        let mut to_make: Vec<&str> = Vec::new();
        for _ in 0..ATTEMPTS {
            let mut transaction = self.begin_write().await?;
            self.hold_account(&mut transaction, account).await?;
            make(&mut transaction, account, inventory_type, &to_make).await?;
            let clause = self.dialect.for_update();
            let heads = select_heads(&mut transaction, account, inventory_type, names, clause).await?;
            if heads.len() == names.len() {
                return Ok((transaction, heads));
            }
            transaction.rollback().await?;
            // What is there may be taken away before its turn: one that is empty in the end is.
            to_make.extend(missing(names, &heads));
            to_make.sort_unstable();
        }
        Err(StoreError::Busy)
    }

    /// Keeps the account from being removed until the end of the transaction.
    pub(crate) async fn hold_account(
        &self,
        connection: &mut AnyConnection,
        account: &str,
    ) -> Result<(), StoreError> {
        let text = format!("SELECT 1 FROM accounts WHERE name = $1{}", self.dialect.for_key_share());
        match query(text).bind(account.to_owned()).fetch_optional(connection).await? {
            Some(_) => Ok(()),
            None => Err(StoreError::UnknownAccount(account.to_owned())),
        }
    }
}

/// How often contexts may vanish before their turn until somebody gives up.
const ATTEMPTS: u32 = 32;

/// The names that none of the contexts has; both are in order.
pub(crate) fn missing<'a>(names: &[&'a str], there: &[Head]) -> Vec<&'a str> {
    let mut there = there.iter().map(|head| head.context.as_str()).peekable();
    names.iter().filter(|name| there.next_if(|known| known == *name).is_none()).copied().collect()
}

async fn make(
    connection: &mut AnyConnection,
    account: &str,
    inventory_type: InventoryType,
    names: &[&str],
) -> Result<(), StoreError> {
    for name in names {
        let made = sqlx::query(
            "INSERT INTO contexts (account, inventory_type, context, version, next_item) \
             VALUES ($1, $2, $3, 0, 1) ON CONFLICT DO NOTHING",
        );
        let made = made.bind(account).bind(inventory_type.as_str()).bind(*name);
        made.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Those of the contexts that are there, in the order of their names.
pub(crate) async fn select_heads(
    connection: &mut AnyConnection,
    account: &str,
    inventory_type: InventoryType,
    names: &[&str],
    clause: &str,
) -> Result<Vec<Head>, StoreError> {
    let mut heads = Vec::with_capacity(names.len());
    for piece in pieces(&filled_up(names)) {
        let text = format!(
            "SELECT {HEAD} FROM contexts WHERE account = $1 AND inventory_type = $2 AND context IN {} \
             ORDER BY context{clause}",
            tuples(1, piece.len(), 3)
        );
        let bound = query(text).bind(account).bind(inventory_type.as_str());
        let bound = piece.iter().fold(bound, |query, name| query.bind(*name));
        for row in bound.fetch_all(&mut *connection).await? {
            heads.push(Head::read(&row)?);
        }
    }
    Ok(heads)
}
