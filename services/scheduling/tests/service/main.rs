//! The scheduling service whole: its functions, its consumer and its tables, on both databases.

mod company;
mod contacts;
mod gdpr;
mod model;
mod notification;
mod project;
mod reads;
mod rest;
mod world;
