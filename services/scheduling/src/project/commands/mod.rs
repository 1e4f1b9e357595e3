//! The commands, one function each: read the request, load, let the model judge, keep what came of it.

mod contracting;
mod dates;
mod ending;
mod integrations;
mod migration;
mod work;
