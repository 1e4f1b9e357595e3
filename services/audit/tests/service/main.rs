//! The service as its callers see it: through gRPC and REST with real tokens, on SQLite and PostgreSQL.

mod access;
mod bench;
mod commands;
mod events;
mod files;
mod import;
mod limits;
mod portal;
mod reads;
mod report;
