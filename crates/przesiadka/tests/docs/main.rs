//! What the documents say of the code is true.

mod api_design;
mod settings;
