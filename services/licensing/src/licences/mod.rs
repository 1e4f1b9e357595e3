//! The licences of one project: needs, choice, special offer, what is ordered and what is in place. One aggregate
//! per project. `commands`, `queries`, `store`, `parse` and `view` join it to the world; the rest is pure.

mod advice;
mod checks;
mod choice;
mod commands;
mod contradictions;
mod demands;
mod events;
mod model;
mod needs;
mod offer;
mod orders;
mod parse;
mod proofs;
mod queries;
mod questionnaire;
mod set_back;
mod status;
mod store;
mod timers;
mod upstream;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use advice::remark_to_proto;
pub use advice::{Advice, Cover, Digest, Line, LineDigest, Remark, Rule, Way, WayDigest, advise};
pub use events::{Event, ReleaseReason};
pub use model::{
    Choice, DocumentKind, LicenceDocument, Licences, Order, OrderState, Phase, Proof, Recommendation,
    Reservation, Variant, Withdrawal,
};
pub use needs::{Existing, Needs, OtherApplications, Owned};
pub use offer::AskedOffer;
pub use orders::NewOrder;
pub use proofs::NewProof;
pub use questionnaire::{Form, Question, questions};
pub use status::{DemandState, Status};
pub(crate) use store::{find, insert, keep};
pub(crate) use view::document as document_to_proto;

use platform::{
    Error,
    name::{self, ProjectName},
};

/// The form of the aggregate's resource name.
pub const NAME: &str = "companies/{company}/projects/{project}/licensing";

/// The project whose licensing a request names.
fn named(field: &str, resource: &str) -> Result<ProjectName, Error> {
    let [company, project] = name::ids(field, NAME, resource)?;
    Ok(ProjectName { company: company.into(), project: project.into() })
}

/// The resource name of a project's licensing.
fn resource_name(project: ProjectName) -> String {
    format!("{project}/licensing")
}
