//! REST, for the partner portal: what a company's contact may do.

use platform::rest::{Route, get, post};

use crate::Audits;

/// Every path of this service.
pub fn routes() -> Vec<Route<Audits>> {
    vec![
        get("/companies/{company}/projects/{project}/audits", Audits::list_audits),
        get("/companies/{company}/projects/{project}/audits/{audit}", Audits::get_audit),
        get("/companies/{company}/projects/{project}/audits/{audit}/compare", Audits::compare_audits),
        post("/companies/{company}/projects/{project}/audits/{audit}/importValues", Audits::import_values),
        get("/companies/{company}/projects/{project}/findings", Audits::list_findings),
        get("/companies/{company}/projects/{project}/findings/{finding}", Audits::get_finding),
        post("/companies/{company}/projects/{project}/findings/{finding}/answer", Audits::answer_finding),
        get("/checklists/{checklist}", Audits::get_checklist),
    ]
}
