//! Journeys over real processes, through REST and gRPC with real tokens.

mod access;
mod audits;
mod bad_bytes;
mod bad_input;
mod bad_tokens;
mod cancelled;
mod common;
mod dates;
mod demo;
mod everything;
mod forgotten;
mod happy;
mod licences;
mod operating;
mod replaced;
mod runs;
mod servers;
mod starting;
mod telemetry;
mod together;
mod webhooks;
mod who_may;
