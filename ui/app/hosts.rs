//! The app's hosts: opening, remembering, forgetting.
use std::sync::Arc;

use drover::host::{Host, HostId, HostOptions, LinkState};
use gtk::prelude::*;
use relm4::{Component, ComponentController, ComponentSender};

use super::drag::Carry;
use super::{App, AppMsg, HostAct};
use crate::hosts::add::{self, AddHost};
use crate::hosts::login::Asker;
use crate::hosts::sidebar::{SidebarMsg, SidebarOut};
use crate::machines::{MachineListMsg, restore_from};
use crate::migrate::evacuate::Way;
use crate::settings::SavedHost;

/// What the sidebar asks for, as the app's message.
pub fn from_sidebar(out: SidebarOut) -> AppMsg {
    match out {
        SidebarOut::Show(shown) => AppMsg::Show(shown),
        SidebarOut::AddHost => AppMsg::AddHost,
        SidebarOut::Act(host, act) => AppMsg::Host(host, act),
        SidebarOut::Drag(act) => AppMsg::Carry(Carry::Drag(act)),
        SidebarOut::Paste(host) => AppMsg::Carry(Carry::Paste(host)),
        SidebarOut::Uncut => AppMsg::Carry(Carry::Cut(Vec::new())),
    }
}

impl App {
    /// Opens a host, once.
    pub(super) fn open_host(&mut self, uri: &str) {
        let id = HostId::new(uri);
        if self.hosts.contains_key(&id) {
            return;
        }
        let options = HostOptions { credentials: self.asker(), ..HostOptions::default() };
        self.inventory.borrow_mut().add_host(id.clone());
        let feed = self.feed.clone();
        let host = Host::open(uri, options, move |update| feed.push(update));
        self.hosts.insert(id, host);
        self.hosts_changed();
    }

    /// Answers logins by a dialog.
    fn asker(&self) -> Arc<Asker> {
        Arc::new(Asker(self.input.clone()))
    }

    /// Shows the dialog that adds a host.
    pub(super) fn ask_for_host(&mut self, root: &adw::ApplicationWindow, sender: &ComponentSender<Self>) {
        let init = add::Init { parent: root.clone().upcast(), credentials: self.asker() };
        self.add_dialog = Some(AddHost::builder().launch(init).forward(sender.input_sender(), AppMsg::HostAdded));
    }

    /// Opens a host and remembers it.
    pub(super) fn add_host(&mut self, uri: &str, sender: &ComponentSender<Self>) {
        self.leave_welcome();
        self.open_host(uri);
        if !self.settings.hosts.iter().any(|h| h.uri == uri) {
            self.settings.hosts.push(SavedHost { uri: uri.to_owned() });
            sender.input(AppMsg::Save);
        }
    }

    /// What the sidebar's menu asks for.
    pub(super) fn act_on_host(
        &mut self,
        id: HostId,
        act: HostAct,
        root: &adw::ApplicationWindow,
        sender: &ComponentSender<Self>,
    ) {
        match act {
            HostAct::Connect => self.connect(&id),
            HostAct::Disconnect => {
                if let Some(host) = self.hosts.get(&id) {
                    host.close();
                }
            }
            HostAct::Remove => {
                self.close_pages_of(&id);
                if let Some(host) = self.hosts.remove(&id) {
                    host.close();
                }
                self.inventory.borrow_mut().remove_host(&id);
                self.dragging.board.borrow_mut().forget(&id);
                self.settings.hosts.retain(|h| h.uri != id.as_str());
                self.hosts_changed();
                self.count();
                sender.input(AppMsg::Save);
            }
            HostAct::Restore => {
                let (name, input) = (self.inventory.borrow().label(&id), sender.input_sender().clone());
                restore_from(id, &name, &self.toasts, move |request| input.emit(AppMsg::Request(request)));
            }
            HostAct::Evacuate => self.evacuate(Way::Evacuate, &id, root, sender),
            HostAct::BringBack => self.evacuate(Way::BringBack, &id, root, sender),
            HostAct::NewMachine => sender.input(AppMsg::NewMachine(Some(id))),
            HostAct::Page => self.open_host_page(id, sender),
        }
    }

    fn hosts_changed(&self) {
        self.sidebar.emit(SidebarMsg::Hosts);
        self.list.emit(MachineListMsg::Hosts);
    }

    fn connect(&mut self, id: &HostId) {
        let Some(host) = self.hosts.get(id) else { return };
        if host.link() == LinkState::Closed {
            self.hosts.remove(id);
            self.open_host(id.as_str());
        } else {
            host.retry_now();
        }
    }
}
