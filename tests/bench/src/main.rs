//! What the engine costs by each of its interfaces, beside peers, in one run: `cargo xtask bench`.
//!
//! Writes `docs/benchmarks/engine.md` and its plots. `--quick` stops at 100 000 rows, `--print` writes nothing, `--only WORD`
//! runs the sections whose title has that word, and prints them.

mod aims;
mod measure;
mod peers;
mod world;

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use keepset_bench_page::{Point, Table, count, made_by, time_against_rows};
use keepset_engine as native;
use keepset_host::{Engine, EngineOptions, Plugin, Report};
use keepset_types::columns::Detail;
use keepset_types::translate::row_columns;
use keepset_types::{Config, Interner, Inventory, Observation};

use aims::Aims;
use measure::{Case, medians, ratio, show};

/// The command's: glibc's tidies up what one case freed within the time of the next.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let sizes: &[usize] =
        if is_quick { &[1_000, 10_000, 100_000] } else { &[1_000, 10_000, 100_000, 1_000_000] };
    let only = arguments.iter().skip_while(|argument| *argument != "--only").nth(1);
    let is_wanted = |title: &str| only.is_none_or(|word| title.contains(word.as_str()));
    let bench = Bench::new();
    let mut page = head();
    let mut plots = Vec::new();
    for (share, label) in [(100, "1 %"), (10, "10 %")] {
        if !is_wanted(label) {
            continue;
        }
        let mut table = Table::new(&["path", "rows", "time", "to native rows", "to native columns"]);
        let mut series = Vec::new();
        for rows in sizes {
            eprintln!("{rows} rows, a report of {label}");
            bench.paths(*rows, rows / share, &mut table, &mut series);
        }
        writeln!(page, "\n## A report of {label} of the inventory\n\n{PATHS}\n\n{table}").unwrap();
        let name = format!("paths-{share}.svg");
        writeln!(page, "![Time against rows, a report of {label}]({name})").unwrap();
        plots.push((name, time_against_rows(&format!("A report of {label} of the inventory"), &series)));
    }
    let sections: [(&str, &dyn Fn() -> String); 7] = [
        ("A report against a kept inventory ten times as large", &|| bench.session_growth(is_quick)),
        ("Instances", &|| bench.instances()),
        ("Strings become numbers", &|| bench.interning()),
        ("The whole way, JSON in and JSON out", &|| bench.whole(100_000)),
        ("Peers, the same decision at 100 000 rows", &|| bench.peers(100_000)),
        ("Two threads", &|| bench.threads(100_000)),
        ("The command, from a file", &|| bench.command(&sizes[1..])),
    ];
    for (title, section) in sections.iter().filter(|(title, _)| is_wanted(title)) {
        eprintln!("{title}");
        writeln!(page, "\n## {title}\n\n{}", section()).unwrap();
    }
    writeln!(page, "\n## Aims\n\n{}\n{MISSED}", bench.aims.table()).unwrap();
    println!("{page}");
    if only.is_none() && arguments.iter().all(|argument| argument != "--print") {
        let folder = root().join("docs/benchmarks");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("engine.md"), page).unwrap();
        for (name, svg) in plots {
            fs::write(folder.join(name), svg).unwrap();
        }
    }
}

const PATHS: &str = "Times are medians; a component call includes a fresh instance and the check of its answer, but `session`. \
*Native rows* is the engine compiled for this machine on rows with strings, until the whole outcome; *native columns* its \
decision on columns of integers, as `bulk` answers it.";

const MISSED: &str = "\
Where an aim is missed:

