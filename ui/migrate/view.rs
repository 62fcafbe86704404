//! The Migrate dialog's widgets, and how they show the state.
use std::cell::Cell;
use std::rc::Rc;

use adw::prelude::*;
use drover::host::HostId;
use drover::inventory::Inventory;
use drover::migrate::estimate::{Estimate, estimate};
use gtk::glib;

use super::checks::{Checks, Shown};
use super::copies::offers;
use super::dialog::Msg;
use super::kinds::Kinds;
use super::options::{Entered, Options};
use super::state::State;
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::install::{Field, Says, fill_drop_down, text_button};
use crate::widgets::accessible;
use crate::widgets::steady::Steady;

/// So many machines are named above.
const NAMED: usize = 4;

/// The widgets.
pub struct View {
    pub options: Options,
    pub toasts: adw::ToastOverlay,
    pub migrate: gtk::Button,
    kinds: Kinds,
    checks: Checks,
    destination: Field<gtk::DropDown>,
    copy: gtk::Button,
    title: adw::WindowTitle,
    scrolled: gtk::ScrolledWindow,
    steady: Steady,
    /// What the destination's list was filled with.
    filled: std::cell::RefCell<Vec<(HostId, String, Option<String>)>>,
    quiet: Rc<Cell<bool>>,
}

impl View {
    /// Lays the window out.
    pub fn new(root: &adw::Window, sender: &relm4::Sender<Msg>) -> Self {
        let (input, quiet) = (sender.clone(), Rc::new(Cell::new(false)));
        let field: Field<gtk::DropDown> = Field::new("GtkDropDown", &gettext("_Destination"));
        let (told, hushed) = (input.clone(), quiet.clone());
        field.control.connect_selected_notify(move |drop| {
            if !hushed.get() {
                told.emit(Msg::To(drop.selected()));
            }
        });
        let button = |label: String, msg: fn() -> Msg| {
            let (button, input) = (text_button(&label), input.clone());
            button.connect_clicked(move |_| input.emit(msg()));
            button
        };
        let copy = button(gettext("_Copy as command"), || Msg::Copy);
        let cancel = button(gettext("C_ancel"), || Msg::Close);
        let migrate = button(gettext("_Migrate"), || Msg::Begin);
        migrate.add_css_class("suggested-action");
        let scrolled = gtk::ScrolledWindow::builder().vexpand(true);
        let scrolled = scrolled.hscrollbar_policy(gtk::PolicyType::Never).build();
        let this = Self {
            options: Options::new(&input),
            toasts: adw::ToastOverlay::new(),
            kinds: Kinds::new(&input),
            checks: Checks::new(&input),
            destination: field,
            title: adw::WindowTitle::new("", ""),
            steady: Steady::new(&scrolled),
            scrolled,
            filled: Default::default(),
            copy,
            migrate,
            quiet,
        };
        this.lay_out(root, &cancel);
        this
    }

    fn lay_out(&self, root: &adw::Window, cancel: &gtk::Button) {
        let page = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(18);
        let page = page.margin_start(12).margin_end(12).margin_top(12).margin_bottom(12).build();
        let (to, options) = (adw::PreferencesGroup::new(), adw::PreferencesGroup::new());
        to.add(&self.destination.row);
        options.add(&self.options.row);
        for group in [&to, &self.kinds.group, &self.checks.group, &options] {
            page.append(group);
        }
        let clamp = adw::Clamp::builder().child(&page).maximum_size(720).build();
        self.scrolled.set_child(Some(&clamp));
        let bar =
            gtk::Box::builder().spacing(6).margin_start(12).margin_end(12).margin_top(12).margin_bottom(12).build();
        self.copy.set_hexpand(true);
        self.copy.set_halign(gtk::Align::Start);
        for button in [&self.copy, cancel, &self.migrate] {
            bar.append(button);
        }
        let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
        content.append(&adw::HeaderBar::builder().title_widget(&self.title).build());
        content.append(&self.scrolled);
        content.append(&gtk::Separator::new(gtk::Orientation::Horizontal));
        content.append(&bar);
        self.toasts.set_child(Some(&content));
        root.set_content(Some(&self.toasts));
        root.set_default_widget(Some(&self.migrate));
    }

    /// Puts the cursor where a person begins.
    pub fn begin(&self, has_destination: bool) {
        if has_destination {
            self.kinds.grab_focus();
        } else {
            self.destination.control.grab_focus();
        }
    }

    /// Runs `f`, whose changes to widgets are not a person's.
    fn quietly(&self, f: impl FnOnce()) {
        self.quiet.set(true);
        f();
        self.quiet.set(false);
    }

