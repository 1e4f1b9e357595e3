//! The table of RPCs and their paths, for docs/API-DESIGN.md.

use crate::{auth::wording, descriptor::CONTRACT, rest::Operation};

const START: &str = "<!-- rpc table: generated, see the test that compares it -->\n";
const END: &str = "<!-- end of rpc table -->";

/// Markdown: each RPC of the services that the operations belong to and of those of gRPC alone, who may call it, and
/// its path; those without one say so.
pub fn rpc_table(operations: &[Operation], without_rest: &[&'static str]) -> String {
    let mut services: Vec<_> = operations.iter().map(Operation::service).collect();
    services.extend(without_rest);
    services.sort_unstable();
    services.dedup();
    let mut table = "| RPC | roles | REST |\n| --- | --- | --- |\n".to_owned();
    for (method, info) in &CONTRACT.methods {
        if !services.contains(&method.split('.').next().unwrap_or_default()) {
            continue;
        }
        let places: Vec<_> = operations.iter().filter(|o| o.method == method).collect();
        let rest = match places.as_slice() {
            [] if info.streams => "gRPC only (a stream)".to_owned(),
            [] => "gRPC only".to_owned(),
            places => {
                let places: Vec<_> = places.iter().map(|o| format!("`{} {}`", o.verb, o.path)).collect();
                places.join(", ")
            }
        };
        let roles = wording(&info.comment).unwrap_or_default();
        table.push_str(&format!("| {method} | {roles} | {rest} |\n"));
    }
    table
}

/// The document with the table between its two marks; none where it has no marks. A test compares it
/// with the document as it is.
pub fn in_document(document: &str, table: &str) -> Option<String> {
    let (before, rest) = document.split_once(START)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{START}\n{table}\n{END}{after}"))
}
