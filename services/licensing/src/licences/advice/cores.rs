//! Cores: how many count, and in how many packs they are sold.

use super::{Line, Remark, Rule, count::line_of, existing::Existing};
use crate::catalogue::{Product, Release, SqlNumbers, WindowsNumbers};

/// Cores that count, and how that came about.
pub(super) type Cores = (u32, Remark);

/// `CORES_PER_VIRTUAL_MACHINE`: all virtual cores, and so many at least.
pub(super) fn of_virtual_machine(numbers: &SqlNumbers, cores: u32) -> Cores {
    let least = numbers.least_per_virtual_machine;
    let counted = cores.max(least);
    let step = Remark::new(
        Rule::CoresPerVirtualMachine,
        format!("rdzenie wirtualne: {cores}, maszyna liczy się za co najmniej {least}; liczone: {counted}"),
        format!("virtual cores: {cores}, the machine counts as at least {least}; counted: {counted}"),
    );
    (counted, step)
}

/// `CORES_PER_PROCESSOR`: all physical cores, and so many at least for each processor.
pub(super) fn of_server(numbers: &SqlNumbers, cores: u32, processors: u32) -> Cores {
    let each = numbers.least_per_processor;
    let counted = cores.max(each.saturating_mul(processors));
    let step = Remark::new(
        Rule::CoresPerProcessor,
        format!(
            "rdzenie: {cores}; procesory: {processors}, każdy liczy się za co najmniej {each}; \
             liczone: {counted}"
        ),
        format!(
            "cores: {cores}; processors: {processors}, each counts as at least {each}; counted: {counted}"
        ),
    );
    (counted, step)
}

/// `WINDOWS_CORES`: all physical cores of the server or of the virtual machine's host, and so many at
/// least for each processor and for the server.
pub(super) fn of_windows(numbers: &WindowsNumbers, cores: u32, processors: u32) -> Cores {
    let (each, least) = (numbers.least_per_processor, numbers.least_per_server);
    let counted = cores.max(each.saturating_mul(processors)).max(least);
    let step = Remark::new(
        Rule::WindowsCores,
        format!(
            "rdzenie fizyczne: {cores}; procesory: {processors}, każdy liczy się za co najmniej {each}; \
             serwer za co najmniej {least}; liczone: {counted}"
        ),
        format!(
            "physical cores: {cores}; processors: {processors}, each counts as at least {each}; \
             the server as at least {least}; counted: {counted}"
        ),
    );
    (counted, step)
}

/// `CORE_PACKS`: the cores that count, in whole packs.
pub(super) fn packs(
    product: &Product,
    (counted, step): Cores,
    pack: u32,
    owned: Existing,
    release: &Release,
) -> Line {
    let needed = counted.div_ceil(pack.max(1));
    let in_packs = Remark::new(
        Rule::CorePacks,
        format!("rdzenie: {counted}, w pakietach po {pack}: {needed}"),
        format!("cores: {counted}, in packs of {pack}: {needed}"),
    );
    let (covered, existing) = owned.in_packs(pack).cover(needed, release);
    let steps = [Some(step), Some(in_packs), existing].into_iter().flatten().collect();
    line_of(product, needed, covered, steps)
}
