//! Two polls of an ECS cluster: what is kept, what is removed, and why.
#![expect(clippy::print_stdout, reason = "this program prints")]

use keepset_host::{Config, Engine, Inventory, InventoryType, Plugin, Report, Timestamp};

const POLLS: [&str; 2] = [
    r#"{"timestamp": "2026-08-03T09:00:00Z", "cluster_arn": "shop", "containers": [
        {"arn": "web-1", "image_tag": "nginx:1.29"}, {"arn": "db-1", "image_tag": "postgres:18"}]}"#,
    r#"{"timestamp": "2026-08-04T09:00:00Z", "cluster_arn": "shop", "containers": [
        {"arn": "web-2", "image_tag": "nginx:1.29"}, {"arn": "db-1", "image_tag": "postgres:19"}]}"#,
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plugin = Plugin::builtin(&Engine::new()?)?;
    let config = Config { image_ttl_days: 30, image_ingest_overwrite: true, ..Config::default() };
    let now = Timestamp::parse("2026-08-04T09:00:05Z")?;
    let mut inventory = Inventory::default();
    for (poll, json) in POLLS.iter().enumerate() {
        let report = Report { inventory_type: InventoryType::Ecs, json: json.as_bytes() };
        let outcome = plugin.evaluate(inventory, Some(report), &config, now)?;
        println!("poll {}", poll + 1);
        for kept in &outcome.retained {
            println!("  kept     {} ({})", kept.row.key, kept.reason.as_str());
        }
        for gone in &outcome.removed {
            println!("  removed  {} ({}, rule {})", gone.key, gone.reason.as_str(), gone.rule);
        }
        inventory = Inventory::new(outcome.retained.into_iter().map(|kept| kept.row).collect())?;
    }
    Ok(())
}
