//! Journeys over real processes, through REST and gRPC with real tokens.

mod audits;
mod cancelled;
mod common;
mod dates;
mod forgotten;
mod happy;
mod killed;
mod operating;
mod replaced;
mod runs;
mod starting;
mod together;
