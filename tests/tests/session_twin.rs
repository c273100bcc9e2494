//! The engine's session against its own evaluation of the whole inventory: after every step of a random history it keeps the
//! same rows, and knows the same next expiry.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use keepset_conformance::histories::{Action, History, Kind, runner, tame, wild};
use keepset_engine::session::Session;
use keepset_engine::{bulk, configure, observe};
use keepset_types::columns::{Detail, RowColumns, Verdicts};
use keepset_types::translate::{outcome, row_columns};
use keepset_types::{Interner, Inventory, InventoryType, Layer, Origin, Timestamp};
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::TestCaseError;
use serde_json::json;

type KeptRow = (u32, u8, u32, u32, u32, i64, i64);

/// The rows of the columns, in any order.
fn rows(columns: &RowColumns) -> BTreeSet<KeptRow> {
    let mut contexts = Vec::new();
    for (context, end) in columns.contexts.iter().zip(&columns.ends) {
        contexts.resize(*end as usize, *context);
    }
    let mut rows = BTreeSet::new();
    for (index, context) in contexts.into_iter().enumerate() {
        let RowColumns { kinds, keys, links, images, last_updated, last_seen, .. } = columns;
        let row = (
            context,
            kinds[index],
            keys[index],
            links[index],
            images[index],
            last_updated[index],
            last_seen[index],
        );
        assert!(rows.insert(row), "a row twice");
    }
    rows
}

fn twins(history: &History) -> Result<(), TestCaseError> {
    let layer = Layer { origin: Origin::File, settings: history.config.to_string() };
    let config = configure(&[layer]).unwrap();
    let document = json!({ "version": 1, "items": history.prior });
    let mut inventory = Inventory::from_json(document.to_string().as_bytes()).unwrap();
    let mut interner = Interner::new();
    let mut session = Session::new();
    session.load(&row_columns(inventory.rows(), &mut interner)).unwrap();
    for step in &history.steps {
        let now = Timestamp::from_unix(step.now).unwrap();
        let observation = match &step.action {
            Action::Report { kind, body } => {
                let inventory_type = match kind {
                    Kind::Kubernetes => InventoryType::Kubernetes,
                    Kind::Ecs => InventoryType::Ecs,
                };
                match observe(inventory_type, body.to_string().as_bytes(), now) {
                    Ok(observation) => Some(observation),
                    Err(_) => continue,
                }
            }
            Action::Sweep => None,
            Action::Delete { .. } => continue,
        };
        let said = observation.as_ref().map(|observation| observation.columns(&mut interner));
        let columns = row_columns(inventory.rows(), &mut interner);
        let whole = bulk::evaluate(&columns, said.as_ref(), &config, now, Detail::Verdicts).unwrap();
        let explained = bulk::evaluate(&columns, said.as_ref(), &config, now, Detail::Deadlines).unwrap();
        if whole != (Verdicts { deadlines: Vec::new(), ..explained }) {
            return Err(TestCaseError::fail(format!(
                "asking for deadlines changes verdicts at {}",
                step.now
            )));
        }
        let kept = session.apply(said.as_ref(), &config, now).unwrap();
        let left =
            outcome(inventory.into_rows(), observation.as_ref(), &whole, &interner, &config, now).unwrap();
        let left = left.retained.into_iter().map(|retained| retained.row).collect();
        inventory = Inventory::new(left).unwrap();
        let (snapshot, numbers) = session.snapshot();
        let distinct: BTreeSet<&u32> = numbers.iter().collect();
        let differs = |what: &str| Err(TestCaseError::fail(format!("{what} at {}", step.now)));
        if rows(&snapshot) != rows(&row_columns(inventory.rows(), &mut interner)) {
            return differs("other rows");
        }
        if distinct.len() != numbers.len() || numbers.len() != snapshot.kinds.len() {
            return differs("numbers twice");
        }
        let mut warnings = [whole.warnings, kept.warnings];
        warnings.iter_mut().for_each(|warnings| warnings.sort());
        if warnings[0] != warnings[1] || whole.next_expiry != kept.next_expiry {
            return differs("other warnings or expiry");
        }
        if [whole.removed.len(), whole.touched.len(), whole.added.len()]
            != [kept.removed.len(), kept.touched.len(), kept.added.len()]
        {
            return differs("other verdicts");
        }
    }
    Ok(())
}

#[test]
fn a_session_keeps_what_the_whole_keeps() {
    for histories in [wild().boxed(), tame().boxed()] {
        let histories: BoxedStrategy<History> = histories;
        if let Err(difference) = runner(300).run(&histories, |history| twins(&history)) {
            panic!("{difference}");
        }
    }
}
