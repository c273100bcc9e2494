//! Every fixture in every cell: the native engine, and the component by each of its interfaces. A test is named
//! `cell: folder/fixture`; another one for each fixture compares the bytes of all cells (E5).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use keepset_conformance::cell::{Cells, Which};
use keepset_conformance::fixture::{self, Fixture};
use keepset_conformance::run::run_fixture;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let cells = Arc::new(cells());
    let mut trials = Vec::new();
    for path in fixture::find(std::slice::from_ref(&folder)).unwrap() {
        let name = path.strip_prefix(&folder).unwrap().with_extension("").display().to_string();
        for which in WHICH {
            let (cells, path) = (Arc::clone(&cells), path.clone());
            trials.push(Trial::test(format!("{}: {name}", which.name()), move || {
                in_cell(&cells, which, &path).map(drop)
            }));
        }
        let cells = Arc::clone(&cells);
        trials.push(Trial::test(format!("same bytes: {name}"), move || same_bytes(&cells, &path)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

#[cfg(feature = "component")]
const WHICH: [Which; 5] = Which::ALL;
#[cfg(not(feature = "component"))]
const WHICH: [Which; 1] = [Which::Native];

#[cfg(feature = "component")]
fn cells() -> Cells {
    Cells::builtin().unwrap()
}
#[cfg(not(feature = "component"))]
fn cells() -> Cells {
    Cells::native()
}

fn in_cell(cells: &Cells, which: Which, path: &Path) -> Result<Vec<String>, Failed> {
    let fixture = Fixture::read(path).map_err(|invalid| invalid.0)?;
    let mut cell = cells.cell(which).map_err(|refusal| refusal.message)?;
    Ok(run_fixture(&fixture, cell.as_mut())?)
}

fn same_bytes(cells: &Cells, path: &Path) -> Result<(), Failed> {
    let native = in_cell(cells, Which::Native, path)?;
    for which in WHICH {
        if in_cell(cells, which, path)? != native {
            return Err(format!("{} answers other bytes than the native engine", which.name()).into());
        }
    }
    Ok(())
}
