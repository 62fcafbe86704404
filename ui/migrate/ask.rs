//! What the Migrate dialog asks hosts, on worker threads; and what it does on them, asking first where that can lose something.
use std::sync::Arc;

use adw::prelude::*;
use drover::host::Host;
use drover::migrate::facts::HostFacts;
use drover::migrate::prepare::{Preparation, prepare};
use drover::migrate::survey::Survey;
use relm4::ComponentSender;

use super::control::Prepare;
use super::dialog::{MigrateDialog, Msg};
use super::state::{Asked, Question, State};
use crate::errors;
use crate::i18n::{gettext, ngettext_f};

/// The answer of a question or an action, with the trouble in words.
#[derive(Debug)]
pub enum Answer {
    Facts(Asked, Box<Result<HostFacts, String>>),
    Machine(Asked, Box<Result<Survey, String>>),
    Prepared(Prepare, Result<(), String>),
}

fn in_words<T>(result: drover::Result<T>) -> Result<T, String> {
    result.map_err(|e| errors::error(&e).body)
}

/// Asks whatever is open now.
pub fn ask(state: &mut State, sender: &ComponentSender<MigrateDialog>) {
    for asked in state.next() {
        match &asked.question {
            Question::Facts(id) => {
                let Some(host) = state.host(id).cloned() else { continue };
                sender.spawn_oneshot_command(move || {
                    let answer = in_words(HostFacts::read(&host));
                    Answer::Facts(asked, Box::new(answer))
                });
            }
            Question::Machine(i) => {
                let Some(pair) = pair(state, *i) else { continue };
                let (choices, copies) = (state.choices.clone(), state.copies.clone());
                sender.spawn_oneshot_command(move || {
                    let Pair { source, here, dest, there, key } = pair;
                    // TLS is always asked for: so that switching it on needs no round trip.
                    let answer =
                        Survey::of((&source, &here), (&dest, &there), key.domain, true).and_then(|mut survey| {
                            let choices = copies.to_ask(choices, &survey.machine);
                            survey.ask(&source, &dest, &choices)?;
                            Ok(survey)
                        });
                    Answer::Machine(asked, Box::new(in_words(answer)))
                });
            }
        }
    }
}

struct Pair {
    source: Host,
    here: Arc<HostFacts>,
    dest: Host,
    there: Arc<HostFacts>,
    key: drover::domain::DomainKey,
}

fn pair(state: &State, machine: usize) -> Option<Pair> {
    let key = state.key(machine)?.clone();
    let to = state.to.as_ref()?;
    Some(Pair {
        source: state.host(&key.host)?.clone(),
        here: Arc::clone(state.facts_of(&key.host)?),
        dest: state.host(to)?.clone(),
        there: Arc::clone(state.facts_of(to)?),
        key,
    })
}

/// Does something on the hosts of these machines, one machine after the other.
pub fn act(state: &State, wanted: Prepare, sender: &ComponentSender<MigrateDialog>) -> Option<()> {
    let source = |machine: &usize| {
        let key = state.key(*machine)?;
        Some((state.host(&key.host)?.clone(), key.domain))
    };
    let all = wanted.machines.iter().map(source).collect::<Option<Vec<_>>>()?;
    let dest = state.host(state.to.as_ref()?)?.clone();
    sender.spawn_oneshot_command(move || {
        let done = all.iter().try_for_each(|(source, id)| prepare(source, &dest, *id, &wanted.what));
        Answer::Prepared(wanted, in_words(done))
    });
    Some(())
}

/// Asks whether to throw the machines' saved states away.
pub fn confirm(state: &State, wanted: Prepare, root: &adw::Window, input: &relm4::Sender<Msg>) {
    debug_assert_eq!(wanted.what, Preparation::DropSave);
    let names: Vec<&str> = wanted.machines.iter().filter_map(|i| Some(state.machines.get(*i)?.name.as_str())).collect();
    let (n, names) = (names.len() as u64, names.join(", "));
    let values = [("names", names.as_str())];
    let heading = ngettext_f("Discard the saved state of {names}?", "Discard the saved states of {names}?", n, &values);
    let body = gettext("All that was in its memory is lost: at its next start it boots as after a power cut.");
    let dialog = adw::MessageDialog::new(Some(root), Some(&heading), Some(&body));
    dialog.add_response("cancel", &gettext("Cancel"));
    dialog.add_response("yes", &gettext("Discard"));
    dialog.set_response_appearance("yes", adw::ResponseAppearance::Destructive);
    dialog.set_default_response(Some("cancel"));
    dialog.set_close_response("cancel");
    let input = input.clone();
    dialog.connect_response(Some("yes"), move |_, _| input.emit(Msg::Prepare(wanted.clone())));
    dialog.present();
}
