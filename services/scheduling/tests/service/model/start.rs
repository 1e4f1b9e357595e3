//! Where walks begin: on the straight way from the opening to the end, which is gone once and kept.

use std::{fs, path::PathBuf};

use platform::{Service as _, auth::Principal, harness, lane::Lane};
use proto::scheduling::v1 as pb;
use scheduling::data::Data;
use testkit::Backend;

use super::{
    both::Both,
    coverage::Coverage,
    dates::Dates,
    process::{Process, What, Who},
    step::Step,
};
use crate::{
    project::journey::{Journey, Point},
    world::{Dealer, NOW, World},
};

/// Everything at one point of the way.
pub struct Start {
    /// SQLite's file.
    database: Vec<u8>,
    data: Data,
    dealer: Dealer,
    name: String,
    model: Process,
    project: pb::Project,
    former: Principal,
    heard: Vec<&'static str>,
    taken: Vec<String>,
}

/// The points of the straight way, each one step behind the one before, the end left out.
pub async fn straight_way() -> Vec<Start> {
    let mut both = opened().await;
    let (mut starts, mut coverage) = (Vec::new(), Coverage::default());
    while !both.model.ended {
        starts.push(Start::of(&both).await);
        assert!(starts.len() < 100, "no end in sight: {:#?}", both.taken);
        let agreed = both.take(&Step::Next, &mut coverage).await;
        agreed.unwrap_or_else(|e| panic!("on the straight way: {e}\n{}", both.taken.join("\n")));
    }
    starts
}

/// A project just opened, with a decision contact that has left already.
async fn opened() -> Both {
    let journey = Journey::at(Backend::Sqlite, Point::Opened).await;
    journey.state_systems().await;
    let former = journey.world.dealer.decision.clone();
    let project = journey.project().await;
    let model = Process::opened(harness::instant(NOW));
    let mut both =
        Both { journey, model, project, former, heard: Vec::new(), taken: Vec::new(), shown: Dates::new() };
    both.ask(&What::Replaced, Who::Crm).await.expect("a fact");
    both
}

impl Start {
    async fn of(both: &Both) -> Self {
        let world = &both.journey.world;
        let core = world.harness.service.core();
        core.db.empty_journal().await.expect("emptied");
        Self {
            database: fs::read(world.file.as_ref().expect("SQLite")).expect("the database"),
            data: Data::shipped(),
            dealer: world.dealer.clone(),
            name: both.journey.name.clone(),
            model: both.model.clone(),
            project: both.project.clone(),
            former: both.former.clone(),
            heard: both.heard.clone(),
            taken: both.taken.clone(),
        }
    }

    /// A copy of its own, from which a walk goes on.
    pub async fn begin(&self) -> Both {
        let folder = Folder::new();
        let file = folder.0.join("walk.db");
        fs::write(&file, &self.database).expect("written");
        let now = self.model.now.to_string();
        let world = World::resumed(&file, &now, self.data.clone(), self.dealer.clone(), folder).await;
        // The next fact of a service has the number after those that the database knows.
        for source in &self.heard {
            drop(world.harness.message(source, Lane::Company(self.dealer.company), "", Vec::new()));
        }
        Both {
            journey: Journey { world, name: self.name.clone() },
            model: self.model.clone(),
            project: self.project.clone(),
            former: self.former.clone(),
            heard: self.heard.clone(),
            taken: self.taken.clone(),
            shown: self.model.agreed.clone(),
        }
    }
}

/// Removed with the walk.
struct Folder(PathBuf);

impl Folder {
    /// In memory where there is such a place: thousands of walks a minute need no disk.
    fn new() -> Self {
        let memory = PathBuf::from("/dev/shm");
        let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = place.join(format!("przesiadka-{}", testkit::unique_name()));
        fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
