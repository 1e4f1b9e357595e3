//! Random commands by random people, allowed and not, with time going on: after each one the service and
//! a model of the process that shares no code with it agree on the refusal's rules and on the state.
//!
//! A sequence begins at a random point of the straight way from the opening to the signed protocol, in a
//! database of its own, and takes up to [`LONGEST`] steps from there. Where `MODEL_COVERAGE` is set the test
//! prints what the sequences have seen.

mod ask;
mod both;
mod coverage;
mod dates;
mod meant;
mod process;
mod start;
mod step;

use std::cell::RefCell;

use coverage::Coverage;
use platform::Service as _;
use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestError, TestRunner},
};
use start::{Start, straight_way};
use step::{Step, step};

/// Sequences where nobody says how many (`PROPTEST_CASES`): the same ones each time, and enough to see
/// every rule.
const CASES: u32 = 150;
const LONGEST: usize = 40;

#[test]
fn the_service_agrees_with_a_simple_model() {
    let (config, seed) = config();
    let enough = std::env::var_os("PROPTEST_CASES").is_none() || config.cases >= 5 * CASES;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let starts = runtime.block_on(straight_way());
    let coverage = RefCell::new(Coverage::default());
    let walks = (prop::collection::vec(step(), 1..=LONGEST), prop_oneof![1 => Just(0), 6 => 0..starts.len()]);
    let outcome = TestRunner::new(config).run(&walks, |(steps, start)| {
        runtime.block_on(walk(&starts[start], &steps, &mut coverage.borrow_mut()))
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, _)) => panic!("PROPTEST_RNG_SEED={seed}, the shortest way to it:\n{why}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
    let coverage = coverage.into_inner();
    if std::env::var_os("MODEL_COVERAGE").is_some() {
        println!("{coverage}");
    }
    assert!(!enough || coverage.missing().is_empty(), "never seen: {:#?}", coverage.missing());
}

async fn walk(start: &Start, steps: &[Step], coverage: &mut Coverage) -> Result<(), TestCaseError> {
    let mut both = start.begin().await;
    coverage.stands(&both.model);
    let mut agreed = Ok(());
    // Little can happen to a project that is over.
    let mut left_at_the_end = 3;
    for step in steps {
        agreed = both.take(step, coverage).await;
        left_at_the_end -= usize::from(both.model.ended);
        if agreed.is_err() || left_at_the_end == 0 {
            break;
        }
    }
    if agreed.is_ok() {
        agreed = both.agree_at_the_end().await;
    }
    coverage.walked(steps.len(), &both.model);
    both.journey.world.harness.service.core().db.clone().close().await.expect("closed");
    agreed.map_err(|why| match why {
        TestCaseError::Fail(why) => TestCaseError::fail(format!("{}\n{why}", both.taken.join("\n"))),
        reject => reject,
    })
}

/// With the seed, so that a failure can name it. Shrinking ends after a minute or two.
fn config() -> (ProptestConfig, u64) {
    let default = ProptestConfig::default();
    let random = uuid::Uuid::now_v7().as_u128() as u64;
    let (cases, seed) = match (std::env::var_os("PROPTEST_CASES"), default.rng_seed) {
        (None, RngSeed::Random) => (CASES, 2026),
        (Some(_), RngSeed::Random) => (default.cases, random),
        (None, RngSeed::Fixed(seed)) => (CASES, seed),
        (Some(_), RngSeed::Fixed(seed)) => (default.cases, seed),
    };
    let config = ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_time: 90_000,
        ..default
    };
    (config, seed)
}
