//! New machines: opens the window, carries its plan out as a task, and keeps what was entered if that fails.
use std::time::SystemTime;

use drover::domain::{DomainId, DomainKey};
use drover::host::{Host, HostId, LinkState};
use drover::install::plan::Plan;
use drover::install::run;
use relm4::prelude::*;

use super::tabs::PageKey;
use super::tasks::Job;
use super::{App, AppMsg, PageTab};
use crate::activity::{Outcome, TaskId};
use crate::hosts::link;
use crate::i18n::gettext_f;
use crate::install::{Draft, HostChoice, Init, Output, Wizard};
use crate::machines::{InstallAct, InstallMsg, MachinePageMsg};

/// Locations that are remembered.
const RECENT: usize = 8;

impl App {
    /// Opens the New-machine window; only one at a time.
    pub(super) fn new_machine(
        &mut self,
        preferred: Option<HostId>,
        root: &adw::ApplicationWindow,
        sender: &ComponentSender<Self>,
    ) {
        if let Some(open) = &self.wizard {
            gtk::prelude::GtkWindowExt::present(open.widget());
            return;
        }
        let init = Init {
            parent: Some(gtk::prelude::Cast::upcast(root.clone())),
            hosts: self.host_choices(),
            preferred,
            recent: self.settings.install.recent.clone(),
            draft: self.draft.take(),
        };
        self.wizard = Some(Wizard::builder().launch(init).forward(sender.input_sender(), AppMsg::Wizard));
    }

    /// All hosts, in the sidebar's order, with why one can't be chosen now.
    pub(super) fn host_choices(&self) -> Vec<HostChoice> {
        let inventory = self.inventory.borrow();
        let entries = inventory.hosts().iter();
        entries
            .filter_map(|entry| {
                let name = entry.name().to_owned();
                let trouble = (entry.link != LinkState::Up).then(|| link::sentence(&entry.link, SystemTime::now()));
                Some(HostChoice { host: self.hosts.get(&entry.id)?.clone(), name, trouble })
            })
            .collect()
    }

    /// Tells the open window that hosts came or went.
    pub(super) fn tell_wizard(&self) {
        self.tell_migrate_dialog();
        if let Some(wizard) = &self.wizard {
            wizard.emit(crate::install::Msg::Hosts(self.host_choices()));
        }
    }

    /// The window has closed.
    pub(super) fn wizard_said(&mut self, said: Output, sender: &ComponentSender<Self>) {
        self.wizard = None;
        if let Output::Begin { host, plan, draft } = said {
            let location = plan.request.location.to_string();
            let recent = &mut self.settings.install.recent;
            recent.retain(|old| *old != location);
            if !has_login(&location) {
                recent.insert(0, location);
            }
            recent.truncate(RECENT);
            sender.input(AppMsg::Save);
            self.install(host, *plan, draft, sender);
        }
    }

    /// Runs the plan and shows its page at once: the console takes its place there as soon as the machine runs. The task
    /// goes on until the installer has ended.
    fn install(&mut self, host: Host, plan: Plan, draft: Draft, sender: &ComponentSender<Self>) {
        let key = DomainKey { host: host.id().clone(), domain: DomainId(plan.uuid) };
        let job = Job {
            what: gettext_f("Install {name}", &[("name", &plan.request.name)]),
            place: self.inventory.borrow().label(host.id()),
        };
        let (input, runs) = (sender.input_sender().clone(), AppMsg::InstallRuns(key.clone()));
        let (at, todo) = (host.clone(), plan.clone());
        let task = self.run_task(sender, job, move |reporter, cancel| {
            let domain = run::run(&at, &todo, |p| reporter.report(p), cancel)?;
            let _ = input.send(runs);
            run::finish(&at, &todo, domain, |p| reporter.report(p), cancel)
        });
        let (name, steps) = (plan.request.name.clone(), plan.steps());
        self.installs.insert(key.clone(), Install { id: task.id, ended: false, host, plan, draft });
        self.open_page(key, &name, PageTab::Console, Some((task, steps)), sender);
    }

    /// The installer was started: from here on the machine is one like others.
    pub(super) fn install_runs(&mut self, key: &DomainKey) {
        self.installs.remove(key);
        if let Some(page) = self.machine_pages.get(key) {
            page.emit(MachinePageMsg::Install(InstallMsg::Runs));
        }
    }

    /// A task has ended. If it is an install whose machine never ran, its page says so, and what was entered is kept.
    /// True if a person looks at that page.
    pub(super) fn end_install(&mut self, id: TaskId, outcome: &Outcome) -> bool {
        let Some((key, install)) = self.installs.iter_mut().find(|(_, install)| install.id == id) else { return false };
        self.draft = Some(install.draft.clone());
        install.ended = true;
        let key = key.clone();
        let Some(page) = self.machine_pages.get(&key) else {
            self.installs.remove(&key);
            return false;
        };
        page.emit(MachinePageMsg::Install(InstallMsg::Ended(outcome.clone())));
        self.tabs.is_front(&PageKey::Machine(key))
    }

    /// What a person wants after an install that failed.
    pub(super) fn after_install(
        &mut self,
        key: DomainKey,
        act: InstallAct,
        root: &adw::ApplicationWindow,
        sender: &ComponentSender<Self>,
    ) {
        let Some(install) = self.installs.remove(&key) else { return };
        match act {
            InstallAct::Retry => self.install(install.host, install.plan, install.draft, sender),
            InstallAct::Edit => {
                self.draft = Some(install.draft);
                self.new_machine(Some(key.host.clone()), root, sender);
                self.tabs.close(&PageKey::Machine(key));
            }
        }
    }
}

/// An install that goes on, or that failed and can be tried again from its page.
pub struct Install {
    id: TaskId,
    pub(super) ended: bool,
    host: Host,
    plan: Plan,
    draft: Draft,
}

/// Whether a URL has a user (and so, perhaps, a password) before its server: that is not written to a file.
fn has_login(location: &str) -> bool {
    let authority = location.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    authority.is_some_and(|authority| authority.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_with_a_login_is_known() {
        assert!(has_login("http://root:secret@mirror.example/centos"));
        for plain in ["http://mirror.example/a@b", "nfs:10.1.1.22:/soft/a@b", "/srv/a@b"] {
            assert!(!has_login(plain), "{plain}");
        }
    }
}
