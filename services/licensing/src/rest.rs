//! What a company's contacts may do, one line for each RPC. SOFTVIG's own commands are gRPC's alone.

use platform::rest::{Route, download, get, post, upload};

use crate::Licensing;

/// All routes of this service; the aggregate's name ends in a fixed word.
pub fn routes() -> Vec<Route<Licensing>> {
    let mut routes = vec![
        get("/companies/{company}/projects/{project}/licensing", Licensing::get_licensing),
        get("/companies/{company}/projects/{project}/licensing/questionnaire", Licensing::get_questionnaire),
        get("/companies/{company}/projects/{project}/licensing/offers", Licensing::list_offers),
        post("/companies/{company}/projects/{project}/licensing/setNeeds", Licensing::set_needs),
        post("/companies/{company}/projects/{project}/licensing/chooseLicence", Licensing::choose_licence),
        post("/companies/{company}/projects/{project}/licensing/reserveOffer", Licensing::reserve_offer),
        post("/companies/{company}/projects/{project}/licensing/acceptOffer", Licensing::accept_offer),
        post("/companies/{company}/projects/{project}/licensing/releaseOffer", Licensing::release_offer),
        post("/companies/{company}/projects/{project}/licensing/orderLicence", Licensing::order_licence),
        post("/companies/{company}/projects/{project}/licensing/cancelOrder", Licensing::cancel_order),
        post("/companies/{company}/projects/{project}/licensing/recordLicence", Licensing::record_licence),
        post("/companies/{company}/projects/{project}/licensing/withdrawProof", Licensing::withdraw_proof),
    ];
    routes = routes.into_iter().map(|route| route.resource(crate::licences::NAME)).collect();
    routes.extend([
        get("/companies/{company}/licensings", Licensing::list_licensings),
        upload("/companies/{company}/files", Licensing::upload_file),
        download("/companies/{company}/files/{file}", Licensing::download_file),
    ]);
    routes
}