    /// Shows everything.
    pub fn show(&self, state: &State, entered: &Entered, inventory: &Inventory, root: &adw::Window) {
        self.steady.hold();
        self.quietly(|| self.show_destination(state));
        let title = title(state);
        root.set_title(Some(&title));
        self.title.set_title(&title);
        let whom = whom(state);
        self.title.set_subtitle(&whom);
        self.title.set_tooltip_text(Some(&whom));
        let sheet = state.sheet();
        let estimates = |kind| {
            Estimate::sum(sheet.going(kind).filter_map(|(i, choices)| {
                let used = inventory.machine(state.key(i)?).and_then(|m| m.stats.memory_used_kib);
                Some(estimate(state.machines[i].survey()?, &choices, used, state.pace(i)))
            }))
        };
        self.quietly(|| self.kinds.show(state.choices.kind, &sheet.kinds(), state.machines.len(), estimates));
        self.checks.show(Shown { pending: state.pending(), verdict: sheet.judge(), doing: state.doing.clone() });
        let pools = state.to.as_ref().and_then(|to| state.facts_of(to)).map(|facts| {
            let usable =
                facts.pools.iter().filter(|pool| pool.active && matches!(pool.kind.as_str(), "dir" | "fs" | "netfs"));
            usable.map(|pool| pool.name.clone()).collect::<Vec<_>>()
        });
        if let Some(pools) = pools {
            let name = state.machines.first().filter(|_| state.machines.len() == 1).map(|m| m.name.as_str());
            self.options.know(&pools, name, state.to.as_ref().map_or("", |to| to.as_str()));
        }
        self.offer_disks(state);
        self.checks.again.set_sensitive(state.to.is_some());
        let can = sheet.can().iter().filter(|can| **can).count();
        let reason = reason(state, entered, can);
        let label = label(can, state.machines.len());
        if let Some(text) = self.migrate.child().and_downcast::<gtk::Label>() {
            text.set_label(&label);
        }
        accessible::set_label(&self.migrate, &label.replace('_', ""));
        for button in [&self.migrate, &self.copy] {
            button.set_sensitive(reason.is_none());
            button.set_tooltip_text(reason.as_deref());
        }
    }

    /// Of one machine only: others have other disks. While it is asked for again, what is there stays.
    fn offer_disks(&self, state: &State) {
        match state.machines.as_slice() {
            [one] => {
                if let Some(survey) = one.survey() {
                    self.options.disks.offer(&offers(survey, &state.choices));
                }
            }
            _ => self.options.disks.offer(&[]),
        }
    }

    fn show_destination(&self, state: &State) {
        let row = |h: &crate::install::HostChoice| (h.host.id().clone(), h.name.clone(), state.against(h));
        let now: Vec<_> = state.hosts.iter().map(row).collect();
        if *self.filled.borrow() != now {
            let items: Vec<_> = now.iter().map(|(_, name, why)| (name.clone(), why.clone())).collect();
            fill_drop_down(&self.destination.control, &items);
            *self.filled.borrow_mut() = now;
        }
        let at = state.hosts.iter().position(|h| Some(h.host.id()) == state.to.as_ref());
        let at = at.and_then(|i| u32::try_from(i).ok()).unwrap_or(gtk::INVALID_LIST_POSITION);
        if self.destination.control.selected() != at {
            self.destination.control.set_selected(at);
        }
        let chosen = state.hosts.iter().find(|h| Some(h.host.id()) == state.to.as_ref());
        let says = match chosen.map(|h| state.against(h)) {
            Some(Some(why)) => Says::Bad(why),
            Some(None) => Says::Nothing,
            None => Says::Note(no_destination(state)),
        };
        self.destination.say(&says);
    }

    /// Says something in passing.
    pub fn toast(&self, text: &str) {
        self.toasts.add_toast(adw::Toast::new(&glib::markup_escape_text(text)));
    }
}

fn no_destination(state: &State) -> String {
    match state.hosts.iter().any(|h| state.against(h).is_none()) {
        true => gettext("Choose where to."),
        false => gettext("There is no other host that can be reached now. Add one, or wait until it is back."),
    }
}

fn title(state: &State) -> String {
    let to = state.to.as_ref().map(|id| state.name_of(id));
    match (state.machines.as_slice(), to) {
        ([one], Some(to)) => gettext_f("Migrate {name} to {host}", &[("name", &one.name), ("host", &to)]),
        ([one], None) => gettext_f("Migrate {name}", &[("name", &one.name)]),
        (all, Some(to)) => {
            let host = [("host", to.as_str())];
            ngettext_f("Migrate {n} machine to {host}", "Migrate {n} machines to {host}", all.len() as u64, &host)
        }
        (all, None) => ngettext_f("Migrate {n} machine", "Migrate {n} machines", all.len() as u64, &[]),
    }
}

/// Which machines, from where.
fn whom(state: &State) -> String {
    let mut names: Vec<&str> = state.machines.iter().take(NAMED).map(|m| m.name.as_str()).collect();
    let more = match state.machines.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => ngettext_f("{n} more", "{n} more", n as u64, &[]),
    };
    names.extend(Some(more.as_str()).filter(|m| !m.is_empty()));
    let hosts: Vec<String> = state.sources().iter().map(|id| state.name_of(id)).collect();
    let (names, hosts) = (names.join(", "), hosts.join(", "));
    gettext_f("{names} from {hosts}", &[("names", &names), ("hosts", &hosts)])
}

/// Why nothing can begin.
fn reason(state: &State, entered: &Entered, can: usize) -> Option<String> {
    if state.machines.is_empty() {
        Some(gettext("The machines are gone."))
    } else if state.to.is_none() {
        Some(no_destination(state))
    } else if entered.is_wrong {
        Some(gettext("An option is not valid."))
    } else if can == 0 && state.machines.iter().any(|m| m.survey.is_none()) {
        Some(gettext("The hosts are still being asked."))
    } else if can == 0 {
        Some(gettext("None can go like this: see what blocks it under “Checks”."))
    } else {
        None
    }
}

fn label(can: usize, all: usize) -> String {
    if all > 1 && can > 0 {
        gettext_f("_Migrate {n} of {total}", &[("n", &can.to_string()), ("total", &all.to_string())])
    } else {
        gettext("_Migrate")
    }
}
