//! The tables in docs/API-DESIGN.md say what the code says.
//!
//! When they do not: `PRZESIADKA_WRITE_DOCS=1 cargo nextest run -p przesiadka -E 'test(api_design)'`.

use std::{env, fs, path::Path};

use platform::openapi::{in_document, rpc_table};
use proto::common::v1::ErrorReason;
use przesiadka::services::Name;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/API-DESIGN.md");
const ERRORS: [&str; 2] = ["<!-- error table: generated -->\n", "<!-- end of error table -->"];

#[test]
fn api_design_lists_every_rpc_with_its_path_and_every_reason_with_its_status() {
    let path = Path::new(DOCUMENT);
    let document = fs::read_to_string(path).expect("docs/API-DESIGN.md");
    let operations: Vec<_> = Name::ALL.into_iter().flat_map(Name::operations).collect();
    let expected =
        in_document(&document, &rpc_table(&operations, &["operations"])).expect("the marks of the RPC table");
    let expected = with_errors(&expected, &error_table());
    if env::var_os("PRZESIADKA_WRITE_DOCS").is_some() {
        fs::write(path, expected).expect("docs/API-DESIGN.md is written");
    } else {
        assert!(
            document == expected,
            "docs/API-DESIGN.md differs from the code; PRZESIADKA_WRITE_DOCS=1 writes it"
        );
    }
}

/// Reasons in the order of the contract: the rules in the order of the domain, then the general ones.
fn error_table() -> String {
    let mut table = "| reason | HTTP | gRPC | says |\n| --- | --- | --- | --- |\n".to_owned();
    let reasons = (1..1000).filter_map(|number| ErrorReason::try_from(number).ok());
    for reason in reasons {
        let spec = reason.spec();
        let again = if spec.retry { " Try again." } else { "" };
        let grpc = snake(&format!("{:?}", spec.grpc));
        table.push_str(&format!("| `{}` | {} | `{grpc}` | {}{again} |\n", reason.name(), spec.http, spec.en));
    }
    table
}

/// `FailedPrecondition` → `FAILED_PRECONDITION`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

fn with_errors(document: &str, table: &str) -> String {
    let [start, end] = ERRORS;
    let (before, rest) = document.split_once(start).expect("the mark before the table of errors");
    let (_, after) = rest.split_once(end).expect("the mark after the table of errors");
    format!("{before}{start}\n{table}\n{end}{after}")
}

/// The table promises nothing that no code says and no test has seen.
#[test]
fn every_reason_is_produced_by_the_code_and_named_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut code, mut tests) = (String::new(), String::new());
    for folder in ["crates", "services", "tests"] {
        read(&root.join(folder), folder == "tests", &mut code, &mut tests);
    }
    let says = |text: &str, word: &str| text.split(|c: char| !c.is_alphanumeric()).any(|found| found == word);
    for reason in (1..1000).filter_map(|number| ErrorReason::try_from(number).ok()) {
        let variant = format!("{reason:?}");
        let produced = ["ErrorReason", "R"].iter().any(|alias| {
            let path = format!("{alias}::{variant}");
            code.match_indices(&path)
                .any(|(at, _)| !code[at + path.len()..].starts_with(char::is_alphanumeric))
        });
        assert!(produced, "nothing is refused as {}", reason.name());
        assert!(says(&tests, &variant) || tests.contains(reason.name()), "no test names {}", reason.name());
    }
}

/// Rust files, what runs apart from what tests it.
fn read(path: &Path, of_tests: bool, code: &mut String, tests: &mut String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let of_tests = of_tests || name == "tests" || name.ends_with("tests.rs");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            read(&entry.expect("an entry").path(), of_tests, code, tests);
        }
    } else if name.ends_with(".rs") {
        let text = fs::read_to_string(path).expect("text");
        let (runs, tested) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        if of_tests {
            tests.push_str(&text)
        } else {
            code.push_str(runs)
        }
        tests.push_str(tested);
    }
}
