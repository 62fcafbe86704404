//! Machines dragged, or cut and pasted, onto hosts: from whatever part of the window it happens in to the parts that show it.
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use drover::domain::DomainKey;
use drover::host::HostId;
use drover::inventory::Inventory;
use drover::migrate::board::Board;
use drover::migrate::dragged::from_text;
use relm4::{Component, ComponentController, ComponentSender, Controller, Sender};

use super::{App, AppMsg, Toast};
use crate::hosts::sidebar::SidebarMsg;
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::machines::{self, MachineListMsg};
use crate::migrate::drag::{self, Act};
use crate::migrate::hover::{Hover, Init, Msg};
use crate::migrate::sign::Signs;
use crate::widgets::linger;

/// So near the left edge a hidden sidebar comes to what is dragged, in pixels.
const EDGE: f64 = 24.0;

/// What happens.
#[derive(Debug)]
pub enum Carry {
    Drag(Act),
    /// What hosts say to machines that are dragged.
    Signs(Arc<Signs>),
    /// These machines are to be pasted onto a host; none: no longer.
    Cut(Vec<DomainKey>),
    /// The machines that were cut are to move here.
    Paste(HostId),
}

/// The app's state of it.
pub struct Dragging {
    /// What is known of hosts; hears every update.
    pub board: Rc<RefCell<Board>>,
    pub hover: Controller<Hover>,
    /// What the card lies over: the window's content.
    pub overlay: gtk::Overlay,
    /// The sidebar was opened by the drag.
    opened: Rc<Cell<bool>>,
    /// Machines that wait for being pasted, and the message that says so.
    cut: Vec<DomainKey>,
    says_cut: Option<adw::Toast>,
}

impl Dragging {
    /// Nothing is dragged.
    pub fn new(inventory: &Rc<RefCell<Inventory>>, app: &Sender<AppMsg>) -> Self {
        let (board, overlay): (Rc<RefCell<Board>>, _) = (Rc::default(), gtk::Overlay::new());
        let init = Init { board: board.clone(), inventory: inventory.clone(), overlay: overlay.clone() };
        let signs = |signs| AppMsg::Carry(Carry::Signs(Arc::new(signs)));
        let hover = Hover::builder().launch(init).forward(app, signs);
        Self { board, hover, overlay, opened: Rc::default(), cut: Vec::new(), says_cut: None }
    }

    /// Lets a folded sidebar open when machines rest on its button or at the left edge, and hears of drags that leave.
    pub fn watch(
        &self,
        window: &adw::ApplicationWindow,
        button: &gtk::ToggleButton,
        flap: &adw::Flap,
        app: &Sender<AppMsg>,
    ) {
        let app = app.clone();
        drag::watch_leaving(window, move |act| drop(app.send(AppMsg::Carry(Carry::Drag(act)))));
        let open = |flap: &adw::Flap| {
            let (flap, opened) = (flap.clone(), self.opened.clone());
            move || {
                if !flap.reveals_flap() {
                    opened.set(true);
                    flap.set_reveal_flap(true);
                }
            }
        };
        linger::watch(button, |motion, _| drag::carries_machines(motion), open(flap));
        linger::watch(flap, |motion, x| x < EDGE && drag::carries_machines(motion), open(flap));
    }
}

impl App {
    /// Takes it to those whom it concerns.
    pub(super) fn carry(&mut self, what: Carry, sender: &ComponentSender<Self>) {
        match what {
            Carry::Drag(act) => self.drag(act, sender),
            Carry::Signs(signs) => {
                self.sidebar.emit(SidebarMsg::Signs(signs.clone()));
                self.list.emit(MachineListMsg::Carry(machines::Carry::Signs(signs)));
            }
            Carry::Cut(machines) => self.cut(machines, sender),
            Carry::Paste(host) => self.paste(host, sender),
        }
    }

    fn drag(&mut self, act: Act, sender: &ComponentSender<Self>) {
        let begin = |machines, local| Msg::Begin { machines, hosts: self.host_choices(), local };
        let msg = match act {
            Act::Begin(machines) => begin(machines, true),
            Act::Visit(text) => match self.open_here(&text) {
                Ok(machines) => begin(machines, false),
                Err(_) => return,
            },
            Act::Over(host, anchor) => Msg::Over(host, anchor),
            Act::Away(anchor) => Msg::Away(anchor),
            Act::Left => Msg::Left,
            Act::Drop(text, host) => {
                self.dropped(&text, host, sender);
                Msg::End
            }
            Act::End => Msg::End,
        };
        if matches!(msg, Msg::End) && self.dragging.opened.replace(false) {
            self.flap.set_reveal_flap(false);
        }
        self.dragging.hover.emit(msg);
    }

    fn open_here(&self, text: &str) -> Result<Vec<DomainKey>, Option<String>> {
        from_text(text, &self.inventory.borrow().hosts().iter().map(|host| host.id.clone()).collect::<Vec<_>>())
    }

    /// Machines of this window or of another one were dropped onto a host.
    fn dropped(&self, text: &str, to: HostId, sender: &ComponentSender<Self>) {
        match self.open_here(text) {
            Ok(machines) => self.move_to(machines, to, sender),
            Err(Some(host)) => {
                let text = gettext_f("{host} is not among the hosts of this window: add it first", &[("host", &host)]);
                sender.input(AppMsg::Toast(Toast::new(text)));
            }
            Err(None) => tracing::warn!("what was dropped are no machines"),
        }
    }

    /// Opens the dialog for those of them that are not there already.
    fn move_to(&self, mut machines: Vec<DomainKey>, to: HostId, sender: &ComponentSender<Self>) {
        machines.retain(|key| key.host != to && self.inventory.borrow().machine(key).is_some());
        if machines.is_empty() {
            let host = self.inventory.borrow().label(&to);
            let text = gettext_f("All of them are on {host} already", &[("host", &host)]);
            sender.input(AppMsg::Toast(Toast::new(text)));
        } else {
            sender.input(AppMsg::Migrate { machines, to: Some(to) });
        }
    }

    fn cut(&mut self, machines: Vec<DomainKey>, sender: &ComponentSender<Self>) {
        if let Some(before) = self.dragging.says_cut.take() {
            before.dismiss();
        }
        if !machines.is_empty() {
            let n = machines.len() as u64;
            let text = ngettext_f(
                "{n} machine cut — choose a host and press Ctrl+V",
                "{n} machines cut — choose a host and press Ctrl+V",
                n,
                &[],
            );
            let toast = adw::Toast::builder().title(&text).timeout(0).button_label(gettext("Cancel")).build();
            let input = sender.input_sender().clone();
            toast.connect_button_clicked(move |_| drop(input.send(AppMsg::Carry(Carry::Cut(Vec::new())))));
            self.toasts.add_toast(toast.clone());
            self.dragging.says_cut = Some(toast);
        }
        self.list.emit(MachineListMsg::Carry(machines::Carry::AreCut(machines.clone())));
        self.dragging.cut = machines;
    }

    fn paste(&mut self, to: HostId, sender: &ComponentSender<Self>) {
        let machines = std::mem::take(&mut self.dragging.cut);
        if !machines.is_empty() {
            self.cut(Vec::new(), sender);
            self.move_to(machines, to, sender);
        }
    }
}
