//! Journeys over real processes, through REST and gRPC with real tokens.

mod operating;
mod starting;
