//! The service as a whole, on both databases.

mod adapters;
mod backfill;
mod calendar;
mod delivery;
mod holding;
mod links;
mod previews;
mod questions;
mod refusals;
mod reminders;
mod smtp;
mod telling;
mod unanswered;
mod webhooks;
mod world;
