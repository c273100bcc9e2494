//! What the tests ask about: a cluster with two namespaces, and a report that speaks of the first alone.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use keepset_host::{
    Config, Engine, Interner, Inventory, InventoryType, Plugin, Report, ReportColumns, Row, RowColumns,
    Timestamp, translate,
};

use crate::trick::Trick;

pub(crate) const CONFIG: Config =
    Config { image_ttl_days: 120, image_ingest_overwrite: true, ecs_truncation_guard: true };

/// Rows 0 to 3 are the container, the image, the namespace and the pod of `c1/a`, rows 4 to 7 those of `c1/b`.
const BEFORE: &str = r#"{"timestamp":"2099-12-31T23:00:00Z","cluster_name":"c1",
    "namespaces":[{"uid":"a-uid","name":"a"},{"uid":"b-uid","name":"b"}],
    "pods":[{"uid":"p1","name":"p1","namespace_uid":"a-uid"},{"uid":"p2","name":"p2","namespace_uid":"b-uid"}],
    "containers":[
        {"id":"k1","name":"k","image_tag":"nginx:1","image_digest":"sha256:1","pod_uid":"p1"},
        {"id":"k2","name":"k","image_tag":"nginx:1","image_digest":"sha256:1","pod_uid":"p2"}]}"#;

/// Its rows are the containers `k1` and `k3`, the namespace, and the pods `p1` and `p3`.
const AFTER: &str = r#"{"timestamp":"2099-12-31T23:30:00Z","cluster_name":"c1",
    "namespaces":[{"uid":"a-uid","name":"a"}],
    "pods":[{"uid":"p1","name":"p1","namespace_uid":"a-uid"},{"uid":"p3","name":"p3","namespace_uid":"a-uid"}],
    "containers":[
        {"id":"k1","name":"k","image_tag":"nginx:1","image_digest":"sha256:1","pod_uid":"p1"},
        {"id":"k3","name":"k","image_tag":"nginx:2","image_digest":"sha256:2","pod_uid":"p3"}]}"#;

/// The report to apply.
pub(crate) fn report() -> Report<'static> {
    Report { inventory_type: InventoryType::Kubernetes, json: AFTER.as_bytes() }
}

/// The time at which the hostile plugin plays that trick.
pub(crate) fn at(trick: Trick) -> Timestamp {
    Timestamp::from_unix(trick.now()).unwrap()
}

/// The inventory before the report.
pub(crate) fn inventory() -> Inventory {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
        let before = Report { json: BEFORE.as_bytes(), ..report() };
        let now = Timestamp::parse("2099-12-31T23:00:01Z").unwrap();
        let outcome = builtin().evaluate(Inventory::default(), Some(before), &CONFIG, now).unwrap();
        outcome.retained.into_iter().map(|retained| retained.row).collect()
    });
    Inventory::new(ROWS.clone()).unwrap()
}

/// The same question in columns.
pub(crate) fn columns() -> (RowColumns, ReportColumns) {
    let mut interner = Interner::new();
    let rows = translate::row_columns(inventory().rows(), &mut interner);
    let said = builtin().observe(report(), at(Trick::Honest)).unwrap();
    (rows, said.columns(&mut interner))
}

/// An engine that most tests share: compiling takes a while.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().unwrap());
    &ENGINE
}

pub(crate) fn builtin() -> Plugin {
    static BUILTIN: LazyLock<Plugin> = LazyLock::new(|| Plugin::builtin(engine()).unwrap());
    BUILTIN.clone()
}

pub(crate) fn hostile() -> Plugin {
    static HOSTILE: LazyLock<Plugin> =
        LazyLock::new(|| Plugin::from_file(engine(), &file("hostile")).unwrap());
    HOSTILE.clone()
}

/// The file of a plugin that was made for these tests.
pub(crate) fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
    let file = folder.join(format!("{name}.wasm"));
    assert!(file.is_file(), "{} is not there: build it with `cargo xtask plugins`", file.display());
    file
}
