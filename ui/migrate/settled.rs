//! What became of a migration that was broken off, in words.
use drover::error::Left;
use drover::migrate::journal::{Entry, Seen, Settled};

use crate::activity::Outcome;
use crate::errors::{Said, left};
use crate::i18n::{gettext, gettext_f};

/// How its task ends.
pub fn outcome(entry: &Entry, settled: &Settled) -> Outcome {
    let (name, here, there) = (entry.name.as_str(), entry.source.name.as_str(), entry.dest.name.as_str());
    let hosts = [("name", name), ("here", here), ("there", there)];
    match settled {
        Settled::StayedHere { running, removed, left } => {
            let words = match running {
                true => gettext_f("{name} runs on {here} as before.", &hosts),
                false => gettext_f("{name} is on {here}, off.", &hosts),
            };
            let more = gettext_f("Removed on {there}: {paths}", &[("there", there), ("paths", &removed.join(", "))]);
            told(name, &words, (!removed.is_empty()).then_some(more), left)
        }
        Settled::FinishedThere { running, left_here, left } => {
            let words = match running {
                true => gettext_f("{name} has moved: it runs on {there}.", &hosts),
                false => gettext_f("{name} has moved: it is off and on {there}.", &hosts),
            };
            let paths = left_here.join(", ");
            let more =
                gettext_f("Its old images stay on {here}, unused: {paths}", &[("here", here), ("paths", &paths)]);
            told(name, &words, (!left_here.is_empty()).then_some(more), left)
        }
        Settled::NothingToDo => Outcome::Noted(gettext_f("{name} is neither on {here} nor on {there}.", &hosts)),
        Settled::CannotTell { here: at, there: at_there } => {
            let (at, at_there) = (seen(*at), seen(*at_there));
            let values = [("here", here), ("at", &at), ("there", there), ("at_there", &at_there)];
            let body = gettext_f(
                "On {here} it is {at}, on {there} it is {at_there}. Nothing was touched. Leave it on one of them, then start Drover again.",
                &values,
            );
            failed(name, body, String::new())
        }
    }
}

fn told(name: &str, words: &str, more: Option<String>, left: &[Left]) -> Outcome {
    let mut lines = vec![words.to_owned()];
    lines.extend(more);
    if left.is_empty() {
        return Outcome::Noted(lines.join(" "));
    }
    let names = left.iter().map(self::left).collect::<Vec<_>>().join(", ");
    lines.push(gettext_f("These could not be removed; remove them by hand: {left}", &[("left", &names)]));
    failed(name, lines.join("\n"), left.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn failed(name: &str, body: String, details: String) -> Outcome {
    let title = gettext_f("The migration of {name} is not settled", &[("name", name)]);
    Outcome::Failed(Said { title, body, details })
}

fn seen(seen: Seen) -> String {
    match seen {
        Seen::Gone => gettext("not there"),
        Seen::Off { saved: true, .. } => gettext("saved"),
        Seen::Off { saved: false, .. } => gettext("off"),
        Seen::Held => gettext("held for the move"),
        Seen::Torn => gettext("torn between both hosts"),
        Seen::On => gettext("running"),
    }
}

#[cfg(test)]
mod tests {
    use drover::domain::DomainId;
    use drover::migrate::Kind;
    use drover::migrate::journal::Side;
    use drover::migrate::run::Step;

    use super::*;

    fn entry() -> Entry {
        let side = |name: &str| Side { uri: format!("qemu+tcp://{name}/system"), name: name.into() };
        Entry {
            version: 1,
            machine: DomainId(uuid::Uuid::nil()),
            name: "web".into(),
            kind: Kind::Copy,
            step: Step::Move,
            source: side("kvm1"),
            dest: side("kvm2"),
            active: true,
            persistent: true,
            keep: false,
            autostart: false,
            defined_there: false,
            disks: Vec::new(),
            memory: None,
            files: Vec::new(),
            definition: false,
        }
    }

    #[test]
    fn where_it_is_and_what_went_is_told() {
        let noted = |settled| match outcome(&entry(), &settled) {
            Outcome::Noted(words) => words,
            other => panic!("{other:?}"),
        };
        let stayed = Settled::StayedHere { running: true, removed: vec!["/x.img".into()], left: Vec::new() };
        assert_eq!(noted(stayed), "web runs on kvm1 as before. Removed on kvm2: /x.img");
        let moved = Settled::FinishedThere { running: false, left_here: Vec::new(), left: Vec::new() };
        assert_eq!(noted(moved), "web has moved: it is off and on kvm2.");
        let unsure = Settled::CannotTell { here: Seen::On, there: Seen::Torn };
        let Outcome::Failed(said) = outcome(&entry(), &unsure) else { panic!("it is not settled") };
        assert!(
            said.body.starts_with("On kvm1 it is running, on kvm2 it is torn between both hosts."),
            "{}",
            said.body
        );
    }

    #[test]
    fn what_could_not_be_removed_is_no_success() {
        let file = Left::File { path: "/x.img".into(), why: Box::new(drover::Error::Cancelled) };
        let stayed = Settled::StayedHere { running: true, removed: Vec::new(), left: vec![file] };
        let Outcome::Failed(said) = outcome(&entry(), &stayed) else { panic!("something is left") };
        assert!(said.body.contains("/x.img"), "{}", said.body);
    }
}
