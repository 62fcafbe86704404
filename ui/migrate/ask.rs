//! What the Migrate dialog asks hosts, on worker threads; and what it does on a destination.
use std::sync::Arc;

use drover::host::Host;
use drover::migrate::facts::HostFacts;
use drover::migrate::prepare::{Preparation, prepare};
use drover::migrate::survey::Survey;
use relm4::ComponentSender;

use super::dialog::MigrateDialog;
use super::state::{Asked, Question, State};
use crate::errors;

/// The answer of a question or an action, with the trouble in words.
#[derive(Debug)]
pub enum Answer {
    Facts(Asked, Box<Result<HostFacts, String>>),
    Machine(Asked, Box<Result<Survey, String>>),
    Prepared(Preparation, Result<(), String>),
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
                sender.spawn_oneshot_command(move || {
                    let Pair { source, here, dest, there, key } = pair;
                    // TLS is always asked for: so that switching it on needs no round trip.
                    let answer = Survey::of((&source, &here), (&dest, &there), key.domain, true);
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

/// Does something on the destination, with the host of that machine as the model.
pub fn act(state: &State, what: Preparation, machine: usize, sender: &ComponentSender<MigrateDialog>) -> Option<()> {
    let source = state.host(&state.key(machine)?.host)?.clone();
    let dest = state.host(state.to.as_ref()?)?.clone();
    sender.spawn_oneshot_command(move || {
        let done = in_words(prepare(&source, &dest, &what));
        Answer::Prepared(what, done)
    });
    Some(())
}
