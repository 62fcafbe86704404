//! The app's hosts: opening, remembering, forgetting.
use std::sync::Arc;

use drover::host::{Host, HostId, HostOptions, LinkState, NoCredentials};
use relm4::ComponentController;
use relm4::ComponentSender;

use super::{App, AppMsg, HostAct};
use crate::hosts::sidebar::SidebarMsg;
use crate::settings::SavedHost;

impl App {
    /// Opens a host, once.
    pub(super) fn open_host(&mut self, uri: &str) {
        let id = HostId::new(uri);
        if self.hosts.contains_key(&id) {
            return;
        }
        let options = HostOptions { credentials: Arc::new(NoCredentials), ..HostOptions::default() };
        self.inventory.borrow_mut().add_host(id.clone());
        let feed = self.feed.clone();
        let host = Host::open(uri, options, move |update| feed.push(update));
        self.hosts.insert(id, host);
        self.sidebar.emit(SidebarMsg::Hosts);
    }

    /// Opens a host and remembers it.
    pub(super) fn add_host(&mut self, uri: &str, sender: &ComponentSender<Self>) {
        self.open_host(uri);
        if !self.settings.hosts.iter().any(|h| h.uri == uri) {
            self.settings.hosts.push(SavedHost { uri: uri.to_owned(), connect: true });
            sender.input(AppMsg::Save);
        }
    }

    /// What the sidebar's menu asks for.
    pub(super) fn act_on_host(&mut self, id: HostId, act: HostAct, sender: &ComponentSender<Self>) {
        match act {
            HostAct::Connect => self.connect(&id),
            HostAct::Disconnect => {
                if let Some(host) = self.hosts.get(&id) {
                    host.close();
                }
            }
            HostAct::Remove => {
                if let Some(host) = self.hosts.remove(&id) {
                    host.close();
                }
                self.inventory.borrow_mut().remove_host(&id);
                self.settings.hosts.retain(|h| h.uri != id.as_str());
                self.sidebar.emit(SidebarMsg::Hosts);
                self.count();
                sender.input(AppMsg::Save);
            }
            HostAct::NewMachine => sender.input(AppMsg::NewMachine(Some(id))),
            HostAct::Page => {}
        }
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
