//! The reference, held to the laws of section 7.

use keepset_conformance::histories::{History, runner, tame, wild};
use keepset_conformance::laws::{Histories, LAWS, Law};
use keepset_conformance::reference::{Report, evaluate, settings};
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::TestCaseError;
use serde_json::Value;

const CASES: u32 = 120;

fn reference(prior: &[Value], report: Option<Report<'_>>, config: &Value, now: i64) -> Result<Value, String> {
    Ok(evaluate(prior, report, &settings(config)?, now)?)
}

fn histories(histories: Histories) -> BoxedStrategy<History> {
    match histories {
        Histories::Wild => wild().boxed(),
        Histories::Tame => tame().boxed(),
    }
}

fn hold(number: u8) {
    for Law { statement, histories: which, check, .. } in LAWS.iter().filter(|law| law.number == number) {
        let outcome = runner(CASES)
            .run(&histories(*which), |history| check(&reference, &history).map_err(TestCaseError::fail));
        assert_eq!(outcome.map_err(|broken| broken.to_string()), Ok(()), "{statement}");
    }
}

#[test]
fn law_1() {
    hold(1);
}

#[test]
fn law_2() {
    hold(2);
}

#[test]
fn law_3() {
    hold(3);
}

#[test]
fn law_4() {
    hold(4);
}

#[test]
fn law_5() {
    hold(5);
}

#[test]
fn law_6() {
    hold(6);
}

#[test]
fn law_7() {
    hold(7);
}

#[test]
fn law_8() {
    hold(8);
}

#[test]
fn law_9() {
    hold(9);
}
