//! docs/SETTINGS.md and the file of defaults have every key of the typed settings, and no other. Types are those of
//! the settings, words those of the file.
//!
//! When the page differs: `PRZESIADKA_WRITE_DOCS=1 cargo nextest run -p przesiadka -E 'test(settings)'`.

mod file;
mod types;

use std::{collections::BTreeSet, env, fs};

use platform::config::{Config, DEFAULTS, is_secret, variable};

use file::{Entry, File};
use types::Typed;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/SETTINGS.md");
const HEAD: &str = "# Settings

Every setting, with its type, its default and the variable that sets it; [OPERATIONS](OPERATIONS.md#configuration) says how they are given. Where two keys are named, the second one names a file that holds the value. A list needs a file of settings.

This page is made of the types and of [default.toml](../crates/platform/src/config/default.toml) by `crates/przesiadka/tests/docs/settings.rs`, which says how to write it anew.
";

#[test]
fn the_page_of_settings_says_what_the_settings_are() {
    let expected = page(&File::read(DEFAULTS), &types::all());
    if env::var_os("PRZESIADKA_WRITE_DOCS").is_some() {
        fs::write(PAGE, expected).expect("docs/SETTINGS.md is written");
    } else {
        let page = fs::read_to_string(PAGE).expect("docs/SETTINGS.md");
        assert!(
            page == expected,
            "docs/SETTINGS.md differs from the settings; PRZESIADKA_WRITE_DOCS=1 writes it"
        );
    }
}

#[test]
fn the_file_of_defaults_names_every_setting_and_no_other_and_says_what_it_means() {
    let file = File::read(DEFAULTS);
    let mut named = BTreeSet::new();
    for Entry { path, meaning, .. } in file.entries() {
        assert!(named.insert(path.clone()), "{path} stands in default.toml twice");
        assert!(!meaning.is_empty(), "default.toml does not say what {path} means");
    }
    let known: BTreeSet<_> = types::all().into_keys().collect();
    let (missing, unknown): (Vec<_>, Vec<_>) =
        (known.difference(&named).collect(), named.difference(&known).collect());
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "default.toml lacks {missing:?} and invents {unknown:?}"
    );
}

/// Examples are believed, so they must be of the right type.
#[test]
fn what_is_commented_out_in_the_file_of_defaults_could_be_set() {
    // One excludes the other.
    let text = File::read(DEFAULTS).all_set_but("notification.channel.folder");
    let config: Config = toml::from_str(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(config.auth.issuers.len(), 1);
    let table: toml::Table = toml::from_str(&text).expect("TOML");
    let section: notification::Config = table["notification"].clone().try_into().expect("the section");
    section.webhooks.allowed_networks.first().expect("an example");
}

fn page(file: &File, types: &std::collections::BTreeMap<String, Typed>) -> String {
    let mut page = HEAD.to_owned();
    for section in &file.sections {
        if !section.name.is_empty() {
            page.push_str(&format!("\n## {}\n", section.name));
        }
        if !section.meaning.is_empty() {
            page.push_str(&format!("\n{}\n", section.meaning));
        }
        page.push_str("\n| key | type | default | variable | meaning |\n| --- | --- | --- | --- | --- |\n");
        for entry in &section.entries {
            let typed = types.get(&entry.path).unwrap_or_else(|| panic!("{} is no setting", entry.path));
            page.push_str(&row(entry, typed));
        }
    }
    page
}

fn row(entry: &Entry, typed: &Typed) -> String {
    let path: Vec<_> = entry.path.split('.').map(str::to_owned).collect();
    let (mut keys, mut names) = (format!("`{}`", entry.path), format!("`{}`", variable(&path)));
    if is_secret(&path) {
        keys.push_str(&format!(", `{}_file`", entry.path));
        names.push_str(", `…_FILE`");
    }
    if entry.path.contains("[]") || typed.is_list {
        names.clear();
    }
    let default = entry.default.clone().or_else(|| typed.default.clone());
    let default = default.map(|value| format!("`{value}`")).unwrap_or_default();
    format!("| {keys} | {} | {default} | {names} | {} |\n", typed.name, entry.meaning)
        .replace("|  |", "| |")
        .replace("|  |", "| |")
}
