//! REST: what a company's contact may do, one line for each RPC.

use platform::rest::{Route, get, post};

use crate::Notification;

/// Paths below `/notification/v1`.
pub fn routes() -> Vec<Route<Notification>> {
    vec![
        get("/companies/{company}/messages", Notification::list_messages),
        get("/companies/{company}/messages/{message}", Notification::get_message),
        get("/companies/{company}/questions", Notification::list_questions),
        post("/companies/{company}/questions", Notification::ask_question),
        get("/companies/{company}/questions/{question}", Notification::get_question),
    ]
}
