//! Quantities: what one way to license takes.

use jiff::civil::Date;

use super::{
    Line, Remark, Rule,
    cals::{self, Cover},
    pricing,
};
use crate::{
    catalogue::{Catalogue, Family, LicenceKind, Metric, Product, Release, Unit, WindowsPart},
    licences::{Needs, Variant, needs::Owned},
};

/// What a calculation starts from.
pub(super) struct Counting<'a> {
    pub catalogue: &'a Catalogue,
    pub needs: &'a Needs,
    pub variant: Option<&'a Variant>,
    /// The day whose prices decide between ways to cover everybody; none to go by numbers of CALs.
    pub prices_of: Option<Date>,
    /// Lines of an earlier advice, whose ways to cover everybody are kept.
    pub kept: Option<&'a [Line]>,
}

/// Lines and conditions, or the paths of the needs that are missing.
pub(super) type Counted = Result<(Vec<Line>, Vec<Remark>), Vec<String>>;

impl Counting<'_> {
    /// What an allowed way takes, with Windows where the variant demands it.
    pub fn lines(&self, kind: LicenceKind, metric: Metric) -> Counted {
        let (mut lines, mut conditions, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let counted = match metric {
            Metric::PerCore => self.per_core(kind),
            Metric::ServerAndCal => self.server_and_cal(kind),
        };
        for counted in [counted, self.windows()] {
            match counted {
                Ok((more, conditional)) => {
                    lines.extend(more);
                    conditions.extend(conditional);
                }
                Err(paths) => missing.extend(paths),
            }
        }
        let mut seen = Vec::new();
        missing.retain(|path| {
            !seen.contains(path) && {
                seen.push(path.clone());
                true
            }
        });
        if missing.is_empty() { Ok((lines, conditions)) } else { Err(missing) }
    }

    /// The version that is to be installed.
    fn sql_release(&self) -> Result<&Release, &'static str> {
        let version = self.needs.target_version.as_ref().ok_or("target_version")?;
        self.catalogue.release(Family::SqlServer, version).ok_or("target_version")
    }

    /// Packs for all cores, and so many cores at least for each processor or for the virtual machine.
    fn per_core(&self, kind: LicenceKind) -> Counted {
        let needs = self.needs;
        let numbers = &self.catalogue.numbers.sql;
        let mut missing = Missing::default();
        let release = missing.unless(self.sql_release());
        let counted = match missing.known("virtual_machine", needs.virtual_machine) {
            Some(true) => missing.known("virtual_cores", needs.virtual_cores).map(|cores| {
                let least = numbers.least_per_virtual_machine;
                let counted = cores.max(least);
                let step = Remark::new(
                    Rule::CoresPerVirtualMachine,
                    format!("rdzenie wirtualne: {cores}, maszyna liczy się za co najmniej {least}; liczone: {counted}"),
                    format!("virtual cores: {cores}, the machine counts as at least {least}; counted: {counted}"),
                );
                (counted, step)
            }),
            Some(false) => {
                let cores = missing.known("cores", needs.cores);
                let processors = missing.known("processors", needs.processors);
                cores.zip(processors).map(|(cores, processors)| {
                    let each = numbers.least_per_processor;
                    let counted = cores.max(each.saturating_mul(processors));
                    let step = Remark::new(
                        Rule::CoresPerProcessor,
                        format!("rdzenie: {cores}; procesory: {processors}, każdy liczy się za co najmniej {each}; liczone: {counted}"),
                        format!("cores: {cores}; processors: {processors}, each counts as at least {each}; counted: {counted}"),
                    );
                    (counted, step)
                })
            }
            None => None,
        };
        let (Some(release), Some((counted, step))) = (release, counted) else { return missing.result() };
        let mut lines = Vec::new();
        let mut conditions = Vec::new();
        let owned = self.owned(release, kind, needs.existing.sql_cores);
        if let Some(product) = self.catalogue.product(release, Some(kind), Unit::CorePack) {
            let mut line = packs(product, counted, numbers.pack, owned, release);
            line.steps.insert(0, step);
            let packs = line.needed;
            lines.push(self.priced(line));
            if needs.virtual_machine == Some(true) && release.virtual_machine_needs_assurance {
                conditions.push(Remark::new(
                    Rule::VirtualMachineAssurance,
                    "Licencja na rdzenie pojedynczej maszyny wirtualnej wymaga Software Assurance albo subskrypcji.",
                    "Licensing the cores of a single virtual machine needs Software Assurance or a subscription.",
                ));
                if let Some(assurance) = self.catalogue.product(release, Some(kind), Unit::SoftwareAssurance)
                {
                    let step = Remark::new(
                        Rule::VirtualMachineAssurance,
                        format!("dla każdego pakietu rdzeni maszyny wirtualnej: {packs}"),
                        format!("for each pack of cores of the virtual machine: {packs}"),
                    );
                    lines.push(self.priced(line_of(assurance, packs, 0, vec![step])));
                }
            }
        }
        Ok((lines, conditions))
    }

    /// One server, and CALs for everybody.
    fn server_and_cal(&self, kind: LicenceKind) -> Counted {
        let mut missing = Missing::default();
        let release = missing.unless(self.sql_release());
        if cals::covers(self.needs).is_empty() {
            missing.0.extend(cals::missing(self.needs));
        }
        let Some(release) = release.filter(|_| missing.0.is_empty()) else { return missing.result() };
        let owned = &self.needs.existing;
        let mut lines = Vec::new();
        if let Some(product) = self.catalogue.product(release, Some(kind), Unit::Server) {
            let step = Remark::new(Rule::ServerPerInstance, "jedna instancja: 1", "one instance: 1");
            let (covered, existing) = self.owned(release, kind, owned.sql_servers).cover(1, release);
            let steps = [Some(step), existing].into_iter().flatten().collect();
            lines.push(self.priced(line_of(product, 1, covered, steps)));
        }
        let users = self.owned(release, kind, owned.sql_user_cals);
        let devices = self.owned(release, kind, owned.sql_device_cals);
        lines.extend(self.cals(release, Some(kind), users, devices));
        Ok((lines, Vec::new()))
    }

    /// What the variant demands of Windows; nothing before a variant is chosen.
    fn windows(&self) -> Counted {
        let demanded = self.variant.map_or(&[][..], |variant| &variant.licences);
        let cores = self.catalogue.stand_for(demanded, WindowsPart::Cores);
        let cals = self.catalogue.stand_for(demanded, WindowsPart::Cals);
        if !cores && !cals {
            return Ok((Vec::new(), Vec::new()));
        }
        let needs = self.needs;
        let mut missing = Missing::default();
        let version = missing.known("windows_version", needs.windows_version.as_ref());
        let release = version.and_then(|version| {
            missing.unless(self.catalogue.release(Family::WindowsServer, version).ok_or("windows_version"))
        });
        let counted = if cores { self.windows_cores(&mut missing) } else { None };
        if cals && cals::covers(needs).is_empty() {
            missing.0.extend(cals::missing(needs));
        }
        let Some(release) = release.filter(|_| missing.0.is_empty()) else { return missing.result() };
        let owned = &needs.existing;
        let mut lines = Vec::new();
        if let Some((counted, step)) = counted
            && let Some(product) = self.catalogue.product(release, None, Unit::CorePack)
        {
            let owned = Existing::of(&owned.windows_version, owned.windows_cores, release);
            let mut line = packs(product, counted, self.catalogue.numbers.windows.pack, owned, release);
            line.steps.insert(0, step);
            lines.push(self.priced(line));
        }
        if cals {
            let users = Existing::of(&owned.windows_version, owned.windows_user_cals, release);
            let devices = Existing::of(&owned.windows_version, owned.windows_device_cals, release);
            lines.extend(self.cals(release, None, users, devices));
        }
        Ok((lines, Vec::new()))
    }

    /// Every physical core of the server or of the virtual machine's host.
    fn windows_cores(&self, missing: &mut Missing) -> Option<(u32, Remark)> {
        let needs = self.needs;
        let numbers = &self.catalogue.numbers.windows;
        let (cores, processors) = match missing.known("virtual_machine", needs.virtual_machine)? {
            true => (
                missing.known("host_cores", needs.host_cores),
                missing.known("host_processors", needs.host_processors),
            ),
            false => (missing.known("cores", needs.cores), missing.known("processors", needs.processors)),
        };
        let (cores, processors) = cores.zip(processors)?;
        let (each, least) = (numbers.least_per_processor, numbers.least_per_server);
        let counted = cores.max(each.saturating_mul(processors)).max(least);
        let step = Remark::new(
            Rule::WindowsCores,
            format!(
                "rdzenie fizyczne: {cores}; procesory: {processors}, każdy liczy się za co najmniej {each}; serwer za co najmniej {least}; liczone: {counted}"
            ),
            format!(
                "physical cores: {cores}; processors: {processors}, each counts as at least {each}; the server as at least {least}; counted: {counted}"
            ),
        );
        Some((counted, step))
    }

    fn cals(
        &self,
        release: &Release,
        kind: Option<LicenceKind>,
        users: Existing,
        devices: Existing,
    ) -> Vec<Line> {
        let of = |unit, needed, cover: Cover, owned: &Existing, step| {
            let product = self.catalogue.product(release, kind, unit)?;
            let (covered, existing) = owned.cover(needed, release);
            let steps = [Some(step), existing].into_iter().flatten().collect();
            Some(self.priced(Line { cover: Some(cover), ..line_of(product, needed, covered, steps) }))
        };
        let ways = cals::covers(self.needs).into_iter().map(|(cover, parts)| {
            let lines = parts.into_iter().filter_map(|(unit, needed, step)| {
                of(unit, needed, cover, if unit == Unit::UserCal { &users } else { &devices }, step)
            });
            (cover, lines.collect())
        });
        let kept = self.kept.and_then(|lines| {
            lines.iter().filter(|line| line.family == release.family).find_map(|line| line.cover)
        });
        cals::best(ways.collect(), kept)
    }

    /// What is owned of MS SQL. It is of full licences, and Runtime is not mixed with them.
    fn owned(&self, release: &Release, kind: LicenceKind, quantity: Option<u32>) -> Existing {
        match kind {
            LicenceKind::Standard => Existing::of(&self.needs.existing.sql_version, quantity, release),
            LicenceKind::Runtime => Existing::None,
        }
    }

    fn priced(&self, line: Line) -> Line {
        match self.prices_of {
            Some(day) => pricing::priced(&self.catalogue.prices, day, line),
            None => line,
        }
    }
}

