//! Each limit has its own error, whichever call runs into it, and the plugin serves on.

use std::time::{Duration, Instant};

use keepset_host::{
    Detail, Engine, EngineOptions, Inventory, InventoryType, Layer, Limits, Origin, Plugin, PluginError,
    Report,
};

use crate::scene::{CONFIG, at, builtin, columns, engine, file, hostile, inventory, report};
use crate::trick::Trick;
use crate::trojan::starting_with;

fn small() -> Limits {
    let (memory, result) = (32 << 20, 1 << 20);
    Limits { memory, result, time: Duration::from_millis(200), ..Limits::default() }
}

/// What the trick leads to, by every call that can be told to play it.
fn errors(plugin: &Plugin, trick: Trick) -> Vec<(&'static str, PluginError)> {
    let now = at(trick);
    let (rows, said) = columns();
    let mut session = plugin.session().unwrap();
    session.load(&rows).unwrap();
    vec![
        ("observe", plugin.observe(report(), now).map(drop).unwrap_err()),
        ("evaluate", plugin.evaluate(inventory(), Some(report()), &CONFIG, now).map(drop).unwrap_err()),
        ("decide", plugin.decide(&rows, Some(&said), &CONFIG, now, Detail::Verdicts).map(drop).unwrap_err()),
        ("records", plugin.evaluate_records(&inventory(), None, &CONFIG, now).map(drop).unwrap_err()),
        ("apply", session.apply(&said, &CONFIG, now).map(drop).unwrap_err()),
    ]
}

/// What any call of a plugin that fails at its start leads to.
fn every_call(plugin: &Plugin) -> Vec<(&'static str, PluginError)> {
    let now = at(Trick::Honest);
    let (rows, said) = columns();
    vec![
        ("observe", plugin.observe(report(), now).map(drop).unwrap_err()),
        ("decide", plugin.decide(&rows, Some(&said), &CONFIG, now, Detail::Verdicts).map(drop).unwrap_err()),
        ("session", plugin.session().map(drop).unwrap_err()),
    ]
}

fn assert_code(errors: Vec<(&str, PluginError)>, code: &str) {
    for (call, error) in errors {
        assert_eq!(error.code(), code, "{call}: {error}");
    }
}

fn still_serves(plugin: &Plugin) {
    let now = at(Trick::Honest);
    let outcome = plugin.evaluate(inventory(), Some(report()), &CONFIG, now).unwrap();
    assert_eq!(outcome, builtin().evaluate(inventory(), Some(report()), &CONFIG, now).unwrap());
}

#[test]
fn time() {
    let plugin = hostile().with_limits(small());
    let start = Instant::now();
    assert_code(errors(&plugin, Trick::Loop), "plugin_time_limit");
    assert!(start.elapsed() < Duration::from_secs(10), "five calls took {:?}", start.elapsed());
    let settings = Trick::Loop.name();
    let error = plugin.configure(&[Layer { origin: Origin::Flag, settings }]).unwrap_err();
    assert_eq!(error.to_string(), "the plugin took longer than 200ms (limit: time)");
    still_serves(&plugin);
}

#[test]
fn memory() {
    let plugin = hostile().with_limits(small());
    assert_code(errors(&plugin, Trick::Memory), "plugin_memory_limit");
    still_serves(&plugin);
    let error = builtin().with_limits(Limits { memory: 1, ..Limits::default() }).describe().unwrap_err();
    assert!(matches!(error, PluginError::MemoryLimit(1)), "memory that it begins with: {error}");
}

#[test]
fn stack() {
    let plugin = hostile();
    assert_code(errors(&plugin, Trick::Stack), "plugin_stack_limit");
    still_serves(&plugin);
}

#[test]
fn result() {
    let plugin = hostile().with_limits(small());
    assert_code(errors(&plugin, Trick::HugeResult), "plugin_result_limit");
    still_serves(&plugin);
}

#[test]
fn the_limit_of_results_is_for_each_call_of_a_session() {
    let (rows, said) = columns();
    let mut session = hostile().with_limits(Limits { result: 4096, ..small() }).session().unwrap();
    session.load(&rows).unwrap();
    for _ in 0..100 {
        session.apply(&said, &CONFIG, at(Trick::Honest)).unwrap();
    }
}

