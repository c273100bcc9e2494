//! What a store may remember of a report instead of reading it again: whatever its order, whenever it was made.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use keepset_conformance::histories::{Action, Kind, runner, wild};
use keepset_conformance::laws::permuted;
use keepset_engine::observe;
use keepset_types::{InventoryType, Observation, Timestamp};
use proptest::strategy::{Strategy, ValueTree};
use serde_json::Value;

fn read(kind: Kind, body: &Value, now: i64) -> Option<Observation> {
    let inventory_type = match kind {
        Kind::Kubernetes => InventoryType::Kubernetes,
        Kind::Ecs => InventoryType::Ecs,
    };
    observe(inventory_type, body.to_string().as_bytes(), Timestamp::from_unix(now).unwrap()).ok()
}

#[test]
fn reports_without_warnings_say_the_same_in_any_order_and_at_any_time() {
    let (mut runner, mut compared) = (runner(1), 0);
    for _ in 0..400 {
        let history = wild().new_tree(&mut runner).unwrap().current();
        for step in &history.steps {
            let Action::Report { kind, body } = &step.action else { continue };
            let Some(said) = read(*kind, body, step.now).filter(Observation::is_order_free) else { continue };
            for (number, mut body) in permuted(body).into_iter().enumerate() {
                if number % 2 == 0 {
                    body["timestamp"] = "1999-12-31T23:59:59Z".into();
                }
                let again = read(*kind, &body, step.now + 1_000).unwrap();
                assert!(again.rows().eq(said.rows()), "{said:?}\n{again:?}");
                assert_eq!(again.credential_probe, said.credential_probe);
                assert!(again.is_order_free());
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "only {compared} compared");
}