/// Paths of the needs that are not known.
#[derive(Default)]
struct Missing(Vec<String>);

impl Missing {
    fn known<T>(&mut self, path: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.0.push(path.to_owned());
        }
        value
    }

    fn unless<T>(&mut self, found: Result<T, &str>) -> Option<T> {
        found.map_err(|path| self.0.push(path.to_owned())).ok()
    }

    fn result(self) -> Counted {
        Err(self.0)
    }
}

/// Licences that are owned, and whether they count.
enum Existing {
    None,
    Counts { version: String, quantity: u32 },
    TooOld { version: String, quantity: u32 },
}

impl Existing {
    /// `EXISTING_LICENCES`: the same version or a newer one counts.
    fn of(version: &Option<Owned>, quantity: Option<u32>, release: &Release) -> Self {
        match (version, quantity) {
            (Some(Owned::Version(version)), Some(quantity @ 1..)) => {
                let version = version.clone();
                if *version >= *release.version {
                    Self::Counts { version, quantity }
                } else {
                    Self::TooOld { version, quantity }
                }
            }
            _ => Self::None,
        }
    }

    /// The same in packs: a pack that is not whole does not count.
    fn in_packs(self, pack: u32) -> Self {
        match self {
            Self::Counts { version, quantity } => Self::Counts { version, quantity: quantity / pack.max(1) },
            other => other,
        }
    }