#[test]
fn fuel() {
    let engine = Engine::with_options(EngineOptions { metered: true, ..EngineOptions::default() }).unwrap();
    let limits = Limits { fuel: 20_000_000, time: Duration::from_secs(60), ..Limits::default() };
    let plugin = Plugin::from_file(&engine, &file("hostile")).unwrap().with_limits(limits);
    assert_code(errors(&plugin, Trick::Loop), "plugin_fuel_limit");
    still_serves(&plugin);
}

#[test]
fn a_start_that_does_not_end() {
    let plugin = starting_with("(module (func $start (loop br 0)) (start $start))").with_limits(small());
    assert_eq!(plugin.describe().unwrap_err().code(), "plugin_time_limit");
    assert_code(every_call(&plugin), "plugin_time_limit");
}

#[test]
fn a_table_that_grows() {
    let grow = |elements: usize| {
        let grow = format!("(table.grow $t (ref.null func) (i32.const {elements}))");
        let insist = format!("(if (i32.eq {grow} (i32.const -1)) (then unreachable))");
        starting_with(&format!("(module (table $t 0 funcref) (func $start {insist}) (start $start))"))
    };
    let limit = Limits::default().table_elements;
    assert_code(every_call(&grow(limit + 1)), "plugin_table_limit");
    still_serves(&grow(limit));
}

#[test]
fn table_and_instances() {
    let limited = |limits| builtin().with_limits(limits).describe().unwrap_err();
    let error = limited(Limits { table_elements: 1, ..Limits::default() });
    assert!(matches!(error, PluginError::TableLimit(1)), "{error}");
    let error = limited(Limits { instances: 1, ..Limits::default() });
    assert!(matches!(error, PluginError::InstanceLimit(1)), "{error}");
}

#[test]
fn input() {
    let plugin = builtin().with_limits(Limits { input: 10, ..Limits::default() });
    let error = plugin.observe(report(), at(Trick::Honest)).unwrap_err();
    let size = report().json.len();
    let sentence = format!("the input has {size} bytes, the plugin is given at most 10 (limit: input)");
    assert_eq!(error.to_string(), sentence);
    let (rows, _) = columns();
    let now = at(Trick::Honest);
    let error = plugin.decide(&rows, None, &CONFIG, now, Detail::Verdicts).unwrap_err();
    assert!(matches!(error, PluginError::InputLimit { limit: 10, .. }), "{error}");
    let error = plugin.evaluate_records(&inventory(), None, &CONFIG, now).unwrap_err();
    assert!(matches!(error, PluginError::InputLimit { limit: 10, .. }), "{error}");
    let error = plugin.session().unwrap().load(&rows).unwrap_err();
    assert!(matches!(error, PluginError::InputLimit { limit: 10, .. }), "{error}");
}

#[test]
fn a_crash_is_no_limit() {
    let plugin = hostile();
    assert_code(errors(&plugin, Trick::Crash), "plugin_trap");
    let error = plugin.observe(report(), at(Trick::Crash)).unwrap_err();
    assert!(error.to_string().contains("wasm `unreachable` instruction executed"), "{error}");
    still_serves(&plugin);
}

#[test]
fn a_refusal_is_the_plugins_own() {
    let report = Report { inventory_type: InventoryType::Ecs, json: b"no report" };
    let now = at(Trick::Honest);
    let error = builtin().evaluate(Inventory::default(), Some(report), &CONFIG, now).unwrap_err();
    assert_eq!(error.code(), "invalid_report");
}

#[test]
fn a_pool_that_is_used_up() {
    let pool = EngineOptions { pool: Some(1), ..EngineOptions::default() };
    let engine = Engine::with_options(pool).unwrap();
    assert!(engine.is_pooled());
    let plugin = Plugin::builtin(&engine).unwrap();
    let session = plugin.session().unwrap();
    let error = plugin.describe().unwrap_err();
    assert_eq!(error.to_string(), "all 1 places of the instance pool are taken");
    drop(session);
    plugin.describe().unwrap();
}

#[test]
fn an_engine_without_a_pool_says_so() {
    assert!(!engine().is_pooled());
}
