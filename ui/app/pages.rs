//! Pages of machines and hosts: opened once each, told what changes, and closed with what they show.
use std::rc::Rc;

use drover::domain::DomainKey;
use drover::host::HostId;
use drover::inventory::Change;
use drover::task::Step;
use relm4::{Component, ComponentController, ComponentSender};

use super::drag::Carry;
use super::tabs::PageKey;
use super::{App, AppMsg, PageTab};
use crate::activity::Task;
use crate::hosts::Shown;
use crate::hosts::page::{HostPage, HostPageMsg, HostPageOut};
use crate::machines::{InstallMsg, MachinePage, MachinePageInit, MachinePageMsg, MachinePageOutput};

impl App {
    /// Opens a machine's page or brings it to the front.
    pub(super) fn open_machine(&mut self, key: DomainKey, tab: PageTab, sender: &ComponentSender<Self>) {
        let name = self.inventory.borrow().machine(&key).map(|m| m.info.name.clone());
        if let Some(name) = name {
            self.open_page(key, &name, tab, None, sender);
        }
    }

    /// The same, of a machine that need not be there yet: then with the task that installs it, and its steps.
    pub(super) fn open_page(
        &mut self,
        key: DomainKey,
        name: &str,
        tab: PageTab,
        install: Option<(Task, Vec<Step>)>,
        sender: &ComponentSender<Self>,
    ) {
        let page_key = PageKey::Machine(key.clone());
        if self.tabs.select(&page_key) {
            if let Some(page) = self.machine_pages.get(&key) {
                if let Some((task, steps)) = install {
                    page.emit(MachinePageMsg::Install(InstallMsg::Begin(task, steps)));
                }
                page.emit(MachinePageMsg::Show(tab));
            }
            return;
        }
        let Some(host) = self.hosts.get(&key.host).cloned() else { return };
        let init = MachinePageInit {
            inventory: self.inventory.clone(),
            host,
            key: key.clone(),
            name: name.to_owned(),
            perform: self.perform.clone(),
            tab,
            install,
        };
        let page = MachinePage::builder().launch(init).forward(sender.input_sender(), |out| match out {
            MachinePageOutput::Request(request) => AppMsg::Request(request),
            MachinePageOutput::Title(key, title) => AppMsg::Title(PageKey::Machine(key), title),
            MachinePageOutput::Install(key, act) => AppMsg::AfterInstall(key, act),
            MachinePageOutput::Drag(act) => AppMsg::Carry(Carry::Drag(act)),
            MachinePageOutput::Gone(key) => AppMsg::ClosePage(PageKey::Machine(key)),
        });
        self.tabs.add(page_key, page.widget(), name, "computer-symbolic");
        self.machine_pages.insert(key, page);
        self.tab_selected();
    }

    /// Opens a host's page or brings it to the front.
    pub(super) fn open_host_page(&mut self, id: HostId, sender: &ComponentSender<Self>) {
        let page_key = PageKey::Host(id.clone());
        if self.tabs.select(&page_key) {
            return;
        }
        let init = (self.inventory.clone(), id.clone());
        let page = HostPage::builder().launch(init).forward(sender.input_sender(), |out| match out {
            HostPageOut::Act(id, act) => AppMsg::Host(id, act),
            HostPageOut::Machines(id) => AppMsg::Show(Shown::Host(id)),
        });
        let name = self.inventory.borrow().label(&id);
        self.tabs.add(page_key, page.widget(), &name, "drover-host-symbolic");
        self.host_pages.insert(id, page);
    }

    /// Tells every page what changed.
    pub(super) fn tell_pages(&mut self, changes: &Rc<Vec<Change>>) {
        for page in self.machine_pages.values() {
            page.emit(MachinePageMsg::Changes(changes.clone()));
        }
        for page in self.host_pages.values() {
            page.emit(HostPageMsg::Changes(changes.clone()));
        }
        for change in changes.iter() {
            if let Change::Host(id) = change
                && self.host_pages.contains_key(id)
            {
                self.tabs.set_title(&PageKey::Host(id.clone()), &self.inventory.borrow().label(id));
            }
        }
    }

    /// A tab was closed: its page and sessions end.
    pub(super) fn closed(&mut self, key: &PageKey) {
        match key {
            PageKey::Machines => {}
            PageKey::Machine(key) => {
                self.machine_pages.remove(key);
                // One that goes on is still told of when it fails.
                self.installs.retain(|of, install| of != key || !install.ended);
            }
            PageKey::Host(id) => drop(self.host_pages.remove(id)),
        }
    }

    /// A host is forgotten: so are its pages.
    pub(super) fn close_pages_of(&mut self, id: &HostId) {
        let keys: Vec<DomainKey> = self.machine_pages.keys().filter(|key| &key.host == id).cloned().collect();
        for key in keys {
            self.tabs.close(&PageKey::Machine(key));
        }
        self.tabs.close(&PageKey::Host(id.clone()));
    }

    /// Another tab is at the front, in one of the windows: pages at the back rest.
    pub(super) fn tab_selected(&mut self) {
        for (key, page) in &self.machine_pages {
            page.emit(MachinePageMsg::Visible(self.tabs.is_front(&PageKey::Machine(key.clone()))));
        }
        self.title = self.tabs.title();
    }
}
