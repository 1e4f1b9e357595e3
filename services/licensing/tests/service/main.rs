//! The licensing service whole: its functions, its consumer and its tables, on both databases.

mod adapters;
mod advice;
mod commands;
mod events;
mod files;
mod offers;
mod orders;
mod reads;
mod restored;
mod world;
