//! The rules of the advice, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident => $name:literal,)*) => {
        /// A rule of the calculation. Sources: Microsoft's licensing guides, except where it says DOMAIN.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $name)] $rule,)*
        }

        impl Rule {
            /// As the contract says it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }
        }
    };
}

rules! {
    /// DOMAIN: `runtime` only where nothing but AutoStacja uses the instance.
    RuntimeOnlyAutostacja => "RUNTIME_ONLY_AUTOSTACJA",
    /// DOMAIN: a variant may demand no licence kind.
    KindNotDemanded => "KIND_NOT_DEMANDED",
    /// A kind is sold by some metrics only.
    MetricNotSold => "METRIC_NOT_SOLD",
    /// The version cannot be the new one.
    VersionNotOffered => "VERSION_NOT_OFFERED",

    /// MS SQL: every physical core, and so many at least for each processor.
    CoresPerProcessor => "CORES_PER_PROCESSOR",
    /// MS SQL: every virtual core, and so many at least for the machine.
    CoresPerVirtualMachine => "CORES_PER_VIRTUAL_MACHINE",
    /// Cores are sold in whole packs.
    CorePacks => "CORE_PACKS",
    /// From SQL Server 2022 on a virtual machine alone needs Software Assurance or a subscription.
    VirtualMachineAssurance => "VIRTUAL_MACHINE_ASSURANCE",
    /// One server licence for the instance.
    ServerPerInstance => "SERVER_PER_INSTANCE",
    /// A CAL for every user, or every device, or a mix that covers all.
    CalForAll => "CAL_FOR_ALL",
    /// Of the ways to cover all, the cheapest; without prices that with the fewest CALs.
    CalCheapest => "CAL_CHEAPEST",
    /// Windows: every physical core, and so many at least for each processor and for the server.
    WindowsCores => "WINDOWS_CORES",
    /// Licences that are owned count where they are of the same or a newer version.
    ExistingLicences => "EXISTING_LICENCES",

    MainstreamSupportEnds => "MAINSTREAM_SUPPORT_ENDS",
    SupportEnds => "SUPPORT_ENDS",
    EditionCores => "EDITION_CORES",
    EditionMemory => "EDITION_MEMORY",

    /// What a choice was made for is no longer known.
    NeedsIncomplete => "NEEDS_INCOMPLETE",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
