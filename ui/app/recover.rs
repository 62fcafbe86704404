//! Migrations that were broken off when Drover ended in their middle: found at the start, settled once both hosts are open.
use drover::host::Host;
use drover::migrate::journal::{self, Record};
use relm4::ComponentSender;

use super::tasks::Job;
use super::{App, AppMsg, Toast};
use crate::activity::Outcome;
use crate::errors::{self, Said};
use crate::i18n::{gettext, gettext_f};
use crate::migrate::settled;

impl App {
    /// Looks for them, beside the main loop.
    pub(super) fn look_for_broken(&self, sender: &ComponentSender<Self>) {
        let input = sender.input_sender().clone();
        relm4::spawn_blocking(move || match journal::pending() {
            Ok(records) => records.into_iter().for_each(|record| drop(input.send(AppMsg::Broken(record)))),
            Err(error) => tracing::warn!(%error, "the journal of migrations can't be read"),
        });
    }

    /// Settles one as a task, or says which hosts are wanted for it.
    pub(super) fn settle(&mut self, record: Record, sender: &ComponentSender<Self>) {
        let entry = record.entry();
        let open = |side: &journal::Side| self.hosts.iter().find(|(id, _)| side.is(id)).map(|(_, host)| host.clone());
        let (name, from, to) = (&entry.name, &entry.source.name, &entry.dest.name);
        let place = gettext_f("{from} → {to}", &[("from", from), ("to", to)]);
        let Some((source, dest)) = open(&entry.source).zip(open(&entry.dest)) else {
            let values = [("name", name.as_str()), ("from", &entry.source.uri), ("to", &entry.dest.uri)];
            let text = gettext_f("The migration of {name} was broken off", &values);
            let body =
                gettext_f("Add the hosts {from} and {to}, then start Drover again: it finishes or undoes it.", &values);
            let said = Said { title: text.clone(), body, details: place };
            sender.input(AppMsg::Toast(Toast { text, details: Some(said) }));
            return;
        };
        let what = gettext_f("Look after the migration of {name}", &[("name", name)]);
        self.run_many(sender, Job { what, place }, move |_, _| outcome(&record, &source, &dest));
    }
}

fn outcome(record: &Record, source: &Host, dest: &Host) -> Outcome {
    match journal::settle(record, source, dest) {
        Ok(settled) => settled::outcome(&record.entry(), &settled),
        Err(e) => {
            let said = errors::error(&e);
            let later = gettext("It is tried again at Drover's next start.");
            Outcome::Failed(Said { body: format!("{}\n{later}", said.body), ..said })
        }
    }
}
