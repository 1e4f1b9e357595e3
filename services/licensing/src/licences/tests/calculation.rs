use super::*;

fn needs(cores: u32, processors: u32, users: u32, devices: u32) -> Needs {
    Needs {
        other_applications: OtherApplications::No,
        cores: Some(cores),
        processors: Some(processors),
        virtual_machine: Some(false),
        users: Some(users),
        devices: Some(devices),
    }
}

fn quantity(calculations: &[Calculation], key: &str) -> Option<u32> {
    calculations.iter().flat_map(|c| &c.items).find(|item| item.key == key).map(|item| item.quantity)
}

#[test]
fn cores_are_sold_in_packs_of_two_and_at_least_four_for_each_processor() {
    let cases = [((4, 1), 2), ((2, 1), 2), ((5, 1), 3), ((4, 2), 4), ((8, 2), 4), ((17, 2), 9)];
    for ((cores, processors), packs) in cases {
        let calculations = calculate(&catalogue(), &needs(cores, processors, 10, 10));
        assert_eq!(
            quantity(&calculations, "core_pack"),
            Some(packs),
            "{cores} cores, {processors} processors"
        );
    }
}

#[test]
fn a_virtual_machine_counts_once_and_needs_software_assurance() {
    let needs = Needs { virtual_machine: Some(true), processors: None, ..needs(2, 1, 10, 10) };
    let calculations = calculate(&catalogue(), &needs);
    assert_eq!(quantity(&calculations, "core_pack"), Some(2));
    assert!(calculations[0].conditions[0].en.contains("Software Assurance"));
}

#[test]
fn cals_cover_all_users_or_all_devices_whichever_are_fewer() {
    let cases = [
        (Some(30), Some(20), "device_cal", 20),
        (Some(20), Some(30), "user_cal", 20),
        (Some(20), Some(20), "user_cal", 20),
        (Some(12), None, "user_cal", 12),
        (None, Some(9), "device_cal", 9),
    ];
    for (users, devices, key, expected) in cases {
        let needs = Needs { users, devices, ..needs(8, 1, 0, 0) };
        assert_eq!(quantity(&calculate(&catalogue(), &needs), key), Some(expected), "{users:?} {devices:?}");
    }
}

#[test]
fn runtime_is_counted_only_where_nothing_else_uses_the_instance() {
    let kinds = |other_applications| -> Vec<_> {
        let needs = Needs { other_applications, ..needs(8, 1, 10, 10) };
        calculate(&catalogue(), &needs).into_iter().map(|c| c.kind).collect()
    };
    assert!(kinds(OtherApplications::No).contains(&LicenceKind::Runtime));
    assert!(!kinds(OtherApplications::Yes).contains(&LicenceKind::Runtime));
}

#[test]
fn nothing_is_counted_from_nothing() {
    assert!(calculate(&catalogue(), &Needs::default()).is_empty());
}
