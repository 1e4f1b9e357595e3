//! The service as a whole, on both databases.

mod adapters;
mod backfill;
mod calendar;
mod delivery;
mod integrations;
mod links;
mod questions;
mod raised;
mod reminders;
mod smtp;
mod telling;
mod unanswered;
mod webhooks;
mod world;
