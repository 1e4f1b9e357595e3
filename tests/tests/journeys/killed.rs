//! Processes killed at any moment while the process goes on.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use journeys::{Installation, Layout, Node};
use proto::scheduling::v1::{ListHistoryRequest, Stage};
use story::{Dealership, Facts, Through};

use crate::common::{NOW, told_or_held};

/// A request is sent again, with its id, for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A different order of victims for each seed; the same for the same (xorshift64).
struct Victims(u64);

impl Victims {
    fn next(&mut self, of: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % of as u64).expect("an index")
    }
}

/// Kills one process after the other, each with its service's other replica alive and ready, until told
/// to stop. Answers how many.
async fn kill(nodes: &mut [Node], seed: u64, stop: &AtomicBool) -> usize {
    let mut victims = Victims(seed);
    let mut killed = 0;
    while !stop.load(Ordering::Acquire) {
        let victim = victims.next(nodes.len());
        nodes[victim].process.restart();
        nodes[victim].ready().await;
        killed += 1;
    }
    killed
}

#[tokio::test]
async fn nothing_is_lost_while_processes_are_killed_at_random() {
    let mut installation = Installation::start(Layout::Replicated, NOW).await;
    let world = installation.world_of(installation.outside().patient(PATIENCE));
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("opened");
    let seed = 0x5eed_2026;
    let stop = AtomicBool::new(false);
    let journey = async {
        let project = d.go_through(Through::Acceptance).await;
        stop.store(true, Ordering::Release);
        project
    };
    let (project, killed) = tokio::join!(journey, kill(&mut installation.processes, seed, &stop));
    let project = project.unwrap_or_else(|e| panic!("seed {seed:#x}, {killed} killed: {e:#}"));
    assert_eq!(project.stage(), Stage::Completed);
    assert!(killed >= 3, "only {killed} were killed");

    // At rest and nothing parked; each command had its effect once, everybody was told once.
    installation.settled().await;
    let request = ListHistoryRequest { parent: d.project.clone(), page_size: 200, ..Default::default() };
    let history = world.crm.call(request).await.expect("history").entries;
    for (kind, times) in [("opened", 1), ("contract_recorded", 1), ("variant_chosen", 1)] {
        assert_eq!(history.iter().filter(|entry| entry.kind == kind).count(), times, "{kind}");
    }
    assert_eq!(project.runs.len(), 1, "{project:?}");
    assert_eq!(project.audit_attempts.len(), 2, "{project:?}");
    for topics in told_or_held(&d).await {
        for (topic, times) in [("project_completed", 1), ("audit_passed", 2), ("integration_restored", 3)] {
            assert_eq!(topics.iter().filter(|t| *t == topic).count(), times, "{topic}: {topics:?}");
        }
    }
}
