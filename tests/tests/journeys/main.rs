//! Journeys over real processes, through REST and gRPC with real tokens.

mod audits;
mod bad_bytes;
mod bad_input;
mod bad_tokens;
mod cancelled;
mod common;
mod dates;
mod demo;
mod doctor;
mod everything;
mod forgotten;
mod happy;
mod licences;
mod operating;
mod operator;
mod overload;
mod replaced;
mod runs;
mod servers;
mod settings;
mod starting;
mod telemetry;
mod tls;
mod together;
mod webhooks;
mod who_may;
