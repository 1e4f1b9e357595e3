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
        post("/companies/{company}/setSystems", Scheduling::set_systems),
        get("/companies/{company}/contacts", Scheduling::list_contacts),
        post("/companies/{company}/contacts", Scheduling::create_contact),
        get("/companies/{company}/contacts/{contact}", Scheduling::get_contact),
        put("/companies/{company}/contacts/{contact}", Scheduling::update_contact),
        post("/companies/{company}/contacts/{contact}/replace", Scheduling::replace_contact),
        post("/companies/{company}/contacts/{contact}/remove", Scheduling::remove_contact),
        get("/companies/{company}/contacts/{contact}/export", Scheduling::export_contact),
        get("/companies/{company}/projects/{project}/history", Scheduling::list_history),
    ]
}
