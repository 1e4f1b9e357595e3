//! The service as a whole, on both databases.

mod adapters;
mod backfill;
mod calendar;
mod delivery;
mod export;
mod holding;
mod integrations;
mod links;
mod preferences;
mod previews;
mod questions;
mod raised;
mod refusals;
mod reminders;
mod restored;
mod smtp;
mod telling;
mod unanswered;
mod undelivered;
mod unsubscribe;
mod webhooks;
mod world;