* A gateway takes instances from the pool. One that is not costs its page faults more: the difference of the two lines of \
`bulk`. The rest is above all the decision: *native columns* is what it takes without WebAssembly.
* `policy` hands over each row's attributes, a few hundred bytes of JSON, as strings, in both directions; the plugin reads \
them for what the rules name, and the host checks every row that comes back. It is made for people and small inventories.
* `session` to its native twin: most of the time is the plugin's own code, which is the twin's, compiled to WebAssembly; a fifth of it \
is the look at the clock that each turn of a loop takes, without which a plugin could not be stopped.
* The strings of a known row are compared with those that are expected: where the rows of an inventory are more than the \
processor's caches hold, that is what it costs to fetch them. Who keeps the numbers pays nothing, as the gateway's store does for \
reports that say what an earlier one said.
* SQLite, Rego and Python are compared with the engine in two positions; in the first it alone answers all rows with reasons, \
and moves every one of them.
* Two threads: *arithmetic alone* is what the machine itself gives two threads; what is lost beyond that is that each call's \
memory is taken back, which the system does for one thread at a time.
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn head() -> String {
    format!("# What the engine costs\n\n{}", made_by("cargo xtask bench"))
}

struct Bench {
    plain: Plugin,
    pooled: Plugin,
    config: Config,
    aims: Aims,
}

/// An inventory, a report on it, and both as columns.
struct Input {
    inventory: Inventory,
    json: String,
    said: Observation,
    interner: Interner,
    columns: keepset_types::columns::RowColumns,
    report: keepset_types::columns::ReportColumns,
}

impl Input {
    fn new(rows: usize, reported: usize) -> Self {
        let inventory = world::inventory(rows);
        let json = world::report_json(reported, rows);
        let said = native::observe(world::KIND, json.as_bytes(), world::now()).unwrap();
        let mut interner = Interner::new();
        let columns = row_columns(inventory.rows(), &mut interner);
        let report = said.columns(&mut interner);
        Self { inventory, json, said, interner, columns, report }
    }
}

impl Bench {
    fn new() -> Self {
        let pool = EngineOptions { pool: Some(4), ..EngineOptions::default() };
        Self {
            plain: Plugin::builtin(&Engine::new().unwrap()).unwrap(),
            pooled: Plugin::builtin(&Engine::with_options(pool).unwrap()).unwrap(),
            config: Config { image_ingest_overwrite: true, ..Config::default() },
            aims: Aims::default(),
        }
    }

    fn paths(&self, rows: usize, reported: usize, table: &mut Table, series: &mut Vec<Point>) {
        let input = Input::new(rows, reported);
        let (config, now) = (&self.config, world::now());
        let mut kept = self.plain.session().unwrap();
        kept.load(&input.columns).unwrap();
        kept.apply(&input.report, config, now).unwrap();
        let mut twin = native::session::Session::new();
        twin.load(&input.columns).unwrap();
        twin.apply(Some(&input.report), config, now).unwrap();
        let mut cases = vec![
            Case::new(
                "native rows",
                || input.inventory.clone(),
                |prior| native::evaluate_observation(prior, Some(&input.said), config, now).unwrap(),
            ),
            Case::new(
                "native columns",
                || (),
                |()| {
                    native::bulk::evaluate(&input.columns, Some(&input.report), config, now, Detail::Verdicts)
                        .unwrap()
                },
            ),
            Case::new(
                "component `bulk`",
                || (),
                |()| {
                    self.plain
                        .decide(&input.columns, Some(&input.report), config, now, Detail::Verdicts)
                        .unwrap()
                },
            ),
            Case::new(
                "component `bulk`, pooled",
                || (),
                |()| {
                    self.pooled
                        .decide(&input.columns, Some(&input.report), config, now, Detail::Verdicts)
                        .unwrap()
                },
            ),
            Case::new("native session", || (), |()| twin.apply(Some(&input.report), config, now).unwrap()),
            Case::new("component `session`", || (), |()| kept.apply(&input.report, config, now).unwrap()),
            Case::new(
                "component `reports`",
                || (),
                |()| {
                    self.plain
                        .observe(Report { inventory_type: world::KIND, json: input.json.as_bytes() }, now)
                        .unwrap()
                },
            ),
            Case::new(
                "component `policy`",
                || (),
                |()| {
                    let report = Report { inventory_type: world::KIND, json: input.json.as_bytes() };
                    self.plain.evaluate_records(&input.inventory, Some(report), config, now).unwrap()
                },
            ),
            Case::new(
                "component `policy`, pooled",
                || (),
                |()| {
                    let report = Report { inventory_type: world::KIND, json: input.json.as_bytes() };
                    self.pooled.evaluate_records(&input.inventory, Some(report), config, now).unwrap()
                },
            ),
        ];
        let rounds = (3_000_000 / rows).clamp(5, 101);
        let times = medians(&mut cases, rounds);
        let (strings, columns) = (times[0], times[1]);
        self.aim_at_paths(rows, rows / reported == 10, &times);
        for (case, time) in cases.iter().zip(&times) {
            table.row([
                case.name.to_owned(),
                count(rows),
                show(*time),
                ratio(*time, strings),
                ratio(*time, columns),
            ]);
            series.push(Point { series: case.name.to_owned(), rows, time: *time });
        }
    }

