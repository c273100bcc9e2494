//! Every scenario by both forms of a replay, which must also find the same life spans (H6). A test is named
//! `form: scenario`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use keepset_conformance::scenario::{FOLDER, Form, check, find, read};
use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(FOLDER);
    let mut trials = Vec::new();
    for path in find(&folder).unwrap() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for form in Form::ALL {
            let path = path.clone();
            let trial = move || {
                let scenario = read(&path)?;
                check(&scenario, form)?;
                Ok(())
            };
            trials.push(Trial::test(format!("{}: {name}", form.name()), trial));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