    /// How many of those needed are owned, and how that came about.
    fn cover(&self, needed: u32, release: &Release) -> (u32, Option<Remark>) {
        let name = &release.version;
        match self {
            Self::None => (0, None),
            Self::Counts { version, quantity } => {
                let covered = needed.min(*quantity);
                let left = needed - covered;
                let step = Remark::new(
                    Rule::ExistingLicences,
                    format!("posiadane w wersji {version}: {quantity}; do kupienia: {left}"),
                    format!("owned of version {version}: {quantity}; to buy: {left}"),
                );
                (covered, Some(step))
            }
            Self::TooOld { version, quantity } => {
                let step = Remark::new(
                    Rule::ExistingLicences,
                    format!(
                        "posiadane: {quantity}, ale wersja {version} jest starsza niż {name}, więc się nie liczą"
                    ),
                    format!(
                        "owned: {quantity}, but version {version} is older than {name}, so they do not count"
                    ),
                );
                (0, Some(step))
            }
        }
    }
}

/// `CORE_PACKS`: the cores counted, in whole packs.
fn packs(product: &Product, counted: u32, pack: u32, owned: Existing, release: &Release) -> Line {
    let needed = counted.div_ceil(pack.max(1));
    let step = Remark::new(
        Rule::CorePacks,
        format!("rdzenie: {counted}, w pakietach po {pack}: {needed}"),
        format!("cores: {counted}, in packs of {pack}: {needed}"),
    );
    let (covered, existing) = owned.in_packs(pack).cover(needed, release);
    line_of(product, needed, covered, [Some(step), existing].into_iter().flatten().collect())
}

fn line_of(product: &Product, needed: u32, covered: u32, steps: Vec<Remark>) -> Line {
    Line {
        product: product.key.clone(),
        name: product.name.clone(),
        family: product.family,
        cover: None,
        needed,
        covered,
        to_buy: needed - covered,
        unit_price: None,
        net: None,
        steps,
    }
}
