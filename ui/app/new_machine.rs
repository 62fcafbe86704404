//! New machines: opens the window, carries its plan out as a task, and keeps what was entered if that fails.
use std::time::SystemTime;

use drover::domain::DomainKey;
use drover::host::{Host, HostId, LinkState};
use drover::install::plan::Plan;
use drover::install::run;
use relm4::prelude::*;

use super::tasks::Job;
use super::{App, AppMsg, PageTab};
use crate::hosts::link;
use crate::i18n::gettext_f;
use crate::install::{Draft, HostChoice, Init, Output, Wizard};

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

    fn host_choices(&self) -> Vec<HostChoice> {
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

    /// Runs the plan; the console opens as soon as the machine runs, and the task goes on until the installer has ended.
    fn install(&mut self, host: Host, plan: Plan, draft: Draft, sender: &ComponentSender<Self>) {
        let job = Job {
            what: gettext_f("Install {name}", &[("name", &plan.request.name)]),
            place: self.inventory.borrow().label(host.id()),
        };
        let input = sender.input_sender().clone();
        self.run_task(sender, job, move |reporter, cancel| {
            let domain = match run::run(&host, &plan, |p| reporter.report(p), cancel) {
                Ok(domain) => domain,
                Err(e) => {
                    input.emit(AppMsg::InstallFailed(draft));
                    return Err(e);
                }
            };
            let key = DomainKey { host: host.id().clone(), domain };
            input.emit(AppMsg::OpenMachine(key, PageTab::Console));
            run::finish(&host, &plan, domain, |p| reporter.report(p), cancel)
        });
    }
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
