//! REST: what a company's contact may do, one line for each RPC; and what is open to whoever has a link.

use std::sync::Arc;

use axum::Router;
use platform::rest::{Route, get, open, open_page, post, put};

use crate::{Notification, links, unsubscribe};

/// Paths below `/notification/v1`.
pub fn routes() -> Vec<Route<Notification>> {
    vec![
        get("/companies/{company}/messages", Notification::list_messages),
        get("/companies/{company}/messages/{message}", Notification::get_message),
        get("/companies/{company}/questions", Notification::list_questions),
        post("/companies/{company}/questions", Notification::ask_question),
        get("/companies/{company}/questions/{question}", Notification::get_question),
        get(PREFERENCES, Notification::get_contact_preferences).resource(&PREFERENCES[1..]),
        put(PREFERENCES, Notification::update_contact_preferences).resource(&PREFERENCES[1..]),
        get("/companies/{company}/contacts/{contact}/export", Notification::export_contact),
        get("/companies/{company}/calendarLinks", Notification::list_calendar_links),
        post("/companies/{company}/calendarLinks", Notification::create_calendar_link),
        post("/companies/{company}/calendarLinks/{link}/revoke", Notification::revoke_calendar_link),
    ]
}

const PREFERENCES: &str = "/companies/{company}/contacts/{contact}/preferences";

/// Calendars, and the links in mails: calendar and mail programs can send no token.
pub fn open_paths(service: &Arc<Notification>) -> Router {
    let calendar_type = "text/calendar; charset=utf-8";
    let calendars = open(service, links::PATH, links::ENDING, calendar_type, Notification::calendar);
    let (ask, carry_out) = (Notification::ask_unsubscribe, Notification::unsubscribe);
    calendars.merge(open_page(service, unsubscribe::PATH, ask, carry_out))
}
