//! The same decision made the obvious way: overwrite in the reported namespaces, upsert, TTL, images. Each peer answers how
//! many rows are left, and that must be as many as the engine keeps.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use keepset_types::{Id, Inventory, Observation};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::world;

const TTL: i64 = 120 * 86_400;

/// SQLite, in memory: a table, the report in a second one, an `UPDATE`, an `INSERT` and `DELETE`s. The database with the
/// inventory in it is made outside the measured time.
pub fn sqlite_prepare(inventory: &Inventory) -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    db.execute_batch(
        "CREATE TABLE items (context TEXT, kind TEXT, id TEXT, tag TEXT, digest TEXT, parent TEXT, created INT, updated INT, seen INT,
            PRIMARY KEY (context, kind, id, tag, digest)) WITHOUT ROWID;
         CREATE TEMP TABLE said (context TEXT, kind TEXT, id TEXT, tag TEXT, digest TEXT, parent TEXT, PRIMARY KEY (context, kind, id)) WITHOUT ROWID;",
    )
    .unwrap();
    let transaction = db.transaction().unwrap();
    {
        let mut insert = transaction.prepare("INSERT INTO items VALUES (?,?,?,?,?,?,?,?,?)").unwrap();
        for row in inventory.rows() {
            let id = match &row.key.id {
                Id::Plain(id) => id.as_ref(),
                Id::Image(_) => "",
            };
            let (tag, digest) = row.image().unwrap_or_default();
            insert
                .execute(params![
                    row.key.context.as_str(),
                    row.key.kind.as_str(),
                    id,
                    tag,
                    digest,
                    row.link(),
                    row.created_at.unix(),
                    row.last_updated.unix(),
                    row.last_seen.unix()
                ])
                .unwrap();
        }
    }
    transaction.commit().unwrap();
    db
}

/// What SQLite does with a report.
pub fn sqlite(db: &mut Connection, said: &Observation) -> usize {
    let now = world::now().unix();
    let transaction = db.transaction().unwrap();
    {
        let mut insert = transaction.prepare("INSERT INTO said VALUES (?,?,?,?,?,?)").unwrap();
        for row in said.rows() {
            insert
                .execute(params![row.context, row.kind.as_str(), row.id, row.tag, row.digest, row.link])
                .unwrap();
        }
        transaction
            .execute(
                "DELETE FROM items WHERE kind IN ('pod','container') AND context IN (SELECT context FROM said WHERE kind = 'namespace')
                    AND NOT EXISTS (SELECT 1 FROM said WHERE said.context = items.context AND said.kind = items.kind AND said.id = items.id)",
                [],
            )
            .unwrap();
        transaction
            .execute(
                "INSERT INTO items SELECT context, kind, id, tag, digest, parent, ?1, ?1, ?2 FROM said WHERE true
                    ON CONFLICT DO UPDATE SET updated = ?1, seen = max(seen, ?2)",
                params![now, said.observed_at],
            )
            .unwrap();
        transaction
            .execute("DELETE FROM items WHERE kind <> 'image' AND ?1 - seen > ?2", params![now, TTL])
            .unwrap();
        transaction
            .execute(
                "INSERT INTO items SELECT context, 'image', '', tag, digest, '', ?1, max(updated), max(seen) FROM items WHERE kind = 'container'
                    GROUP BY context, tag, digest ON CONFLICT DO UPDATE SET updated = excluded.updated, seen = excluded.seen",
                params![now],
            )
            .unwrap();
        transaction
            .execute(
                "DELETE FROM items WHERE kind = 'image' AND (context, tag, digest) NOT IN (SELECT context, tag, digest FROM items WHERE kind = 'container')",
                [],
            )
            .unwrap();
        transaction.execute("DELETE FROM said", []).unwrap();
    }
    transaction.commit().unwrap();
    db.query_row("SELECT count(*) FROM items", [], |row| row.get(0)).unwrap()
}

/// The inventory and the report as plain data, for the peers that read JSON.
pub fn plain(inventory: &Inventory, said: &Observation) -> Value {
    let rows: Vec<Value> = inventory
        .rows()
        .iter()
        .map(|row| {
            let id = match &row.key.id {
                Id::Plain(id) => id.as_ref(),
                Id::Image(_) => "",
            };
            let (tag, digest) = row.image().unwrap_or_default();
            json!([
                row.key.context.as_str(),
                row.key.kind.as_str(),
                id,
                tag,
                digest,
                row.link(),
                row.created_at.unix(),
                row.last_updated.unix(),
                row.last_seen.unix()
            ])
        })
        .collect();
    let said_rows: Vec<Value> = said
        .rows()
        .map(|row| json!([row.context, row.kind.as_str(), row.id, row.tag, row.digest, row.link]))
        .collect();
    json!({ "rows": rows, "said": said_rows, "obs": said.observed_at, "now": world::now().unix(), "ttl": TTL })
}

const POLICY: &str = r#"
package keepset
import rego.v1
covered contains row[0] if { some row in input.said; row[1] == "namespace" }
said[key] := true if { some row in input.said; key := sprintf("%s|%s|%s", [row[0], row[1], row[2]]) }
seen(row) := input.obs if { said[sprintf("%s|%s|%s", [row[0], row[1], row[2]])] } else := row[8]
overwritten(row) if { row[1] in {"pod", "container"}; row[0] in covered; not said[sprintf("%s|%s|%s", [row[0], row[1], row[2]])] }
kept contains key if { some row in input.rows; row[1] != "image"; not overwritten(row); input.now - seen(row) <= input.ttl; key := sprintf("%s|%s|%s", [row[0], row[1], row[2]]) }
kept contains key if { some key, _ in said }
images contains image if { some row in input.rows; row[1] == "container"; not overwritten(row); input.now - seen(row) <= input.ttl; image := sprintf("%s|%s|%s", [row[0], row[3], row[4]]) }
images contains image if { some row in input.said; row[1] == "container"; image := sprintf("%s|%s|%s", [row[0], row[3], row[4]]) }
left := count(kept) + count(images)
"#;

/// Rego, by regorus; the engine with policy and input is made outside the measured time.
pub fn rego_prepare(plain: &Value) -> regorus::Engine {
    let mut engine = regorus::Engine::new();
    engine.add_policy("keepset.rego".to_owned(), POLICY.to_owned()).unwrap();
    engine.set_input(regorus::Value::from_json_str(&plain.to_string()).unwrap());
    engine
}

/// What Rego makes of it.
pub fn rego(engine: &mut regorus::Engine) -> usize {
    let left = engine.eval_rule("data.keepset.left".to_owned()).unwrap();
    usize::try_from(left.as_i64().unwrap()).unwrap()
}

/// Python, its own time for the decision on rows that it has read: median of `rounds`, and how many rows are left.
pub fn python(plain: &Value, rounds: usize) -> (Duration, usize) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/retention.py");
    let mut child = Command::new("python3")
        .args([script, &rounds.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(plain.to_string().as_bytes()).unwrap();
    let answer: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    let seconds = answer["seconds"].as_f64().unwrap();
    (Duration::from_secs_f64(seconds), usize::try_from(answer["left"].as_u64().unwrap()).unwrap())
}

/// How long a command takes, and the most memory that it had, in bytes.
pub fn peak(command: &[&str]) -> (Duration, u64) {
    let script = "import resource,subprocess,sys; subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let start = Instant::now();
    let output = Command::new("python3").args(["-c", script]).args(command).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let kilobytes: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    (start.elapsed(), kilobytes * 1024)
}
