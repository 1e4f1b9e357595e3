use std::fs;

use super::*;

/// A folder of operations with these files; removed when dropped.
struct Folder(std::path::PathBuf);

impl Folder {
    fn with(test: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("licensing-catalogue-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        for (name, text) in files {
            fs::write(path.join(name), text).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

const OFFER: &str = r#"
[[offer]]
key = "migration-2026"
kinds = ["standard"]
valid_from = "2027-01-01"
valid_until = "2027-12-31"
quantity = 3
name = { pl = "Przedłużona", en = "Prolonged" }
description = { pl = "Trwa dłużej.", en = "Lasts longer." }
"#;

#[test]
fn the_built_in_catalogue_is_sound() {
    let catalogue = Catalogue::load(None).unwrap();
    assert!(catalogue.kind(LicenceKind::Runtime).only_autostacja);
    assert!(!catalogue.kind(LicenceKind::Standard).only_autostacja);
    assert!(catalogue.depends_on_kind("sql_server"));
    assert!(!catalogue.depends_on_kind("windows_server"));
    assert!(!catalogue.depends_on_kind("a key of a later variant"));
}

#[test]
fn operations_replace_an_entry_and_keep_the_others() {
    let folder = Folder::with("replace", &[("offers.toml", OFFER)]);
    let catalogue = Catalogue::load(Some(&folder.0)).unwrap();
    assert_eq!(catalogue.offer("migration-2026").unwrap().quantity, 3);
    assert!(catalogue.offer("runtime-start").is_some());
}

#[test]
fn a_folder_without_files_changes_nothing() {
    let folder = Folder::with("empty", &[]);
    assert_eq!(
        Catalogue::load(Some(&folder.0)).unwrap().offers.len(),
        Catalogue::load(None).unwrap().offers.len()
    );
}

#[test]
fn a_wrong_catalogue_is_refused_saying_where() {
    let runtime_for_all =
        include_str!("../../data/kinds.toml").replace("only_autostacja = true", "only_autostacja = false");
    let cases: [(&str, &str, String, &str); 7] = [
        ("ends", "offers.toml", OFFER.replace("2027-12-31", "2026-12-31"), "ends before it begins"),
        ("no-kind", "offers.toml", OFFER.replace("[\"standard\"]", "[]"), "is for no kind"),
        ("twice", "offers.toml", format!("{OFFER}{OFFER}"), "stands there twice"),
        ("key", "offers.toml", OFFER.replace("migration-2026", "Migration/2026"), "a key has"),
        ("unknown", "offers.toml", OFFER.replace("quantity", "amount"), "offers.toml"),
        ("day", "offers.toml", OFFER.replace("2027-12-31", "2027-02-30"), "offers.toml"),
        ("runtime", "kinds.toml", runtime_for_all, "AutoStacja only"),
    ];
    for (name, file, text, expected) in cases {
        let folder = Folder::with(name, &[(file, &text)]);
        let error = Catalogue::load(Some(&folder.0)).expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}
