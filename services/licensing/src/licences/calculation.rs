//! What a kind comes to for the company's needs, each number with how it came about. No prices.

use platform::text::Text;

use super::{Needs, OtherApplications};
use crate::catalogue::{Catalogue, LicenceKind, Model, PerCore, ServerAndCal};

/// What to buy for one kind, counted by one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calculation {
    pub kind: LicenceKind,
    pub model: Model,
    pub items: Vec<CalculatedItem>,
    /// To keep in mind.
    pub conditions: Vec<Text>,
}

/// One line of a calculation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalculatedItem {
    /// `core_pack`, `server`, `user_cal` or `device_cal`.
    pub key: &'static str,
    pub quantity: u32,
    pub explanation: Text,
}

/// Every kind that the needs allow, by every model for which enough is known.
pub fn calculate(catalogue: &Catalogue, needs: &Needs) -> Vec<Calculation> {
    let shared = needs.other_applications == OtherApplications::Yes;
    let mut calculations = Vec::new();
    for kind in catalogue.kinds.iter().filter(|kind| !(kind.only_autostacja && shared)) {
        for model in &kind.models {
            let counted = match model {
                Model::PerCore => per_core(&catalogue.calculation.per_core, needs),
                Model::ServerAndCal => server_and_cal(&catalogue.calculation.server_and_cal, needs),
            };
            if let Some((items, conditions)) = counted {
                calculations.push(Calculation { kind: kind.key, model: *model, items, conditions });
            }
        }
    }
    calculations
}

type Counted = (Vec<CalculatedItem>, Vec<Text>);

/// Packs for all cores, at least so many for each processor or for the virtual machine.
fn per_core(rule: &PerCore, needs: &Needs) -> Option<Counted> {
    let cores = needs.cores?;
    let virtual_machine = needs.virtual_machine == Some(true);
    let processors = if virtual_machine { 1 } else { needs.processors? };
    let least = rule.least_per_processor * processors;
    let counted = cores.max(least);
    let quantity = counted.div_ceil(rule.pack);
    let pack = rule.pack;
    let explanation = Text {
        pl: format!(
            "rdzenie: {cores}, co najmniej {least}; liczone: {counted}, w pakietach po {pack}: {quantity}"
        ),
        en: format!("cores: {cores}, at least {least}; counted: {counted}, in packs of {pack}: {quantity}"),
    };
    let mut conditions = Vec::new();
    if cores > rule.most {
        conditions.push(rule.beyond_most.clone());
    }
    if virtual_machine {
        conditions.push(rule.virtual_machine.clone());
    }
    Some((vec![CalculatedItem { key: "core_pack", quantity, explanation }], conditions))
}

/// One server, and CALs for every user or every device, whichever are fewer.
fn server_and_cal(rule: &ServerAndCal, needs: &Needs) -> Option<Counted> {
    let (key, quantity, pl, en) = match (needs.users, needs.devices) {
        (None, None) => return None,
        (Some(users), Some(devices)) if devices < users => {
            let (pl, en) = (
                format!("urządzenia: {devices} < użytkownicy: {users}"),
                format!("devices: {devices} < users: {users}"),
            );
            ("device_cal", devices, pl, en)
        }
        (Some(users), Some(devices)) => {
            let (pl, en) = (
                format!("użytkownicy: {users} ≤ urządzenia: {devices}"),
                format!("users: {users} ≤ devices: {devices}"),
            );
            ("user_cal", users, pl, en)
        }
        (Some(users), None) => {
            ("user_cal", users, format!("użytkownicy: {users}"), format!("users: {users}"))
        }
        (None, Some(devices)) => {
            ("device_cal", devices, format!("urządzenia: {devices}"), format!("devices: {devices}"))
        }
    };
    let server = Text { pl: "jedna instancja".to_owned(), en: "one instance".to_owned() };
    let items = vec![
        CalculatedItem { key: "server", quantity: 1, explanation: server },
        CalculatedItem { key, quantity, explanation: Text { pl, en } },
    ];
    Some((items, vec![rule.cals.clone()]))
}
