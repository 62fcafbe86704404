//! The Migrate dialog: where to, how, what stands against it and what can be done about that. Its end is [`Out::Begin`].
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use adw::prelude::*;
use drover::domain::DomainKey;
use drover::host::HostId;
use drover::inventory::Inventory;
use drover::migrate::Kind;
use drover::migrate::command_line::command;
use drover::migrate::estimate::Pace;
use drover::migrate::plan::plan;
use drover::migrate::prepare::Preparation;
use gtk::glib;
use relm4::prelude::*;

use super::Move;
use super::ask::{self, Answer};
use super::control::{Control, Prepare};
use super::options::Entered;
use super::state::{Doing, State};
use super::view::View;
use crate::i18n::gettext;
use crate::install::HostChoice;

/// Between two looks at whether a machine has changed in the inventory.
const LOOK: Duration = Duration::from_secs(1);

/// What the dialog starts with.
pub struct Init {
    pub parent: gtk::Window,
    pub inventory: Rc<RefCell<Inventory>>,
    /// All hosts, those that can't be used with their trouble.
    pub hosts: Vec<HostChoice>,
    pub machines: Vec<DomainKey>,
    /// The destination, if it is chosen already.
    pub to: Option<HostId>,
    /// What earlier moves between two hosts showed.
    pub paces: HashMap<(HostId, HostId), Pace>,
}

/// What a person, the app or time does.
#[derive(Debug)]
pub enum Msg {
    /// Hosts came or went.
    Hosts(Vec<HostChoice>),
    /// The host in this place was chosen.
    To(u32),
    Kind(Kind),
    /// Something about a finding was chosen.
    Control(Control),
    /// Do this on a host; whoever must be asked first was asked.
    Prepare(Prepare),
    /// The options changed.
    Options,
    /// Look whether a machine has changed.
    Look,
    /// Ask all hosts again.
    Again,
    Copy,
    Begin,
    Close,
}

/// What the dialog ends with.
#[derive(Debug)]
pub enum Out {
    Begin(Vec<Move>),
    /// Show what could leave this host, to make room there; the dialog stays.
    Evacuate(HostId),
    Closed,
}

/// The dialog.
pub struct MigrateDialog {
    state: State,
    entered: Entered,
    inventory: Rc<RefCell<Inventory>>,
    view: View,
    look: Option<glib::SourceId>,
    /// Answers came: they are shown once, when there is time.
    due: bool,
}

impl Component for MigrateDialog {
    type Init = Init;
    type Input = Msg;
    type Output = Out;
    type CommandOutput = Answer;
    type Root = adw::Window;
    type Widgets = ();

    fn init_root() -> Self::Root {
        let window =
            adw::Window::builder().modal(true).destroy_with_parent(true).default_width(640).default_height(800);
        window.width_request(360).height_request(300).build()
    }

    fn init(init: Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        root.set_transient_for(Some(&init.parent));
        let view = View::new(&root, sender.input_sender());
        let mut state = State::new(init.hosts, init.machines, init.to, &init.inventory.borrow());
        state.paces = init.paces;
        keys(&root, &view.migrate);
        let input = sender.input_sender().clone();
        root.connect_close_request(move |_| {
            input.emit(Msg::Close);
            glib::Propagation::Stop
        });
        let input = sender.input_sender().clone();
        let look = glib::timeout_add_local(LOOK, move || match input.send(Msg::Look) {
            Ok(()) => glib::ControlFlow::Continue,
            Err(_) => glib::ControlFlow::Break,
        });
        let entered = view.options.read();
        let mut model = Self { state, entered, inventory: init.inventory, view, look: Some(look), due: false };
        ask::ask(&mut model.state, &sender);
        model.show(&root);
        model.view.begin(model.state.to.is_some());
        root.present();
        ComponentParts { model, widgets: () }
    }

    fn update(&mut self, msg: Msg, sender: ComponentSender<Self>, root: &Self::Root) {
        match msg {
            Msg::Hosts(hosts) => {
                self.state.set_hosts(hosts);
            }
            Msg::To(at) => {
                let chosen = self.state.hosts.get(at as usize).filter(|h| self.state.against(h).is_none());
                let chosen = chosen.map(|h| h.host.id().clone());
                if let Some(id) = chosen.filter(|id| self.state.to.as_ref() != Some(id)) {
                    self.state.set_to(id);
                    self.view.options.disks.forget();
                    self.entered = self.view.options.read();
                    self.state.set_options(&self.entered);
                }
            }
            // Setting the radio buttons tells of itself.
            Msg::Kind(kind) if kind == self.state.choices.kind => return,
            Msg::Kind(kind) => self.state.set(&Control::Kind(kind)),
            // What these change tells of itself.
            Msg::Control(Control::Edit(edit)) => return self.view.options.edit(&edit),
            Msg::Control(Control::MoveAway) => return self.make_room(&sender),
            Msg::Control(Control::Prepare(it)) if it.what == Preparation::DropSave => {
                return ask::confirm(&self.state, it, root, sender.input_sender());
            }
            Msg::Control(Control::Prepare(it)) | Msg::Prepare(it) => {
                if ask::act(&self.state, it.clone(), &sender).is_some() {
                    self.state.doing = Some(Doing::Runs(it));
                }
            }
            Msg::Control(control) => self.state.set(&control),
            Msg::Options => {
                self.entered = self.view.options.read();
                self.state.set_options(&self.entered);
            }
            Msg::Look if !self.due && !self.state.look(&self.inventory.borrow()) => return,
            Msg::Look => self.due = false,
            Msg::Again => self.state.ask_again(),
            Msg::Copy => return self.copy(),
            Msg::Begin => return self.begin(&sender, root),
            Msg::Close => return self.end(Out::Closed, &sender, root),
        }
        ask::ask(&mut self.state, &sender);
        self.show(root);
    }

