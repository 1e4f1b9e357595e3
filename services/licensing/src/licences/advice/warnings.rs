//! What to keep in mind whatever is chosen.

use jiff::{ToSpan as _, civil::Date};

use super::{Remark, Rule, count::Counting};
use crate::catalogue::{Family, Release, WindowsPart};

/// Support that ends or has ended, and limits of the edition that the machine exceeds.
pub(super) fn warnings(counting: &Counting, day: Date) -> Vec<Remark> {
    let Counting { catalogue, needs, variant, .. } = counting;
    let months = catalogue.numbers.warn_months;
    let mut warnings = Vec::new();
    let sql = needs.target_version.as_ref().and_then(|v| catalogue.release(Family::SqlServer, v));
    if let Some(release) = sql {
        support(release, day, months, &mut warnings);
        limits(release, counting, &mut warnings);
    }
    let demanded = variant.map_or(&[][..], |variant| &variant.licences);
    let windows = needs.windows_version.as_ref().and_then(|v| catalogue.release(Family::WindowsServer, v));
    if let Some(release) = windows.filter(|_| catalogue.stand_for(demanded, WindowsPart::Cores)) {
        support(release, day, months, &mut warnings);
    }
    warnings
}

/// `MAINSTREAM_SUPPORT_ENDS`, `SUPPORT_ENDS`: within so many months, or already over.
fn support(release: &Release, day: Date, months: u32, warnings: &mut Vec<Remark>) {
    let horizon = day.checked_add(i64::from(months).months()).unwrap_or(Date::MAX);
    let name = &release.name;
    if let Some(until) = release.mainstream_until.filter(|until| *until <= horizon) {
        warnings.push(Remark::new(
            Rule::MainstreamSupportEnds,
            format!("{}: podstawowe wsparcie producenta do {until}.", name.pl),
            format!("{}: mainstream support until {until}.", name.en),
        ));
    }
    if release.supported_until <= horizon {
        let until = release.supported_until;
        warnings.push(Remark::new(
            Rule::SupportEnds,
            format!("{}: wsparcie producenta, także rozszerzone, do {until}.", name.pl),
            format!("{}: support, extended support too, until {until}.", name.en),
        ));
    }
}

/// `EDITION_CORES`, `EDITION_MEMORY`: what the edition leaves idle.
fn limits(release: &Release, counting: &Counting, warnings: &mut Vec<Remark>) {
    let needs = counting.needs;
    let cores = if needs.virtual_machine == Some(true) { needs.virtual_cores } else { needs.cores };
    if let (Some(cores), Some(most)) = (cores, release.most_cores)
        && cores > most
    {
        warnings.push(Remark::new(
            Rule::EditionCores,
            format!("{} Standard używa najwyżej {most} rdzeni; jest ich {cores}.", release.name.pl),
            format!("{} Standard uses {most} cores at most; there are {cores}.", release.name.en),
        ));
    }
    if let (Some(memory), Some(most)) = (needs.memory_gb, release.most_memory_gb)
        && memory > most
    {
        warnings.push(Remark::new(
            Rule::EditionMemory,
            format!("{} Standard używa najwyżej {most} GB pamięci; jest {memory} GB.", release.name.pl),
            format!("{} Standard uses {most} GB of memory at most; there are {memory} GB.", release.name.en),
        ));
    }
}
