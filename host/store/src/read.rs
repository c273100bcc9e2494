//! What is stored, for those who ask. Every question is about one account.

use keepset_types::{Attributes, Context, Id, Image, InventoryType, ItemKind, Key, Row, Timestamp};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::context::{kind, select_heads};
use crate::sql::{get, query};
use crate::{Store, StoreError};

/// Which images; what is not given does not matter, what is given matches whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFilter {
    /// Kubernetes or ECS.
    pub inventory_type: Option<InventoryType>,
    /// A context.
    pub context: Option<String>,
    /// A digest; the empty one is that of images whose digest is not known.
    pub image_digest: Option<String>,
}

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Counted from 1.
    pub number: u32,
    /// How many rows it has at most.
    pub size: u32,
}

/// A context, without its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextSummary {
    /// Kubernetes or ECS.
    pub inventory_type: InventoryType,
    /// Its text.
    pub context: Context,
    /// Raised by every change.
    pub version: i64,
    /// When a row of it last was seen by the latest report that spoke of most of them.
    pub last_seen: Option<Timestamp>,
    /// No row that can expire was seen last before.
    pub oldest: Option<Timestamp>,
}

/// A row with all that is known of it. Times that it shares with its context are the context's.
const ROW: &str = "SELECT c.inventory_type, c.context, i.kind, i.id, i.tag, i.digest, i.attributes, i.created_at, \
                   COALESCE(i.last_updated, c.updated), COALESCE(i.last_seen, c.seen) \
                   FROM items i JOIN contexts c ON c.id = i.context_id";

fn read_row(row: &AnyRow) -> Result<Row, StoreError> {
    let broken = |what: &str| StoreError::Broken(what.to_owned());
    let inventory_type = InventoryType::from_name(get(row, 0)?).ok_or_else(|| broken("an inventory type"))?;
    let kind = kind(get(row, 2)?)?;
    let tag: Option<&str> = get(row, 4)?;
    let id = match (kind, tag) {
        (ItemKind::Image, tag) => {
            Id::Image(Image { tag: tag.unwrap_or_default().into(), digest: get::<&str>(row, 5)?.into() })
        }
        _ => Id::Plain(get::<&str>(row, 3)?.into()),
    };
    let time = |column: usize| {
        let seconds: Option<i64> = get(row, column)?;
        seconds.and_then(Timestamp::from_unix).ok_or_else(|| broken("a row without its times"))
    };
    let key = Key { inventory_type, context: Context::new(get(row, 1)?), kind, id };
    let attributes = Attributes::from_json(get(row, 6)?);
    Row::new(key, [time(7)?, time(8)?, time(9)?], attributes)
        .map_err(|error| StoreError::Broken(format!("attributes: {error}")))
}

/// The rows of one context, in key order.
pub(crate) async fn rows_of(connection: &mut AnyConnection, id: i64) -> Result<Vec<Row>, StoreError> {
    let text = format!("{ROW} WHERE c.id = $1 ORDER BY i.kind, i.id, i.tag, i.digest");
    let mut rows = query(text).bind(id).fetch_all(connection).await?;
    let rows = rows.drain(..).map(|row| read_row(&row)).collect::<Result<Vec<_>, _>>()?;
    Ok(rows)
}

