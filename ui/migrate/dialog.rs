//! The Migrate dialog.
use std::cell::RefCell;
use std::rc::Rc;

use adw::prelude::*;
use drover::domain::DomainKey;
use drover::host::HostId;
use drover::inventory::Inventory;
use relm4::prelude::*;

use super::Move;
use crate::install::HostChoice;

/// What the dialog starts with.
pub struct Init {
    pub parent: gtk::Window,
    pub inventory: Rc<RefCell<Inventory>>,
    pub hosts: Vec<HostChoice>,
    pub machines: Vec<DomainKey>,
    pub to: Option<HostId>,
}

/// What is told to the dialog.
#[derive(Debug)]
pub enum Msg {
    /// Hosts came or went.
    Hosts(Vec<HostChoice>),
}

/// What the dialog ends with.
#[derive(Debug)]
pub enum Out {
    Begin(Vec<Move>),
    Closed,
}

pub struct MigrateDialog;

impl Component for MigrateDialog {
    type Init = Init;
    type Input = Msg;
    type Output = Out;
    type CommandOutput = ();
    type Root = adw::Window;
    type Widgets = ();

    fn init_root() -> Self::Root {
        adw::Window::new()
    }

    fn init(init: Init, root: Self::Root, _: ComponentSender<Self>) -> ComponentParts<Self> {
        root.set_transient_for(Some(&init.parent));
        root.present();
        ComponentParts { model: Self, widgets: () }
    }
}
