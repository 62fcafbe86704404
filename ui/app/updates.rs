//! Updates of hosts on their way to the screen: gathered by worker threads, taken by the main loop all at once.
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use drover::host::Update;
use drover::inventory::Change;
use relm4::ComponentController;
use relm4::{ComponentSender, Sender};

use super::{App, AppMsg, PageTab};
use crate::hosts::sidebar::SidebarMsg;
use crate::i18n::gettext_f;
use crate::machines::MachineListMsg;
use crate::migrate::hover::Msg;

/// A basket that worker threads fill; the app is told once each time that it stops being empty.
#[derive(Clone)]
pub struct Feed {
    waiting: Arc<Mutex<Vec<Update>>>,
    app: Sender<AppMsg>,
}

impl Feed {
    /// A feed that tells this app.
    pub fn new(app: &Sender<AppMsg>) -> Self {
        Self { waiting: Arc::default(), app: app.clone() }
    }

    /// Puts one update in; from any thread.
    pub fn push(&self, update: Update) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(update);
        if waiting.len() == 1 {
            let _ = self.app.send(AppMsg::Updates);
        }
    }

    /// Takes everything out, in order.
    pub fn take(&self) -> Vec<Update> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl App {
    /// Folds what waits into the inventory and tells each part of the window what changed.
    pub(super) fn take_updates(&mut self, sender: &ComponentSender<Self>) {
        let mut changes = Vec::new();
        {
            let mut inventory = self.inventory.borrow_mut();
            let mut board = self.dragging.board.borrow_mut();
            for update in self.feed.take() {
                board.hear(&update);
                changes.extend(inventory.apply(update));
            }
        }
        if changes.is_empty() {
            return;
        }
        let rows = changes.iter().any(|c| !matches!(c, Change::Figures(_) | Change::Host(_)));
        if changes.iter().any(|c| matches!(c, Change::Host(_))) {
            self.tell_wizard();
        }
        let changes = Rc::new(changes);
        self.sidebar.emit(SidebarMsg::Changes(changes.clone()));
        self.list.emit(MachineListMsg::Changes(changes.clone()));
        self.dragging.hover.emit(Msg::Changes(changes.clone()));
        self.tell_pages(&changes);
        if rows {
            self.count();
            if self.inventory.borrow().total() > 0 {
                self.leave_welcome();
            }
            self.show_wanted_console(sender);
        }
    }

    /// The window's subtitle: how many run.
    pub(super) fn count(&mut self) {
        let inventory = self.inventory.borrow();
        let (running, all) = (inventory.running(), inventory.total());
        self.subtitle = match all {
            0 => String::new(),
            _ => {
                gettext_f("{running} of {all} running", &[("running", &running.to_string()), ("all", &all.to_string())])
            }
        };
    }

    /// Opens the console that the command line asked for, once its machine is there.
    pub(super) fn show_wanted_console(&mut self, sender: &ComponentSender<Self>) {
        let Some(name) = &self.wanted_console else { return };
        let inventory = self.inventory.borrow();
        let found = inventory.hosts().iter().find_map(|host| {
            let machine = host.machines.values().find(|m| &m.info.name == name)?;
            Some(drover::domain::DomainKey { host: host.id.clone(), domain: machine.info.id })
        });
        drop(inventory);
        if let Some(key) = found {
            self.wanted_console = None;
            sender.input(AppMsg::OpenMachine(key, PageTab::Console));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drover::host::{HostId, LinkState};

    #[test]
    fn many_updates_are_one_message() {
        let (sender, receiver) = relm4::channel();
        let feed = Feed::new(&sender);
        let update = || Update::Link { host: HostId::new("test:///default"), link: LinkState::Up };
        for _ in 0..1_000 {
            feed.push(update());
        }
        assert_eq!(feed.take().len(), 1_000);
        feed.push(update());
        drop((sender, feed));
        let told = std::iter::from_fn(|| receiver.recv_sync()).count();
        assert_eq!(told, 2, "one message per time that the basket was empty");
    }
}