impl Store {
    /// The images of an account that match, ordered by inventory type, context, tag and digest: at most so many, those after
    /// the one with that key.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn images(
        &self,
        account: &str,
        filter: &ImageFilter,
        after: Option<&Key>,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let mut text = format!("{ROW} WHERE c.account = $1 AND i.kind = 2");
        let mut values: Vec<String> = vec![account.to_owned()];
        let mut also = |condition: &str, value: &str, values: &mut Vec<String>| {
            values.push(value.to_owned());
            text.push_str(&format!(" AND {condition}${}", values.len()));
        };
        if let Some(inventory_type) = filter.inventory_type {
            also("c.inventory_type = ", inventory_type.as_str(), &mut values);
        }
        if let Some(context) = &filter.context {
            also("c.context = ", context, &mut values);
        }
        if let Some(digest) = &filter.image_digest {
            also("i.digest = ", digest, &mut values);
        }
        if let Some(Key { inventory_type, context, id: Id::Image(image), .. }) = after {
            let (first, second) = (values.len() + 1, values.len() + 2);
            // The first condition says nothing new, but it is one that an index of contexts answers.
            text.push_str(&format!(
                " AND (c.inventory_type, c.context) >= (${first}, ${second}) \
                 AND (c.inventory_type, c.context, i.tag, i.digest) > (${first}, ${second}, ${}, ${})",
                first + 2,
                first + 3
            ));
            let key = [inventory_type.as_str(), context.as_str(), &image.tag, &image.digest];
            values.extend(key.map(str::to_owned));
        }
        text.push_str(&format!(" ORDER BY c.inventory_type, c.context, i.tag, i.digest LIMIT {limit}"));
        let select = values.into_iter().fold(query(text), |query, value| query.bind(value));
        select.fetch_all(self.reader()).await?.iter().map(read_row).collect()
    }

    /// A page of the rows of one kind, in key order. A page behind the last one is empty.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list(
        &self,
        account: &str,
        inventory_type: InventoryType,
        kind: ItemKind,
        page: Page,
    ) -> Result<Vec<Row>, StoreError> {
        // The kind is in the text, for the databases to see which index fits.
        let (which, order) = match kind {
            ItemKind::Image => ("= 2".to_owned(), "i.tag, i.digest"),
            _ => (format!("<> 2 AND i.kind = {}", kind.code()), "i.id"),
        };
        let text = format!(
            "{ROW} WHERE c.account = $1 AND c.inventory_type = $2 AND i.kind {which} \
             ORDER BY c.context, {order} LIMIT $3 OFFSET $4"
        );
        let skipped = i64::from(page.number.saturating_sub(1)).saturating_mul(i64::from(page.size));
        let select = query(text).bind(account).bind(inventory_type.as_str());
        let select = select.bind(i64::from(page.size)).bind(skipped);
        select.fetch_all(self.reader()).await?.iter().map(read_row).collect()
    }

    /// The row of one kind with that id, or of a namespace with that uid. In several contexts: the one seen last.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn get(
        &self,
        account: &str,
        inventory_type: InventoryType,
        kind: ItemKind,
        id: &str,
    ) -> Result<Option<Row>, StoreError> {
        // Looked up in one context after the other: an index of ids alone would be written to by every report that changes
        // anything. The databases only know which index fits where the kind is in the text.
        let condition = match kind {
            ItemKind::Namespace => "i.link = $3 AND i.kind = 3",
            ItemKind::Image => return Ok(None),
            _ => "i.id = $3 AND i.kind = $4 AND i.kind <> 2",
        };
        let text = format!(
            "{ROW} WHERE c.account = $1 AND c.inventory_type = $2 AND {condition} \
             ORDER BY COALESCE(i.last_seen, c.seen) DESC, c.context LIMIT 1"
        );
        let select = query(text).bind(account).bind(inventory_type.as_str()).bind(id);
        let select = if kind == ItemKind::Namespace { select } else { select.bind(i64::from(kind.code())) };
        select.fetch_optional(self.reader()).await?.as_ref().map(read_row).transpose()
    }

    /// The rows of one context, in key order; none if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn context_rows(
        &self,
        account: &str,
        inventory_type: InventoryType,
        context: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let mut transaction = self.begin_read().await?;
        let heads = select_heads(&mut transaction, account, inventory_type, &[context], "").await?;
        let rows = match heads.first() {
            Some(head) => rows_of(&mut transaction, head.id).await?,
            None => Vec::new(),
        };
        transaction.rollback().await?;
        Ok(rows)
    }

    /// The contexts of an account, in order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn contexts(&self, account: &str) -> Result<Vec<ContextSummary>, StoreError> {
        let rows = sqlx::query(
            "SELECT inventory_type, context, version, seen, oldest FROM contexts WHERE account = $1 \
             ORDER BY inventory_type, context",
        );
        let summary = |row: &AnyRow| {
            let time = |seconds: Option<i64>| seconds.and_then(Timestamp::from_unix);
            Ok(ContextSummary {
                inventory_type: InventoryType::from_name(get(row, 0)?)
                    .ok_or_else(|| StoreError::Broken("an inventory type".to_owned()))?,
                context: Context::new(get(row, 1)?),
                version: get(row, 2)?,
                last_seen: time(get(row, 3)?),
                oldest: time(get(row, 4)?),
            })
        };
        rows.bind(account).fetch_all(self.reader()).await?.iter().map(summary).collect()
    }
}