    fn update_cmd(&mut self, answer: Answer, sender: ComponentSender<Self>, _: &Self::Root) {
        match answer {
            Answer::Facts(asked, answer) => self.state.take_facts(&asked, *answer),
            Answer::Machine(asked, answer) => self.state.take_machine(&asked, *answer),
            Answer::Prepared(what, Ok(())) => {
                if self.state.doing == Some(Doing::Runs(what)) {
                    self.state.doing = None;
                    self.state.ask_again();
                }
            }
            Answer::Prepared(what, Err(why)) => {
                if self.state.doing == Some(Doing::Runs(what.clone())) {
                    self.state.doing = Some(Doing::Failed(what, why));
                }
            }
        }
        ask::ask(&mut self.state, &sender);
        if !self.due {
            self.due = true;
            let input = sender.input_sender().clone();
            glib::idle_add_local_once(move || {
                let _ = input.send(Msg::Look);
            });
        }
    }

    fn shutdown(&mut self, _: &mut Self::Widgets, _: relm4::Sender<Out>) {
        if let Some(look) = self.look.take() {
            look.remove();
        }
    }
}

impl MigrateDialog {
    fn show(&mut self, root: &adw::Window) {
        self.state.propose();
        self.view.show(&self.state, &self.entered, &self.inventory.borrow(), root);
    }

    /// One command a line, of those that can go.
    fn copy(&self) {
        let Some(to) = &self.state.to else { return };
        let sheet = self.state.sheet();
        let line = |(i, choices): (usize, drover::migrate::Choices)| {
            let plan = plan(self.state.machines[i].survey()?, &choices).ok()?;
            Some(command(&plan, self.state.key(i)?.host.as_str(), to.as_str()))
        };
        let lines: Vec<String> = sheet.going(self.state.choices.kind).filter_map(line).collect();
        if let Some(display) = gtk::gdk::Display::default().filter(|_| !lines.is_empty()) {
            display.clipboard().set_text(&lines.join("\n"));
            self.view.toast(&gettext("Copied"));
        }
    }

    fn make_room(&self, sender: &ComponentSender<Self>) {
        if let Some(to) = self.state.to.clone() {
            let _ = sender.output(Out::Evacuate(to));
        }
    }

    fn begin(&mut self, sender: &ComponentSender<Self>, root: &adw::Window) {
        let moves = self.state.moves();
        if !self.entered.is_wrong && !moves.is_empty() {
            self.end(Out::Begin(moves), sender, root);
        }
    }

    fn end(&mut self, out: Out, sender: &ComponentSender<Self>, root: &adw::Window) {
        if let Some(look) = self.look.take() {
            look.remove();
        }
        root.destroy();
        let _ = sender.output(out);
    }
}

/// Escape closes. Enter begins wherever it means nothing else: a radio button would take it.
fn keys(root: &adw::Window, migrate: &gtk::Button) {
    let escape = gtk::ShortcutController::new();
    let close = gtk::NamedAction::new("window.close");
    escape.add_shortcut(gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string("Escape"), Some(close)));
    root.add_controller(escape);
    let enter = gtk::EventControllerKey::new();
    enter.set_propagation_phase(gtk::PropagationPhase::Capture);
    let (window, migrate) = (root.downgrade(), migrate.downgrade());
    enter.connect_key_pressed(move |_, key, _, _| {
        let is_enter = matches!(key, gtk::gdk::Key::Return | gtk::gdk::Key::KP_Enter | gtk::gdk::Key::ISO_Enter);
        let focus = window.upgrade().and_then(|w| gtk::prelude::GtkWindowExt::focus(&w));
        match (is_enter && focus.is_some_and(|f| f.is::<gtk::CheckButton>()), migrate.upgrade()) {
            (true, Some(migrate)) if migrate.is_sensitive() => {
                migrate.emit_clicked();
                glib::Propagation::Stop
            }
            _ => glib::Propagation::Proceed,
        }
    });
    root.add_controller(enter);
}

#[cfg(test)]
#[path = "dialog_tests.rs"]
mod tests;
