//! Quantities: what one way to license takes.

use jiff::civil::Date;

use super::{
    Line, Remark, Rule,
    cals::{self, Cover},
    cores::{self, Cores},
    existing::Existing,
    pricing,
};
use crate::{
    catalogue::{Catalogue, Family, LicenceKind, Metric, Product, Release, Unit, WindowsPart},
    licences::{Needs, Variant},
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

/// What a way takes.
#[derive(Default)]
pub(super) struct Takes {
    pub lines: Vec<Line>,
    pub conditions: Vec<Remark>,
    /// Keys of products without a price that would cover everybody otherwise, for less perhaps.
    pub unpriced: Vec<String>,
}

impl Takes {
    fn add(&mut self, more: Self) {
        self.lines.extend(more.lines);
        self.conditions.extend(more.conditions);
        self.unpriced.extend(more.unpriced);
    }
}

/// What it takes, or the paths of the needs that are missing.
pub(super) type Counted = Result<Takes, Vec<String>>;

impl Counting<'_> {
    /// What an allowed way takes, with Windows where the variant demands it.
    pub fn lines(&self, kind: LicenceKind, metric: Metric) -> Counted {
        let (mut takes, mut missing) = (Takes::default(), Vec::new());
        let counted = match metric {
            Metric::PerCore => self.per_core(kind),
            Metric::ServerAndCal => self.server_and_cal(kind),
        };
        for counted in [counted, self.windows()] {
            match counted {
                Ok(more) => takes.add(more),
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
        if missing.is_empty() { Ok(takes) } else { Err(missing) }
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
            Some(true) => {
                let cores = missing.known("virtual_cores", needs.virtual_cores);
                cores.map(|cores| cores::of_virtual_machine(numbers, cores))
            }
            Some(false) => {
                let cores = missing.known("cores", needs.cores);
                let processors = missing.known("processors", needs.processors);
                cores.zip(processors).map(|(cores, processors)| cores::of_server(numbers, cores, processors))
            }
            None => None,
        };
        let (Some(release), Some(counted)) = (release, counted) else { return missing.result() };
        let mut takes = Takes::default();
        let owned = self.owned(release, kind, needs.existing.sql_cores);
        if let Some(product) = self.catalogue.product(release, Some(kind), Unit::CorePack) {
            let line = cores::packs(product, counted, numbers.pack, owned, release);
            let packs = line.needed;
            takes.lines.push(self.priced(line));
            if needs.virtual_machine == Some(true) && release.virtual_machine_needs_assurance {
                takes.conditions.push(Remark::new(
                    Rule::VirtualMachineAssurance,
                    "Licencja na rdzenie pojedynczej maszyny wirtualnej wymaga \
                     Software Assurance albo subskrypcji.",
                    "Licensing the cores of a single virtual machine needs \
                     Software Assurance or a subscription.",
                ));
                if let Some(assurance) = self.catalogue.product(release, Some(kind), Unit::SoftwareAssurance)
                {
                    let step = Remark::new(
                        Rule::VirtualMachineAssurance,
                        format!("dla każdego pakietu rdzeni maszyny wirtualnej: {packs}"),
                        format!("for each pack of cores of the virtual machine: {packs}"),
                    );
                    takes.lines.push(self.priced(line_of(assurance, packs, 0, vec![step])));
                }
            }
        }
        Ok(takes)
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
        let mut takes = Takes::default();
        if let Some(product) = self.catalogue.product(release, Some(kind), Unit::Server) {
            let step = Remark::new(Rule::ServerPerInstance, "jedna instancja: 1", "one instance: 1");
            let (covered, existing) = self.owned(release, kind, owned.sql_servers).cover(1, release);
            let steps = [Some(step), existing].into_iter().flatten().collect();
            takes.lines.push(self.priced(line_of(product, 1, covered, steps)));
        }
        let users = self.owned(release, kind, owned.sql_user_cals);
        let devices = self.owned(release, kind, owned.sql_device_cals);
        takes.add(self.cals(release, Some(kind), users, devices));
        Ok(takes)
    }

    /// What the variant demands of Windows; nothing before a variant is chosen.
    pub fn windows(&self) -> Counted {
        let demanded = self.variant.map_or(&[][..], |variant| &variant.licences);
        let cores = self.catalogue.stand_for(demanded, WindowsPart::Cores);
        let cals = self.catalogue.stand_for(demanded, WindowsPart::Cals);
        if !cores && !cals {
            return Ok(Takes::default());
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
        let mut takes = Takes::default();
        if let Some(counted) = counted
            && let Some(product) = self.catalogue.product(release, None, Unit::CorePack)
        {
            let owned = Existing::of(&owned.windows_version, owned.windows_cores, release);
            let pack = self.catalogue.numbers.windows.pack;
            takes.lines.push(self.priced(cores::packs(product, counted, pack, owned, release)));
        }
        if cals {
            let users = Existing::of(&owned.windows_version, owned.windows_user_cals, release);
            let devices = Existing::of(&owned.windows_version, owned.windows_device_cals, release);
            takes.add(self.cals(release, None, users, devices));
        }
        Ok(takes)
    }

    fn windows_cores(&self, missing: &mut Missing) -> Option<Cores> {
        let needs = self.needs;
        let (cores, processors) = match missing.known("virtual_machine", needs.virtual_machine)? {
            true => (
                missing.known("host_cores", needs.host_cores),
                missing.known("host_processors", needs.host_processors),
            ),
            false => (missing.known("cores", needs.cores), missing.known("processors", needs.processors)),
        };
        Some(cores::of_windows(&self.catalogue.numbers.windows, cores?, processors?))
    }

    fn cals(
        &self,
        release: &Release,
        kind: Option<LicenceKind>,
        users: Existing,
        devices: Existing,
    ) -> Takes {
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
        let ways: Vec<_> = ways.collect();
        let unpriced = cals::unpriced(&ways);
        let lines = cals::best(ways, kept);
        Takes { lines, unpriced, ..Takes::default() }
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

/// A line without its price.
pub(super) fn line_of(product: &Product, needed: u32, covered: u32, steps: Vec<Remark>) -> Line {
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