    /// `times`: those of [`Bench::paths`], in its order.
    fn aim_at_paths(&self, rows: usize, is_tenth: bool, times: &[Duration]) {
        let &[strings, columns, bulk, pooled, .., policy, policy_pooled] = times else { return };
        let what = |path: &str| format!("{path}, {} rows", count(rows));
        match (rows, is_tenth) {
            (1_000, true) => {
                self.aims.within(what("`bulk`, fresh instance"), Duration::from_micros(50), bulk);
                self.aims.within(what("`bulk`, pooled instance"), Duration::from_micros(50), pooled);
            }
            (10_000, true) => {
                self.aims.within(what("`bulk`, fresh instance"), Duration::from_micros(200), bulk);
                self.aims.within(what("`bulk`, pooled instance"), Duration::from_micros(200), pooled);
                self.aims.within(what("`policy`, fresh instance"), Duration::from_millis(8), policy);
                self.aims.within(what("`policy`, pooled instance"), Duration::from_millis(8), policy_pooled);
            }
            (100_000 | 1_000_000, true) => {
                let twin = if rows == 100_000 { 3.0 } else { 4.0 };
                self.aims.at_most(what("`bulk` to native rows"), 0.5, bulk, strings);
                self.aims.at_most(what("`bulk`, fresh instance, to native columns"), twin, bulk, columns);
                self.aims.at_most(what("`bulk`, pooled instance, to native columns"), twin, pooled, columns);
            }
            _ => {}
        }
    }

    fn session_growth(&self, is_quick: bool) -> String {
        let (small, large) = if is_quick { (10_000, 100_000) } else { (100_000, 1_000_000) };
        let now = world::now();
        let mut table =
            Table::new(&["a report of 1 000 rows on", "native session", "component `session`", "ratio"]);
        let mut both = Vec::new();
        let mut inputs: Vec<_> = [small, large]
            .into_iter()
            .map(|rows| {
                let input = Input::new(rows, 1_000);
                let mut twin = native::session::Session::new();
                twin.load(&input.columns).unwrap();
                let mut kept = self.plain.session().unwrap();
                kept.load(&input.columns).unwrap();
                (rows, input, twin, kept)
            })
            .collect();
        for (rows, input, twin, kept) in &mut inputs {
            let mut cases = vec![
                Case::new("native", || (), |()| twin.apply(Some(&input.report), &self.config, now).unwrap()),
                Case::new("component", || (), |()| kept.apply(&input.report, &self.config, now).unwrap()),
            ];
            let times = medians(&mut cases, 301);
            table.row([count(*rows), show(times[0]), show(times[1]), ratio(times[1], times[0])]);
            both.push(times[1]);
            if *rows == large {
                let what = |path: &str| format!("{path}: 1 000 rows reported on {}", count(large));
                self.aims.at_most(what("`session` to native session"), 1.6, times[1], times[0]);
                self.aims.within(what("`session`"), Duration::from_micros(150), times[1]);
            }
        }
        self.aims.at_most("`session` on ten times the inventory", 1.6, both[1], both[0]);
        format!("{table}\nOn ten times the inventory the component takes {}.\n", ratio(both[1], both[0]))
    }

