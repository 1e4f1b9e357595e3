//! What the company says about the instance, and how that bears on the choice.

use platform::actor::Actor;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{Event, Licences, checks};
use crate::catalogue::Catalogue;

/// Whether anything but AutoStacja will use the instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherApplications {
    /// The company has not said yet.
    #[default]
    Unknown,
    No,
    Yes,
}

/// The company's needs. What is not there is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    pub other_applications: OtherApplications,
    /// Physical cores of the server, or virtual ones of the machine.
    pub cores: Option<u32>,
    /// Physical processors of the server.
    pub processors: Option<u32>,
    pub virtual_machine: Option<bool>,
    /// People who use it, indirectly too.
    pub users: Option<u32>,
    pub devices: Option<u32>,
}

impl Needs {
    fn violations(&self) -> Vec<Violation> {
        let limits = [
            ("needs.cores", self.cores, 1, 1024),
            ("needs.processors", self.processors, 1, 16),
            ("needs.users", self.users, 0, 100_000),
            ("needs.devices", self.devices, 0, 100_000),
        ];
        limits
            .into_iter()
            .filter_map(|(field, value, least, most)| {
                let value = value.filter(|v| !(least..=most).contains(v))?;
                Some(
                    Violation::new(ErrorReason::InvalidArgument)
                        .field(field)
                        .asked(value)
                        .allowed(words(format!("{least} to {most}"), format!("od {least} do {most}"))),
                )
            })
            .collect()
    }
}

impl Licences {
    /// Replaces the needs. A fact is taken even where it spoils the choice: then the choice of
    /// `runtime` ends, with what depends on it (`RUNTIME_ONLY_AUTOSTACJA`).
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `INVALID_ARGUMENT`.
    pub fn set_needs(
        &mut self,
        catalogue: &Catalogue,
        actor: &Actor,
        needs: Needs,
    ) -> Result<Vec<Event>, Refusal> {
        checks::contact_or_softvig(actor)?;
        self.check_open()?;
        Refusal::unless_empty(needs.violations())?;
        if needs == self.needs {
            return Ok(Vec::new());
        }
        self.needs = needs.clone();
        let mut events = vec![Event::NeedsSet { needs }];
        self.end_choice_that_broke(catalogue, &mut events);
        self.announce(catalogue, &mut events);
        Ok(events)
    }
}
