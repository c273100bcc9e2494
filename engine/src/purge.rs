//! Deleting by hand (rules D1 to D4).

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use keepset_types::{
    Error, ErrorCode, Id, Image, InventoryType, ItemKind, Purged, RemovalReason, Removed, Row, Rule, Selector,
};

/// The name of the empty digest (D2).
const EMPTY_DIGEST: &str = "unknown";

/// Removes what the selector names. No tombstone stays: the next report brings back what still runs (D4).
///
/// # Errors
/// `invalid_request` for an empty or unknown part of the selector, `not_found` if no row matches (D3).
pub fn purge(prior: Vec<Row>, selector: &Selector) -> Result<Purged, Error> {
    let inventory_type = check(selector)?;
    let is_in_context = |row: &Row| {
        row.key.inventory_type == inventory_type
            && row.key.context.as_str() == selector.context
            && row.key.kind != ItemKind::Node
    };
    let digest = selector.image_digest.as_deref();
    let digest = digest.map(|digest| if digest == EMPTY_DIGEST { "" } else { digest });
    let rule = if digest.is_some() { Rule::D2 } else { Rule::D1 };
    let has_digest = |row: &Row| digest.is_some() && row.container_digest() == digest;
    let containers = prior.iter().filter(|row| is_in_context(row) && has_digest(row));
    let images: HashSet<Image, FixedState> = containers
        .filter_map(Row::image)
        .map(|(tag, digest)| Image { tag: tag.into(), digest: digest.into() })
        .collect();
    let (removed, retained): (Vec<Row>, Vec<Row>) = prior.into_iter().partition(|row| {
        let is_named = match (digest, &row.key.id) {
            (None, _) => true,                                     // D1
            (Some(_), Id::Image(image)) => images.contains(image), // D2
            (Some(_), Id::Plain(_)) => has_digest(row),            // D2
        };
        is_named && is_in_context(row)
    });
    if removed.is_empty() {
        return Err(Error::new(ErrorCode::NotFound, not_found(selector)));
    }
    let removed = removed.into_iter().map(|row| Removed {
        last_seen: row.last_seen,
        key: row.key,
        reason: RemovalReason::Deleted,
        rule,
    });
    Ok(Purged { removed: removed.collect(), retained })
}

/// D3: nothing empty is taken for "not given".
fn check(selector: &Selector) -> Result<InventoryType, Error> {
    let refuse = |name: &str, message: String| {
        Err(Error::new(ErrorCode::InvalidRequest, message).at(format!("/{name}")))
    };
    if selector.context.is_empty() {
        return refuse(
            "context",
            "`context` is empty; expected a whole context, like cluster1/default".to_owned(),
        );
    }
    if selector.image_digest.as_deref() == Some("") {
        let message =
            format!("`image_digest` is empty; expected a digest, or `{EMPTY_DIGEST}` for images without one");
        return refuse("image_digest", message);
    }
    match InventoryType::from_name(&selector.inventory_type) {
        Some(known) => Ok(known),
        None => refuse(
            "inventory_type",
            format!("`inventory_type` is `{}`; expected ecs or kubernetes", selector.inventory_type),
        ),
    }
}

fn not_found(selector: &Selector) -> String {
    let Selector { inventory_type, context, image_digest } = selector;
    let with_digest = image_digest.as_ref().map(|digest| format!(" with the digest `{digest}`"));
    format!("no {inventory_type} row of the context `{context}`{}", with_digest.unwrap_or_default())
}
