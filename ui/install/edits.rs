//! What follows from a change in the New-machine window: which look-ups begin anew, and what is suggested.
use relm4::prelude::*;

use super::form::{Answers, Edit};
use super::lookup;
use super::state::{HostChoice, State};
use super::wizard::Wizard;
use crate::errors;

impl Wizard {
    pub(super) fn edit(&mut self, edits: Vec<Edit>, sender: &ComponentSender<Self>) {
        if edits.is_empty() {
            return;
        }
        let source = edits.iter().any(|e| matches!(e, Edit::Location(_)));
        let is_answer = |e: &Edit| matches!(e, Edit::Answers(_) | Edit::AnswersUrl(_) | Edit::AnswersFile(_));
        let answers = edits.iter().any(is_answer);
        edits.into_iter().for_each(|edit| self.state.form.edit(edit));
        if source {
            self.read_source(sender);
        }
        if answers {
            self.read_unattended(sender);
        }
        self.suggest_and_check(sender);
    }

    pub(super) fn pick_host(&mut self, index: u32, sender: &ComponentSender<Self>) {
        let index = usize::try_from(index).ok().filter(|i| *i < self.state.hosts.len());
        if index != self.state.host {
            self.state.host = index;
            self.ask_host(sender);
            self.check(sender);
        }
    }

    /// The chosen host keeps its place, wherever it is in the new list.
    pub(super) fn take_hosts(&mut self, hosts: Vec<HostChoice>, sender: &ComponentSender<Self>) {
        let before =
            self.state.host.and_then(|i| self.state.hosts.get(i)).map(|h| (h.host.id().clone(), h.trouble.is_none()));
        self.state.host = match &before {
            Some((id, _)) => hosts.iter().position(|h| h.host.id() == id),
            None => hosts.iter().position(|h| h.trouble.is_none()),
        };
        self.state.hosts = hosts;
        let now = self.state.chosen().map(|h| (h.host.id().clone(), true));
        if now.is_some() && now != before {
            self.ask_host(sender);
            self.check(sender);
        }
    }

    pub(super) fn ask_host(&mut self, sender: &ComponentSender<Self>) {
        self.state.offers.stop();
        if let Some(choice) = self.state.chosen() {
            let host = choice.host.clone();
            lookup::ask_host(sender, host, self.state.offers.restart());
        }
    }

    pub(super) fn read_source(&mut self, sender: &ComponentSender<Self>) {
        self.state.source.stop();
        match self.state.form.location() {
            None => {}
            Some(Err(e)) => self.state.source.answer(Err(errors::source(&e))),
            Some(Ok(location)) => lookup::read_source(sender, location, self.state.source.restart()),
        }
    }

    pub(super) fn read_unattended(&mut self, sender: &ComponentSender<Self>) {
        self.state.answers.stop();
        let given = !self.state.form.missing().contains(&drover::finding::Field::Unattended);
        if given && self.state.form.answers != Answers::None {
            let installer = self.state.source.good().cloned();
            let which = self.state.form.unattended();
            lookup::read_unattended(sender, which, installer, self.state.answers.restart());
        }
    }

    pub(super) fn suggest_and_check(&mut self, sender: &ComponentSender<Self>) {
        let State { form, offers, source, .. } = &mut self.state;
        form.suggest(offers.good(), source.good());
        self.check(sender);
    }

    pub(super) fn check(&mut self, sender: &ComponentSender<Self>) {
        self.state.look.stop();
        let Some(choice) = self.state.chosen() else { return };
        let (host, request) = (choice.host.clone(), self.state.form.request());
        let detected = self.state.source.good().cloned();
        lookup::check(sender, host, request, detected, self.state.look.restart());
    }
}
