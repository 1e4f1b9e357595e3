//! The contract: everything generated from `proto/przesiadka`, and the table of error reasons.
//!
//! Messages carry serde implementations that follow proto3's JSON mapping; REST speaks that JSON.

pub mod event;
pub mod reason;
pub mod refusal;
pub mod request;
pub mod snapshot;

/// The encoded `FileDescriptorSet` of all packages, with comments; for reflection and OpenAPI.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// What every service shares.
pub mod common {
    #[allow(clippy::all, missing_docs)]
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/przesiadka.common.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/przesiadka.common.v1.serde.rs"));
    }
}

/// The scheduling service: companies, projects, dates, stages, runs, protocol.
pub mod scheduling {
    #[allow(clippy::all, missing_docs)]
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/przesiadka.scheduling.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/przesiadka.scheduling.v1.serde.rs"));
    }
}

/// The notification service: messages, reminders, questions.
pub mod notification {
    #[allow(clippy::all, missing_docs)]
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/przesiadka.notification.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/przesiadka.notification.v1.serde.rs"));
    }
}

/// The licensing service: needs, choice, offers, proofs.
pub mod licensing {
    #[allow(clippy::all, missing_docs)]
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/przesiadka.licensing.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/przesiadka.licensing.v1.serde.rs"));
    }
}

/// How the services of a process stand, for whoever runs them.
pub mod operations {
    #[allow(clippy::all, missing_docs)]
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/przesiadka.operations.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/przesiadka.operations.v1.serde.rs"));
    }
}

/// The audit service: audits, measured values, findings.
pub mod audit {
    #[allow(clippy::all, missing_docs)]
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/przesiadka.audit.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/przesiadka.audit.v1.serde.rs"));
    }
}