    fn instances(&self) -> String {
        let now = world::now();
        let empty = keepset_types::columns::RowColumns::default();
        let decide =
            |plugin: &Plugin| plugin.decide(&empty, None, &self.config, now, Detail::Verdicts).unwrap();
        let folder = std::env::temp_dir().join(format!("keepset-bench-{}", std::process::id()));
        let cached = EngineOptions { cache: Some(folder.clone()), ..EngineOptions::default() };
        let (cold, warm) = (Engine::new().unwrap(), Engine::with_options(cached).unwrap());
        Plugin::builtin(&warm).unwrap();
        let mut cases = vec![
            Case::new("a call of an empty inventory, fresh instance", || (), |()| decide(&self.plain)),
            Case::new("the same, instance from the pool", || (), |()| decide(&self.pooled)),
            Case::new(
                "load the component from the cache of compiled code",
                || (),
                |()| Plugin::builtin(&warm).unwrap(),
            ),
            Case::new("compile the component", || (), |()| Plugin::builtin(&cold).unwrap()),
        ];
        let times = medians(&mut cases, 51);
        let mut table = Table::new(&["what", "time"]);
        for (case, time) in cases.iter().zip(times) {
            table.row([case.name.to_owned(), show(time)]);
        }
        let _ = fs::remove_dir_all(folder);
        table.to_string()
    }

    fn interning(&self) -> String {
        let mut table = Table::new(&["what", "rows", "time for a row"]);
        for size in [10_000, 100_000] {
            let input = Input::new(size, size / 10);
            let rows = u32::try_from(input.inventory.rows().len()).unwrap();
            let mut known = input.interner.clone();
            let mut cases = vec![
                Case::new("a row whose strings are new", Interner::new, |mut interner| {
                    (row_columns(input.inventory.rows(), &mut interner), interner)
                }),
                Case::new(
                    "a row whose strings are known",
                    || (),
                    |()| row_columns(input.inventory.rows(), &mut known),
                ),
            ];
            let times = medians(&mut cases, 21);
            let of = format!("of {} rows", count(size));
            for (what, aim, time) in [("new", 150, times[0]), ("known", 40, times[1])] {
                let what = format!("a row's strings become numbers: {what}, {of}");
                self.aims.within(what, Duration::from_nanos(aim), time / rows);
            }
            for (case, time) in cases.iter().zip(times) {
                table.row([case.name.to_owned(), count(size), show(time / rows)]);
            }
        }
        table.to_string()
    }

    fn whole(&self, rows: usize) -> String {
        let (prior, report) = (world::inventory_json(rows), world::report_json(rows / 10, rows));
        let now = world::now();
        let outcome = |plugin: Option<&Plugin>| {
            let prior = Inventory::from_json(prior.as_bytes()).unwrap();
            let json = report.as_bytes();
            let outcome = match plugin {
                Some(plugin) => plugin
                    .evaluate(prior, Some(Report { inventory_type: world::KIND, json }), &self.config, now)
                    .unwrap(),
                None => {
                    let report = native::Report { inventory_type: world::KIND, json };
                    native::evaluate(prior, Some(report), &self.config, now).unwrap()
                }
            };
            serde_json::to_vec(&outcome).unwrap()
        };
        let text = outcome(None);
        let mut cases = vec![
            Case::new(
                "serde_json alone: both documents read, the outcome written",
                || (),
                |()| {
                    let prior: serde_json::Value = serde_json::from_str(&prior).unwrap();
                    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
                    let outcome: serde_json::Value = serde_json::from_slice(&text).unwrap();
                    let start = Instant::now();
                    let written = serde_json::to_vec(&outcome).unwrap();
                    (prior, report, written, start.elapsed())
                },
            ),
            Case::new("native", || (), |()| outcome(None)),
            Case::new("component", || (), |()| outcome(Some(&self.plain))),
        ];
        // What is written must be made first; reading it is no part of the way.
        let made = medians(
            &mut [Case::new("", || (), |()| serde_json::from_slice::<serde_json::Value>(&text).unwrap())],
            7,
        )[0];
        let times = medians(&mut cases, 7);
        let alone = times[0].saturating_sub(made);
        self.aims.at_most("the whole way to serde_json alone", 1.3, times[2], alone);
        let mut table = Table::new(&["100 000 rows, a report of 10 %", "time", "ratio"]);
        for (case, time) in cases.iter().zip([alone, times[1], times[2]]) {
            table.row([case.name.to_owned(), show(time), ratio(time, alone)]);
        }
        table.to_string()
    }

