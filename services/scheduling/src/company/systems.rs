//! What is stopped for a migration run, as the company states it (`SYSTEMS_NOT_STOPPED`).

use platform::actor::Actor;
use proto::refusal::Refusal;
use serde::{Deserialize, Serialize};

use super::{Company, CompanyEvent, permit};
use crate::project::stops::{StopItem, StopList, item_violations};

/// The two lists, each stated explicitly; an empty one states that there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemLists {
    /// Installed on the server: all are stopped, whether or not they use AutoStacja.
    pub systems: Vec<StopItem>,
    /// Cooperating, anywhere in the company: stopped or disconnected, their owners told.
    pub applications: Vec<StopItem>,
}

impl SystemLists {
    /// One of the two.
    pub fn list(&self, list: StopList) -> &[StopItem] {
        match list {
            StopList::Systems => &self.systems,
            StopList::Applications => &self.applications,
        }
    }
}

impl Company {
    /// States both lists. By a technical contact, the CRM or an operator.
    pub fn set_systems(&mut self, lists: SystemLists, actor: &Actor) -> Result<Vec<CompanyEvent>, Refusal> {
        permit::softvig_or_technical(actor)?;
        let mut violations = item_violations(StopList::Systems, &lists.systems);
        violations.extend(item_violations(StopList::Applications, &lists.applications));
        Refusal::unless_empty(violations)?;
        if self.system_lists.as_ref() == Some(&lists) {
            return Ok(Vec::new());
        }
        self.system_lists = Some(lists);
        Ok(vec![CompanyEvent::SystemsStated])
    }
}
