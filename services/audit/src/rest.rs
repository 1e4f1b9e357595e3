//! REST, for the partner portal: what a company's contact may do.

use platform::rest::{Route, download, get, post, upload};

use crate::Audits;

/// Every path of this service.
pub fn routes() -> Vec<Route<Audits>> {
    vec![
        get("/companies/{company}/projects/{project}/audits", Audits::list_audits),
        get("/companies/{company}/projects/{project}/audits/{audit}", Audits::get_audit),
        get("/companies/{company}/projects/{project}/audits/{audit}/compare", Audits::compare_audits),
        get("/companies/{company}/projects/{project}/audits/{audit}/report", Audits::get_audit_report),
        download(
            "/companies/{company}/projects/{project}/audits/{audit}/renderReport",
            Audits::render_audit_report,
        ),
        post("/companies/{company}/projects/{project}/audits/{audit}/importValues", Audits::import_values),
        post("/companies/{company}/projects/{project}/audits/{audit}/attachFiles", Audits::attach_files),
        post("/companies/{company}/projects/{project}/audits/{audit}/detachFile", Audits::detach_file),
        get("/companies/{company}/projects/{project}/findings", Audits::list_findings),
        get("/companies/{company}/projects/{project}/findings/{finding}", Audits::get_finding),
        post("/companies/{company}/projects/{project}/findings/{finding}/answer", Audits::answer_finding),
        upload("/companies/{company}/files", Audits::upload_file),
        download("/companies/{company}/files/{file}", Audits::download_file),
        get("/checklists/{checklist}", Audits::get_checklist),
    ]
}
