//! What a company's contacts may do, one line for each RPC. SOFTVIG's own commands are gRPC's alone.

use platform::rest::{Route, get, post, put};

use crate::Scheduling;

/// All routes of this service.
pub fn routes() -> Vec<Route<Scheduling>> {
    vec![
        get("/variants", Scheduling::list_variants),
        get("/companies/{company}", Scheduling::get_company),
        post("/companies/{company}/setWorkingHours", Scheduling::set_working_hours),
        post("/companies/{company}/enterClosure", Scheduling::enter_closure),
        post("/companies/{company}/withdrawClosure", Scheduling::withdraw_closure),
        post("/companies/{company}/setSystems", Scheduling::set_systems),
        get("/companies/{company}/contacts", Scheduling::list_contacts),
        post("/companies/{company}/contacts", Scheduling::create_contact),
        get("/companies/{company}/contacts/{contact}", Scheduling::get_contact),
        put("/companies/{company}/contacts/{contact}", Scheduling::update_contact),
        post("/companies/{company}/contacts/{contact}/replace", Scheduling::replace_contact),
        post("/companies/{company}/contacts/{contact}/remove", Scheduling::remove_contact),
        get("/companies/{company}/contacts/{contact}/export", Scheduling::export_contact),
        get("/companies/{company}/history", Scheduling::list_company_history),
        get("/companies/{company}/projects", Scheduling::list_projects),
        get("/companies/{company}/projects/{project}", Scheduling::get_project),
        get("/companies/{company}/projects/{project}/suggestDates", Scheduling::suggest_dates),
        post("/companies/{company}/projects/{project}/askVariantHelp", Scheduling::ask_variant_help),
        post("/companies/{company}/projects/{project}/chooseVariant", Scheduling::choose_variant),
        post("/companies/{company}/projects/{project}/proposeDates", Scheduling::propose_dates),
        post("/companies/{company}/projects/{project}/acceptProposal", Scheduling::accept_proposal),
        post("/companies/{company}/projects/{project}/declineProposal", Scheduling::decline_proposal),
        post("/companies/{company}/projects/{project}/withdrawDate", Scheduling::withdraw_date),
        post(
            "/companies/{company}/projects/{project}/confirmReadinessCondition",
            Scheduling::confirm_readiness_condition,
        ),
        post(
            "/companies/{company}/projects/{project}/retractReadinessCondition",
            Scheduling::retract_readiness_condition,
        ),
        post("/companies/{company}/projects/{project}/declareReadiness", Scheduling::declare_readiness),
        post("/companies/{company}/projects/{project}/confirmStopped", Scheduling::confirm_stopped),
        post("/companies/{company}/projects/{project}/retractStopped", Scheduling::retract_stopped),
        post("/companies/{company}/projects/{project}/answerDrop", Scheduling::answer_drop),
        post("/companies/{company}/projects/{project}/confirmWorks", Scheduling::confirm_works),
        post("/companies/{company}/projects/{project}/reportProblem", Scheduling::report_problem),
        post("/companies/{company}/projects/{project}/signProtocol", Scheduling::sign_protocol),
        post("/companies/{company}/projects/{project}/declineProtocol", Scheduling::decline_protocol),
        get("/companies/{company}/projects/{project}/history", Scheduling::list_history),
    ]
}
