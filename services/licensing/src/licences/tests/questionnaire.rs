use super::*;

fn asked(needs: &Needs, variant: Option<&Variant>) -> Vec<&'static str> {
    let questions = questions(&catalogue(), needs, variant);
    questions.into_iter().filter(|question| question.asked).map(|question| question.key).collect()
}

fn answered(question: &Question) -> bool {
    question.answer.is_some()
}

#[test]
fn what_is_asked_depends_on_the_answers_and_the_variant() {
    let general = ["other_applications", "target_version", "virtual_machine"];
    let physical = ["cores", "processors"];
    let people = ["memory_gb", "users", "indirect_users", "devices", "indirect_devices"];
    let of = |parts: &[&[&'static str]]| parts.concat();
    let (sql, windows) = (["existing.sql_version"], ["windows_version"]);
    let owned = ["existing.windows_version"];

    assert_eq!(asked(&Needs::default(), None), of(&[&general, &people, &sql]));
    assert_eq!(
        asked(&Needs::default(), Some(&new_server())),
        of(&[&general, &people, &windows, &sql, &owned])
    );
    assert!(asked(&Needs::default(), Some(&hosted())).is_empty(), "nothing is to be licensed");
    let mixed = ["mixed_cals"];
    assert_eq!(
        asked(&server(), Some(&new_server())),
        of(&[&general, &physical, &people, &mixed, &windows, &sql, &owned])
    );
    assert_eq!(
        asked(&machine(), Some(&new_server())),
        of(&[
            &general,
            &["virtual_cores"],
            &people,
            &mixed,
            &windows,
            &["host_cores", "host_processors"],
            &sql,
            &owned
        ])
    );
    let mix = Needs { mixed_cals: Some(true), ..server() };
    assert_eq!(
        asked(&mix, None),
        of(&[&general, &physical, &people, &mixed, &["mix_users", "mix_devices"], &sql])
    );
    let owning = owning(Existing { sql_version: version("2022"), ..Existing::default() });
    let counts =
        ["existing.sql_cores", "existing.sql_servers", "existing.sql_user_cals", "existing.sql_device_cals"];
    assert_eq!(asked(&owning, None), of(&[&general, &physical, &people, &mixed, &sql, &counts]));
}

#[test]
fn users_and_devices_are_asked_for_ways_with_cals_only() {
    let mut catalogue = catalogue();
    catalogue.kinds[0].metrics = vec![Metric::PerCore];
    let users_asked = |other_applications| {
        let questions = questions(&catalogue, &Needs { other_applications, ..Needs::default() }, None);
        questions.iter().any(|question| question.key == "users" && question.asked)
    };
    assert!(users_asked(OtherApplications::No), "Runtime has them");
    assert!(!users_asked(OtherApplications::Yes));
}

/// Answers one question with the first answer that it allows.
fn with_answer(mut needs: Needs, question: &Question) -> Needs {
    let text = match &question.form {
        Form::Bool => "true".to_owned(),
        Form::Number(range) => (*range.start()).max(1).to_string(),
        Form::Choice(choices) => choices.last().unwrap().0.clone(),
    };
    let number = || Some(text.parse().unwrap());
    let owned = || Some(Owned::Version(text.clone()));
    match question.key {
        "other_applications" => needs.other_applications = OtherApplications::Yes,
        "target_version" => needs.target_version = Some(text),
        "virtual_machine" => needs.virtual_machine = Some(true),
        "virtual_cores" => needs.virtual_cores = number(),
        "memory_gb" => needs.memory_gb = number(),
        "users" => needs.users = number(),
        "indirect_users" => needs.indirect_users = number(),
        "devices" => needs.devices = number(),
        "indirect_devices" => needs.indirect_devices = number(),
        "mixed_cals" => needs.mixed_cals = Some(true),
        "mix_users" => needs.mix_users = number(),
        "mix_devices" => needs.mix_devices = number(),
        "windows_version" => needs.windows_version = Some(text),
        "host_cores" => needs.host_cores = number(),
        "host_processors" => needs.host_processors = number(),
        "existing.sql_version" => needs.existing.sql_version = owned(),
        "existing.sql_cores" => needs.existing.sql_cores = number(),
        "existing.sql_servers" => needs.existing.sql_servers = number(),
        "existing.sql_user_cals" => needs.existing.sql_user_cals = number(),
        "existing.sql_device_cals" => needs.existing.sql_device_cals = number(),
        "existing.windows_version" => needs.existing.windows_version = owned(),
        "existing.windows_cores" => needs.existing.windows_cores = number(),
        "existing.windows_user_cals" => needs.existing.windows_user_cals = number(),
        "existing.windows_device_cals" => needs.existing.windows_device_cals = number(),
        other => panic!("{other} is not asked on a virtual machine"),
    }
    needs
}

#[test]
fn answering_what_is_asked_next_leads_to_an_advice_that_misses_nothing() {
    let mut licensing = opened();
    let mut seen = Vec::new();
    loop {
        let questions = questions(&catalogue(), &licensing.needs, licensing.variant.as_ref());
        let Some(next) = questions.iter().find(|question| question.asked && !answered(question)) else {
            break;
        };
        seen.push(next.key);
        let needs = with_answer(licensing.needs.clone(), next);
        licensing.set_needs(&catalogue(), &technical(), needs).unwrap();
    }
    assert_eq!(seen.len(), 24, "all but cores and processors: {seen:?}");
    let advice = licensing.advice(&catalogue(), now());
    assert!(advice.missing.is_empty());
    assert!(advice.ways.iter().filter(|way| way.allowed()).all(Way::counted));
}

#[test]
fn what_the_advice_misses_is_what_is_asked_and_not_answered() {
    let needs = Needs { memory_gb: None, existing: Existing::default(), ..server() };
    let advice = advise(&catalogue(), &needs, Some(&new_server()), "2026-11-16".parse().unwrap());
    assert_eq!(advice.missing, ["memory_gb", "existing.sql_version", "existing.windows_version"]);
}

#[test]
fn each_question_has_its_words_and_its_present_answer() {
    let questions = questions(&catalogue(), &server(), Some(&new_server()));
    for question in &questions {
        for text in [&question.text, &question.help] {
            assert!(!text.pl.is_empty() && !text.en.is_empty() && text.pl != text.en, "{}", question.key);
        }
    }
    let of = |key: &str| questions.iter().find(|question| question.key == key).unwrap();
    assert_eq!(of("cores").answer.as_deref(), Some("8"));
    assert_eq!(of("cores").form, Form::Number(1..=1024));
    assert_eq!(of("virtual_machine").answer.as_deref(), Some("false"));
    assert_eq!(of("other_applications").answer.as_deref(), Some("OTHER_APPLICATIONS_NO"));
    assert_eq!(of("existing.sql_version").answer.as_deref(), Some("none"));
    assert_eq!(of("virtual_cores").answer, None);
    let Form::Choice(versions) = &of("target_version").form else { panic!("a choice") };
    assert_eq!(versions.iter().map(|(value, _)| value.as_str()).collect::<Vec<_>>(), ["2022", "2025"]);
    // Every number of the needs has its question.
    for (path, _, _) in server().numbers() {
        assert!(questions.iter().any(|question| question.key == path), "{path}");
    }
}
