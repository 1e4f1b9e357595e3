//! The service as a whole, on both databases.

mod adapters;
mod backfill;
mod delivery;
mod questions;
mod reminders;
mod smtp;
mod telling;
mod webhooks;
mod world;
