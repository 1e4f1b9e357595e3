//! Links under which a calendar program finds all of a company's dates, or those of all companies.

mod commands;
mod feed;
mod model;
mod queries;
pub(crate) mod store;

/// Where calendars are found, before and after the link's secret.
pub const PATH: &str = "/notification/v1/calendars";
pub const ENDING: &str = ".ics";

pub use model::{CalendarLink, Holder, LinkId};