    fn peers(&self, rows: usize) -> String {
        let input = Input::new(rows, rows / 10);
        let now = world::now();
        let outcome =
            native::evaluate_observation(input.inventory.clone(), Some(&input.said), &self.config, now)
                .unwrap();
        let left = outcome.retained.len();
        let plain = peers::plain(&input.inventory, &input.said);
        let (python, by_python) = peers::python(&plain, 7);
        let mut by_sqlite = 0;
        let mut cases = vec![
            Case::new(
                "native rows",
                || input.inventory.clone(),
                |prior| {
                    black_box(
                        native::evaluate_observation(prior, Some(&input.said), &self.config, now).unwrap(),
                    );
                },
            ),
            Case::new(
                "native columns, kept; the report's strings become numbers",
                || input.interner.clone(),
                |mut interner| {
                    let said = input.said.columns(&mut interner);
                    let detail = Detail::Deadlines;
                    native::bulk::evaluate(&input.columns, Some(&said), &self.config, now, detail).unwrap()
                },
            ),
            Case::new(
                "component, rows and `bulk`",
                || input.inventory.clone(),
                |prior| {
                    let mut interner = Interner::new();
                    let rows = row_columns(prior.rows(), &mut interner);
                    let said = input.said.columns(&mut interner);
                    let verdicts =
                        self.plain.decide(&rows, Some(&said), &self.config, now, Detail::Deadlines).unwrap();
                    let outcome = keepset_types::translate::outcome(
                        prior.into_rows(),
                        Some(&input.said),
                        &verdicts,
                        &interner,
                        &self.config,
                        now,
                    );
                    black_box(outcome.unwrap());
                },
            ),
            Case::new(
                "SQLite in memory",
                || peers::sqlite_prepare(&input.inventory),
                |mut db| {
                    by_sqlite = peers::sqlite(&mut db, &input.said);
                },
            ),
        ];
        let mut times = medians(&mut cases, 7);
        let mut names: Vec<&str> = cases.iter().map(|case| case.name).collect();
        drop(cases);
        let mut engine = peers::rego_prepare(&plain);
        let start = Instant::now();
        let by_rego = peers::rego(&mut engine);
        times.push(start.elapsed());
        times.push(python);
        assert_eq!([by_sqlite, by_rego, by_python], [left; 3], "peers decide otherwise");
        let mut table = Table::new(&["peer", "time", "to native rows", "to kept columns"]);
        names.extend(["Rego (regorus)", "Python"]);
        for (name, limit) in [("SQLite in memory", 10.0), ("Rego (regorus)", 100.0), ("Python", 50.0)] {
            let time =
                names.iter().position(|known| *known == name).map_or(Duration::ZERO, |place| times[place]);
            self.aims.at_least(format!("{name} to native rows"), limit, time, times[0]);
            self.aims.at_least(format!("{name} to kept columns"), limit, time, times[1]);
        }
        for (name, time) in names.iter().zip(&times) {
            table.row([(*name).to_owned(), show(*time), ratio(*time, times[0]), ratio(*time, times[1])]);
        }
        format!(
            "All keep the same {left} rows. Reading the input is no part of the time. *Native rows* and *component* answer every \
            row with its reason and its deadline; the peers, which hold their rows as they like them best, only what is left: \
            *kept columns* is the engine in that position.\n\n{table}"
        )
    }

