use super::*;

fn fields(refusal: &Refusal) -> Vec<&str> {
    refusal.violations().iter().map(|violation| violation.field.as_str()).collect()
}

fn refused_needs(needs: Needs) -> Refusal {
    refused(&opened(), |l| l.set_needs(&catalogue(), &technical(), needs))
}

#[test]
fn what_fits_together_is_taken() {
    let mixed = Needs { mixed_cals: Some(true), mix_users: Some(4), mix_devices: Some(6), ..server() };
    let existing = Existing {
        sql_version: version("2019"),
        sql_cores: Some(8),
        windows_version: version("2016"),
        windows_user_cals: Some(100_000),
        ..Existing::default()
    };
    let none = Existing { sql_version: Some(Owned::None), sql_cores: Some(0), ..Existing::default() };
    for needs in [
        server(),
        machine(),
        mixed,
        owning(existing),
        owning(none),
        Needs { cores: Some(8), ..Needs::default() },
    ] {
        opened().set_needs(&catalogue(), &technical(), needs).unwrap();
    }
}

#[test]
fn numbers_out_of_range_are_refused_all_at_once_with_the_range() {
    let needs = Needs {
        cores: Some(0),
        processors: Some(17),
        virtual_cores: Some(1025),
        memory_gb: Some(24_577),
        users: Some(100_001),
        host_cores: Some(u32::MAX),
        existing: Existing { sql_cores: Some(10_001), sql_servers: Some(101), ..Existing::default() },
        ..server()
    };
    let refusal = refused_needs(needs);
    let expected = [
        ("needs.cores", "1 to 1024"),
        ("needs.processors", "1 to 16"),
        ("needs.virtual_cores", "1 to 1024"),
        ("needs.memory_gb", "1 to 24576"),
        ("needs.users", "0 to 100000"),
        ("needs.host_cores", "1 to 1024"),
        ("needs.existing.sql_cores", "0 to 10000"),
        ("needs.existing.sql_servers", "0 to 100"),
    ];
    let got: Vec<_> = refusal.violations().iter().map(|v| (v.field.as_str(), v.allowed.as_str())).collect();
    assert_eq!(got, expected);
}

#[test]
fn versions_that_the_catalogue_does_not_have_are_refused_with_those_that_it_has() {
    let needs = Needs {
        target_version: Some("2019".to_owned()),
        windows_version: Some("NT".to_owned()),
        existing: Existing {
            sql_version: version("2005"),
            windows_version: version("2003"),
            ..Existing::default()
        },
        ..server()
    };
    let refusal = refused_needs(needs);
    let got: Vec<_> = refusal.violations().iter().map(|v| (v.field.as_str(), v.allowed.as_str())).collect();
    let expected = [
        ("needs.target_version", "2022, 2025"),
        ("needs.windows_version", "2022, 2025"),
        ("needs.existing.sql_version", "none, 2016, 2017, 2019, 2022, 2025"),
        ("needs.existing.windows_version", "none, 2016, 2019, 2022, 2025"),
    ];
    assert_eq!(got, expected);
}

#[test]
fn needs_that_contradict_each_other_are_refused_by_field() {
    let unknown_machine = Needs { virtual_machine: None, ..server() };
    let cases: [(Needs, &[&str]); 19] = [
        (Needs { processors: Some(1), ..machine() }, &["needs.processors"]),
        (Needs { cores: Some(8), processors: Some(1), ..machine() }, &["needs.cores", "needs.processors"]),
        (Needs { virtual_cores: Some(4), ..server() }, &["needs.virtual_cores"]),
        (Needs { virtual_cores: Some(4), ..unknown_machine }, &["needs.cores", "needs.processors"]),
        (Needs { host_cores: Some(32), ..server() }, &["needs.host_cores"]),
        (
            Needs { host_cores: Some(32), virtual_machine: None, ..server() },
            &["needs.cores", "needs.processors"],
        ),
        (
            Needs {
                users: Some(0),
                indirect_users: Some(0),
                devices: Some(0),
                indirect_devices: Some(0),
                ..server()
            },
            &["needs.users"],
        ),
        (Needs { processors: Some(9), ..server() }, &["needs.processors"]),
        (Needs { host_processors: Some(16), host_cores: Some(8), ..machine() }, &["needs.host_processors"]),
        (Needs { users: Some(0), indirect_users: Some(0), ..server() }, &["needs.users"]),
        (Needs { devices: Some(0), indirect_devices: Some(0), ..server() }, &["needs.devices"]),
        (Needs { mix_users: Some(4), ..server() }, &["needs.mix_users"]),
        (Needs { mixed_cals: None, mix_devices: Some(4), ..server() }, &["needs.mix_devices"]),
        (Needs { mixed_cals: Some(true), mix_users: Some(25), ..server() }, &["needs.mix_users"]),
        (Needs { mixed_cals: Some(true), mix_devices: Some(31), ..server() }, &["needs.mix_devices"]),
        (
            Needs { mixed_cals: Some(true), mix_users: Some(23), mix_devices: Some(0), ..server() },
            &["needs.mix_devices"],
        ),
        (
            owning(Existing {
                sql_user_cals: Some(5),
                sql_version: Some(Owned::None),
                ..Existing::default()
            }),
            &["needs.existing.sql_user_cals"],
        ),
        (owning(Existing { sql_cores: Some(5), ..Existing::default() }), &["needs.existing.sql_cores"]),
        (
            owning(Existing { windows_cores: Some(5), sql_version: version("2022"), ..Existing::default() }),
            &["needs.existing.windows_cores"],
        ),
    ];
    for (needs, expected) in cases {
        let refusal = refused_needs(needs.clone());
        assert_eq!(refusal.reason(), ErrorReason::InvalidArgument);
        assert_eq!(fields(&refusal), expected, "{needs:?}");
        for violation in refusal.violations() {
            assert!(!violation.allowed.is_empty() && violation.untranslated().is_none(), "{violation:?}");
        }
    }
}
