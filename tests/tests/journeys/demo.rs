//! The demo, as the README has one run it.

use std::{fs, path::Path, process::Command};

use testkit::from_tests_run;

#[test]
fn it_comes_to_its_end_and_leaves_the_mails_alone() {
    let folder = std::env::temp_dir().join(testkit::unique_name());
    fs::create_dir(&folder).expect("a folder");
    let demo = Command::new(from_tests_run("PRZESIADKA_TEST_BINARY"))
        .arg("demo")
        .env("TMPDIR", &folder)
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&demo.stdout);
    assert!(demo.status.success(), "{told}\n{}", String::from_utf8_lossy(&demo.stderr));
    assert!(told.contains("Completed, 85 days after the contract was signed."), "{told}");
    let names = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    let [place] = names(&folder).try_into().expect("one folder");
    assert_eq!(names(&folder.join(&place)), ["mail"]);
    assert!(told.contains(&format!("{} e-mails", names(&folder.join(&place).join("mail")).len())), "{told}");
    fs::remove_dir_all(&folder).expect("removed");
}