    fn threads(&self, rows: usize) -> String {
        let inputs: Vec<Input> = (0..2).map(|_| Input::new(rows, rows / 10)).collect();
        let now = world::now();
        let (plugin, config) = (&self.pooled, &self.config);
        let decide = |input: &Input| {
            let said = Some(&input.report);
            for _ in 0..10 {
                black_box(plugin.decide(&input.columns, said, config, now, Detail::Verdicts).unwrap());
            }
        };
        // What the machine gives at best: work that needs nothing but its processor.
        let count = |_: &Input| {
            black_box((0..5_000_000_u64).fold(0, |sum, number| black_box(sum ^ number)));
        };
        let decided = by_one_and_by_two(&inputs, decide);
        let counted = by_one_and_by_two(&inputs, count);
        self.aims.at_least("one thread to two, contexts in parallel", 1.8, decided[0], decided[1]);
        let mut table = Table::new(&["on two threads", "one after the other", "at once", "as fast"]);
        for (name, [one, two]) in
            [("two halves of an inventory, split by context", decided), ("arithmetic alone", counted)]
        {
            table.row([name.to_owned(), show(one), show(two), ratio(one, two)]);
        }
        table.to_string()
    }

    fn command(&self, sizes: &[usize]) -> String {
        let command = root().join("target/release/keepset");
        if !command.is_file() {
            return "target/release/keepset was not built: `cargo xtask build`.\n".to_owned();
        }
        let command = command.to_string_lossy().into_owned();
        let folder = std::env::temp_dir().join(format!("keepset-bench-command-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path.to_string_lossy().into_owned()
        };
        let cache = folder.join("cache").to_string_lossy().into_owned();
        let mut table = Table::new(&["`keepset evaluate -o json`, the whole process", "time", "peak memory"]);
        let now = world::now().to_string();
        let mut run = |name: &str, rows: usize, cached: bool| {
            let prior = file("prior.json", &world::inventory_json(rows));
            let report = file("report.json", &world::report_json(rows / 10, rows));
            let mut words = vec![
                &*command, "evaluate", "-o", "json", "--prior", &prior, "--report", &report, "--now", &now,
            ];
            words.extend(if cached { ["--cache-dir", &*cache] } else { ["--no-cache", "--limit-time=60"] });
            let mut runs: Vec<(Duration, u64)> = (0..5).map(|_| peers::peak(&words)).collect();
            runs.sort();
            table.row([name.to_owned(), show(runs[2].0), format!("{} MB", runs[2].1 / 1_000_000)]);
        };
        run("cold: no rows to speak of, nothing cached", 10, false);
        run("no rows to speak of, compiled code cached", 10, true);
        for rows in sizes {
            run(&format!("{} rows, a report of 10 %, cached", count(*rows)), *rows, true);
        }
        let _ = fs::remove_dir_all(folder);
        format!("{table}\nAbout 40 ms of each time is the Python process that measures the memory.\n")
    }
}

/// How long two threads take for their input: one after the other, and at once. As a gateway's: threads that are there, with
/// memory of their own.
fn by_one_and_by_two(inputs: &[Input], work: impl Fn(&Input) + Copy + Send) -> [Duration; 2] {
    let times = std::thread::scope(|scope| {
        let workers: Vec<_> = inputs
            .iter()
            .map(|input| {
                let (call, calls) = mpsc::channel::<()>();
                let (answer, answers) = mpsc::channel();
                scope.spawn(move || calls.iter().for_each(|()| answer.send(work(input)).unwrap()));
                (call, answers)
            })
            .collect();
        let mut cases = vec![
            Case::new(
                "one after the other",
                || (),
                |()| {
                    for (call, answers) in &workers {
                        call.send(()).unwrap();
                        answers.recv().unwrap();
                    }
                },
            ),
            Case::new(
                "at once",
                || (),
                |()| {
                    workers.iter().for_each(|(call, _)| call.send(()).unwrap());
                    workers.iter().for_each(|(_, answers)| answers.recv().unwrap());
                },
            ),
        ];
        medians(&mut cases, 41)
    });
    [times[0], times[1]]
}
