//! Projects through the service functions: every command, the whole walk, time and other services.

mod allowed;
mod closed;
pub mod command;
mod dates;
mod heard;
pub mod journey;
mod kinds;
mod reads;
mod refused;
mod underneath;
mod walk;
