//! The one binary: it puts the four services together and runs them, and holds the operator's commands.
//!
//! [`services`] says how each service is made, [`serve`] runs some or all of them in this process,
//! [`demo`] shows all of it on one dealership, [`commands`] holds everything else that the command line
//! offers.

mod cli;
mod commands;
mod demo;
mod lock;
mod prepare;
pub mod serve;
pub mod services;
mod settled;

pub use cli::main;
