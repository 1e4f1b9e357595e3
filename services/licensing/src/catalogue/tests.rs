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
    let kinds = |from: &str, to: &str| include_str!("../../data/kinds.toml").replace(from, to);
    let products = |text: &str| text.to_owned();
    let prices = |from: &str, to: &str| PRICES.replace(from, to);
    let cases: [(&str, &str, String, &str); 24] = [
        (
            "ends",
            "offers.toml",
            OFFER.replace("2027-12-31", "2026-12-31"),
            "toml:2: migration-2026: it ends before it begins",
        ),
        (
            "no-kind",
            "offers.toml",
            OFFER.replace("[\"standard\"]", "[]"),
            "migration-2026: it is for no kind",
        ),
        (
            "twice",
            "offers.toml",
            format!("{OFFER}{OFFER}"),
            "toml:11: migration-2026: the key stands there twice",
        ),
        ("key", "offers.toml", OFFER.replace("migration-2026", "Migration/2026"), "a key has"),
        (
            "unknown",
            "offers.toml",
            OFFER.replace("quantity", "amount"),
            "migration-2026: amount: unknown field `amount`",
        ),
        ("day", "offers.toml", OFFER.replace("2027-12-31", "2027-02-30"), "offers.toml:2: migration-2026"),
        ("runtime", "kinds.toml", runtime_for_all, "runtime: runtime must be for AutoStacja only"),
        ("no-rules", "kinds.toml", kinds("\"2026-11\"", "\" \""), "rules is empty"),
        ("no-pack", "kinds.toml", kinds("pack = 2", "pack = 0"), "sql_server: pack = 0 is not 1 to 1000"),
        (
            "no-metric",
            "kinds.toml",
            kinds("metrics = [\"server_and_cal\"]", "metrics = []"),
            "runtime: it has no metric",
        ),
        (
            "odd-metric",
            "kinds.toml",
            kinds("\"per_core\", ", "\"per_seat\", "),
            "standard: metrics[0]: unknown variant `per_seat`",
        ),
        (
            "no-products",
            "products.toml",
            products(RELEASE),
            "sql_server_2027: there is no product for its standard server",
        ),
        (
            "no-year",
            "products.toml",
            RELEASE.replace("version = \"2027\"", "version = \"27\""),
            "does not begin with its year",
        ),
        (
            "same-version",
            "products.toml",
            RELEASE.replace("version = \"2027\"", "version = \"2025\""),
            "another release has the same version",
        ),
        ("same-product", "products.toml", products(PRODUCT), "another product is the same unit"),
        (
            "no-release",
            "products.toml",
            PRODUCT.replace("2025", "2024"),
            "there is no release sql_server 2024",
        ),
        (
            "no-sql-kind",
            "products.toml",
            PRODUCT.replace("kind = \"standard\"", ""),
            "kind belongs to MS SQL",
        ),
        (
            "no-version",
            "prices.toml",
            prices("version = \"2027-01\"", ""),
            "prices.toml: version: a price list needs a version",
        ),
        (
            "float",
            "prices.toml",
            prices("\"4410.00\"", "4410.00"),
            "toml:4: sql_server_2025_server: net: invalid type: floating point",
        ),
        (
            "comma",
            "prices.toml",
            prices("4410.00", "4410,00"),
            "sql_server_2025_server: net: \"4410,00\" is no amount",
        ),
        (
            "dear",
            "prices.toml",
            prices("4410.00", "10000000.01"),
            "net: 10000000.01 is more than 10000000.00",
        ),
        (
            "no-product",
            "prices.toml",
            prices("2025_server", "2024_server"),
            "sql_server_2024_server: there is no such product",
        ),
        (
            "backwards",
            "prices.toml",
            prices("until = \"2027-06-30\"", "until = \"2026-06-30\""),
            "it ends before it begins",
        ),
        (
            "both-hold",
            "prices.toml",
            prices("2027-07-01", "2027-06-30"),
            "toml:10: sql_server_2025_server: on some days the price of line 4 holds, too",
        ),
    ];
    for (name, file, text, expected) in cases {
        let folder = Folder::with(name, &[(file, &text)]);
        let error = Catalogue::load(Some(&folder.0)).expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
        assert!(error.contains(file), "{name}: {error}");
    }
}

/// A version without anything that is sold of it.
const RELEASE: &str = r#"
[[release]]
key = "sql_server_2027"
family = "sql_server"
version = "2027"
supported_until = "2038-01-05"
offered = true
name = { pl = "MS SQL Server 2027", en = "MS SQL Server 2027" }
"#;

const PRODUCT: &str = r#"
[[product]]
key = "another_pack"
family = "sql_server"
version = "2025"
kind = "standard"
unit = "core_pack"
name = { pl = "Pakiet", en = "Pack" }
"#;

const PRICES: &str = r#"
version = "2027-01"

[[price]]
product = "sql_server_2025_server"
net = "4410.00"
from = "2027-01-01"
until = "2027-06-30"

[[price]]
product = "sql_server_2025_server"
net = "4500.00"
from = "2027-07-01"
"#;

#[test]
fn no_price_is_shipped() {
    let prices = Catalogue::load(None).unwrap().prices;
    assert_eq!((prices.version.as_str(), prices.prices.len()), ("", 0));
}

#[test]
fn a_price_holds_from_its_first_to_its_last_day() {
    let folder = Folder::with("prices", &[("prices.toml", PRICES)]);
    let prices = Catalogue::load(Some(&folder.0)).unwrap().prices;
    let cases = [
        ("2026-12-31", None),
        ("2027-01-01", Some("4410.00")),
        ("2027-06-30", Some("4410.00")),
        ("2027-07-01", Some("4500.00")),
        ("2031-01-01", Some("4500.00")),
    ];
    for (day, expected) in cases {
        let price = prices.of("sql_server_2025_server", day.parse().unwrap());
        assert_eq!(price.map(|price| price.net.to_string()).as_deref(), expected, "{day}");
    }
    assert_eq!(prices.version, "2027-01");
    assert!(prices.of("sql_server_2025_user_cal", "2027-01-01".parse().unwrap()).is_none());
}

#[test]
fn a_version_that_is_not_offered_needs_no_products() {
    let known = RELEASE.replace("offered = true", "offered = false");
    let folder = Folder::with("known", &[("products.toml", &known)]);
    let catalogue = Catalogue::load(Some(&folder.0)).unwrap();
    assert!(catalogue.release(Family::SqlServer, "2027").is_some());
    let offered: Vec<_> = catalogue.offered(Family::SqlServer).map(|release| &release.version).collect();
    assert_eq!(offered, ["2022", "2025"]);
}

#[test]
fn the_example_price_list_of_the_tests_prices_every_product() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/example-catalogue");
    let catalogue = Catalogue::load(Some(std::path::Path::new(example))).unwrap();
    let day = "2026-11-16".parse().unwrap();
    for product in &catalogue.products {
        assert!(catalogue.prices.of(&product.key, day).is_some(), "{}", product.key);
    }
}
