//! The audits of one project: attempts, what was measured in them, findings and their correction.

pub mod model;
