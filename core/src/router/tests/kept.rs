//! Rules as they are kept: taken or refused, and there again after a restart.

use std::sync::Arc;

use serde_json::json;

use super::rig::{parsed, rig, rig_of, rule};
use crate::bus::TopicName;
use crate::pipeline::{Revision, Spec};
use crate::router::{MOST_RULES, Rules};
use crate::rules::{Changed, Set};

#[test]
fn rules_are_there_after_a_restart_and_a_change_changes_the_revision() {
    let rig = rig();
    let none = rig.rules.set().revision();
    rig.keep(rule("a", &["in.a.x"], "true", &["out.a.x"]));
    let one = rig.rules.set().revision();
    rig.keep(rule("b", &["in.b.x"], "data.n == 1", &["out.b.x"]));
    let two = rig.rules.set().revision();
    assert!(none != one && one != two);
    let again = Rules::open(&rig.db, rig.bus.clone(), rig.rules.engine.registry.clone(), &[]).unwrap();
    assert_eq!(again.set().revision(), two);
    assert_eq!(again.list().iter().map(|r| r.rule.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(rig.rules.remove("b").unwrap() && !rig.rules.remove("b").unwrap());
    assert_eq!(rig.rules.set().revision(), one, "the same rules, the same revision");
    assert!(matches!(rig.rules.replace(&[parsed(rule("c", &["in.c.x"], "true", &["out.c.x"]))]).unwrap(), Changed::Kept(_)));
    assert_eq!(rig.rules.list().len(), 1);
}

#[test]
fn what_no_rule_may_be_is_refused_by_name() {
    let rig = rig();
    let refused = |r| rig.refused(r).into_iter().map(|(p, r)| format!("{p} {r}")).collect::<Vec<_>>();
    for (wrong, said) in [
        (rule("Bad Id", &["in.a.x"], "true", &["out.a.x"]), "/id format"),
        (rule("try", &["in.a.x"], "true", &["out.a.x"]), "/id format"),
        (rule("a", &[], "true", &["out.a.x"]), "/inputs minItems"),
        (rule("a", &["in.a.x"], "true", &[]), "/outputs minItems"),
        (rule("a", &["in.*x.b"], "true", &["out.a.x"]), "/inputs/0 format"),
        (rule("a", &["in.a.x.dlq"], "true", &["out.a.x"]), "/inputs/0 format"),
        (rule("a", &["in.a.x"], "true", &["out.*.x"]), "/outputs/0 format"),
        (rule("a", &["in.a.x"], "nonsense(", &["out.a.x"]), "/condition condition"),
        // The wall.
        (rule("a", &["media.text.enriched"], "true", &["out.a.x", "media.text.released"]), "/outputs/1 wall"),
        (rule("a", &["media.text.enriched"], "true", &["media.text.shared"]), "/outputs/0 wall"),
        (rule("a", &["in.a.x"], "true", &["internal.privacy.audit.decisions"]), "/outputs/0 wall"),
        (rule("a", &["in.a.x"], "true", &["out.a.x.dlq"]), "/outputs/0 wall"),
        (
            json!({"id": "a", "inputs": ["in.a.x"], "route": {"field": "/k", "table": {"a/b": "media.text.shared"}, "otherwise": "media.text.released"}}),
            "/route/table/a~1b wall",
        ),
        // What feeds itself.
        (rule("a", &["in.a.x"], "true", &["in.a.x"]), "/outputs loop"),
        (rule("a", &["in.*.x"], "false", &["in.b.x"]), "/outputs loop"),
        (rule("a", &["**"], "true", &["out.a.x"]), "/outputs loop"),
    ] {
        assert!(refused(wrong.clone()).contains(&said.to_string()), "{wrong}: {:?}", refused(wrong.clone()));
    }
    assert!(rig.rules.list().is_empty(), "nothing of what was refused is kept");
    let too_many: Vec<_> = (0..=MOST_RULES).map(|i| parsed(rule(&format!("r{i}"), &["in.a.x"], "true", &["out.a.x"]))).collect();
    assert!(matches!(rig.rules.replace(&too_many).unwrap(), Changed::Refused(_)));
    let twice = [parsed(rule("a", &["in.a.x"], "true", &["out.a.x"])), parsed(rule("a", &["in.a.x"], "true", &["out.b.x"]))];
    assert!(matches!(rig.rules.replace(&twice).unwrap(), Changed::Refused(w) if w[0].pointer == "/1/id"));
}

#[test]
fn a_loop_of_several_rules_and_stages_is_found_with_its_way() {
    let topics = |n: &[&'static str]| n.iter().copied().map(TopicName::of).collect();
    let stage = Spec {
        group: "a-consumer",
        description: "",
        inputs: topics(&["loop.b.x"]),
        outputs: topics(&["loop.c.x"]),
        revision: Revision { state: 1, label: String::new() },
        ticks: false,
        audio: false,
    };
    let rig = rig_of(&[stage]);
    rig.keep(rule("one", &["loop.a.x"], "true", &["loop.b.x"]));
    let Changed::Refused(wrong) = rig.rules.put(&parsed(rule("two", &["loop.c.x"], "true", &["loop.a.x"]))).unwrap() else { panic!() };
    assert!(wrong[0].expected.contains("loop.a.x → loop.b.x → loop.c.x"), "{}", wrong[0].expected);
    // At rest it feeds nobody, and waking it is refused.
    let mut two = parsed(rule("two", &["loop.c.x"], "true", &["loop.a.x"]));
    two.enabled = false;
    assert!(matches!(rig.rules.put(&two).unwrap(), Changed::Kept(_)));
    two.enabled = true;
    assert!(matches!(rig.rules.put(&two).unwrap(), Changed::Refused(_)));
}

#[test]
fn ten_thousand_topics_are_told_how_many_are_too_many() {
    let rig = rig();
    for i in 0..10_000 {
        rig.bus.create(&crate::bus::catalogued(&TopicName::parse(&format!("many.t{i}.raw")).unwrap())).unwrap();
    }
    let Changed::Refused(wrong) = rig.rules.put(&parsed(rule("a", &["many.*.raw"], "true", &["out.a.x"]))).unwrap() else { panic!() };
    assert!(wrong[0].expected.contains("they would read 10000"), "{}", wrong[0].expected);
    rig.keep(rule("a", &["many.t7.raw"], "true", &["out.a.x"]));
    assert_eq!(Arc::strong_count(&rig.rules), 2);
}
