//! The delivery promise: nothing lost, nothing twice, in order per lane, whatever dies in between.

mod bad_input;
mod commands;
mod connections;
mod delivery;
mod faults;
mod figures;
mod follows;
mod jetstream;
mod newer;
mod operated;
mod personal;
mod restored;
mod runs;
mod steps;
mod timers;
mod watches;
mod world;
