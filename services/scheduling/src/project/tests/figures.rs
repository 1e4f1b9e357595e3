use super::*;
use crate::figures::Programme;

fn programme(world: &World) -> Programme {
    let mut programme = Programme::default();
    programme.count(&world.project, world.now);
    programme
}

#[test]
fn a_migration_is_counted_before_while_and_past_its_reserve() {
    let mut world = World::audit_2_passed();
    let before = programme(&world);
    assert_eq!(before.projects.into_iter().collect::<Vec<_>>(), [("migration", 1)]);
    let begins = world.project.dates.migration.agreed.as_ref().map(|agreed| agreed.date.span().start);
    assert!(begins.is_some());
    assert_eq!((before.next, before.running, before.past_reserve), (begins, 0, 0));
    world.at("2027-01-02T10:00");
    assert_eq!(programme(&world).within_week, 1);
    world.at("2027-01-08T18:01");
    assert_eq!(
        (programme(&world).next, programme(&world).within_week),
        (None, 0),
        "it has begun, or was missed"
    );

    let mut world = World::running();
    assert_eq!((programme(&world).running, programme(&world).past_reserve), (1, 0));
    world.at("2027-01-09T02:00");
    assert_eq!((programme(&world).running, programme(&world).past_reserve), (1, 1));
}
