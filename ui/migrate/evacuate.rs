//! The Evacuate and the Bring-back dialog: where each machine goes and how, before anything moves.
use adw::prelude::*;
use gtk::glib::markup_escape_text;
use relm4::prelude::*;

use super::{Move, Why, words};
use crate::errors::Said;
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::install::HostChoice;
use crate::widgets::gradual;

mod plan;

use plan::{Planned, plan};

/// The dialog component.
pub struct Evacuate {
    way: Way,
    /// The host that is emptied, or whose machines come back.
    home: HostChoice,
    /// Hosts that may take machines, and the check box of each.
    hosts: Vec<(HostChoice, gtk::CheckButton)>,
    /// Counts the plans that were asked for: an answer to an older question does not count.
    asked: u64,
    /// Each machine's plan, and whether it is chosen.
    planned: Option<Result<Vec<(Planned, bool)>, Said>>,
    widgets: Parts,
}

/// What the dialog starts with.
pub struct Init {
    pub parent: gtk::Window,
    pub way: Way,
    /// The host that is emptied, or whose machines come back.
    pub home: HostChoice,
    /// All other hosts.
    pub hosts: Vec<HostChoice>,
}

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Evacuate,
    BringBack,
}

/// What happens in it.
#[derive(Debug)]
pub enum Msg {
    /// Another choice of hosts.
    Hosts,
    /// The machine at this place is chosen, or not.
    Machine(usize, bool),
    /// Go on making rows.
    Rows,
    Begin,
}

/// A plan for so many machines, or why there is none; the number of the question.
#[derive(Debug)]
pub struct Answer(u64, Result<Vec<Planned>, Said>);

struct Parts {
    plan: adw::PreferencesGroup,
    /// The rows of the plan that are shown now.
    rows: Vec<gtk::Widget>,
    begin: gtk::Button,
}

impl Component for Evacuate {
    type Init = Init;
    type Input = Msg;
    /// What shall move; nothing when it is closed.
    type Output = Vec<Move>;
    type CommandOutput = Answer;
    type Root = adw::Window;
    type Widgets = ();

    fn init_root() -> Self::Root {
        adw::Window::builder().modal(true).default_width(560).default_height(620).build()
    }

    fn init(init: Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        root.set_transient_for(Some(&init.parent));
        let host = [("host", init.home.name.as_str())];
        root.set_title(Some(&match init.way {
            Way::Evacuate => gettext_f("Evacuate {host}", &host),
            Way::BringBack => gettext_f("Bring back to {host}", &host),
        }));
        let hosts: Vec<_> = init.hosts.into_iter().map(|host| (host, gtk::CheckButton::new())).collect();
        let plan = adw::PreferencesGroup::builder().title(gettext("Plan")).build();
        let begin = gtk::Button::builder().css_classes(["suggested-action"]).build();
        let widgets = Parts { plan, rows: Vec::new(), begin };
        let mut model = Self { way: init.way, home: init.home, hosts, asked: 0, planned: None, widgets };
        model.lay_out(&root, &sender);
        model.ask(&sender);
        root.present();
        ComponentParts { model, widgets: () }
    }

    fn update(&mut self, msg: Msg, sender: ComponentSender<Self>, root: &Self::Root) {
        match msg {
            Msg::Hosts => self.ask(&sender),
            Msg::Machine(at, chosen) => {
                if let Some(Ok(plan)) = &mut self.planned
                    && let Some(one) = plan.get_mut(at)
                {
                    one.1 = chosen;
                }
                self.show_button();
            }
            Msg::Rows => self.make_rows(&sender),
            Msg::Begin => {
                let moves = self.chosen();
                if !moves.is_empty() {
                    let _ = sender.output(moves);
                    gradual::close(root, &self.widgets.plan, std::mem::take(&mut self.widgets.rows));
                }
            }
        }
    }

    fn update_cmd(&mut self, Answer(asked, plan): Answer, sender: ComponentSender<Self>, _: &Self::Root) {
        if asked == self.asked {
            let goes = |one: Planned| {
                let chosen = matches!(one, Planned::Goes { .. });
                (one, chosen)
            };
            self.planned = Some(plan.map(|all| all.into_iter().map(goes).collect()));
            self.show(&sender);
        }
    }
}

impl Evacuate {
    fn lay_out(&self, root: &adw::Window, sender: &ComponentSender<Self>) {
        let header = adw::HeaderBar::builder().show_end_title_buttons(false).show_start_title_buttons(false).build();
        let cancel = gtk::Button::with_label(&gettext("Cancel"));
        let window = root.clone();
        cancel.connect_clicked(move |_| window.close());
        header.pack_start(&cancel);
        header.pack_end(&self.widgets.begin);
        let input = sender.input_sender().clone();
        self.widgets.begin.connect_clicked(move |_| input.emit(Msg::Begin));
        let output = sender.output_sender().clone();
        root.connect_close_request(move |_| {
            let _ = output.send(Vec::new());
            gtk::glib::Propagation::Proceed
        });
        let to = adw::PreferencesGroup::builder().title(match self.way {
            Way::Evacuate => gettext("To"),
            Way::BringBack => gettext("From"),
        });
        let to = to.build();
        for (host, check) in &self.hosts {
            check.set_active(host.trouble.is_none());
            check.set_sensitive(host.trouble.is_none());
            let row = row(&host.name, host.trouble.as_deref().unwrap_or_default(), check);
            to.add(&row);
            let input = sender.input_sender().clone();
            check.connect_toggled(move |_| input.emit(Msg::Hosts));
        }
        if self.hosts.is_empty() {
            to.set_description(Some(&gettext("There is no other host. Add one first.")));
        }
        let page = adw::PreferencesPage::new();
        page.add(&to);
        page.add(&self.widgets.plan);
        let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
        content.append(&header);
        page.set_vexpand(true);
        content.append(&page);
        root.set_content(Some(&content));
        let escape = gtk::ShortcutController::new();
        let close = gtk::NamedAction::new("window.close");
        escape.add_shortcut(gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string("Escape"), Some(close)));
        root.add_controller(escape);
        root.set_default_widget(Some(&self.widgets.begin));
    }

    /// Asks for a plan with the hosts that are chosen.
    fn ask(&mut self, sender: &ComponentSender<Self>) {
        self.asked += 1;
        self.planned = None;
        let chosen: Vec<HostChoice> =
            self.hosts.iter().filter(|(_, check)| check.is_active()).map(|(host, _)| host.clone()).collect();
        if chosen.is_empty() {
            self.planned = Some(Ok(Vec::new()));
        } else {
            let (asked, way, home) = (self.asked, self.way, self.home.host.clone());
            sender.spawn_oneshot_command(move || Answer(asked, plan(way, &home, &chosen)));
        }
        self.show(sender);
    }

    fn show(&mut self, sender: &ComponentSender<Self>) {
        let group = &self.widgets.plan;
        self.widgets.rows.drain(..).for_each(|row| group.remove(&row));
        let description = match &self.planned {
            None => {
                let spinner = gtk::Spinner::builder().spinning(true).build();
                let asking = row(&gettext("Asking the hosts…"), "", &spinner).upcast();
                group.add(&asking);
                self.widgets.rows.push(asking);
                String::new()
            }
            Some(Err(said)) => format!("✖ {}: {}", said.title, said.body),
            Some(Ok(plan)) if plan.is_empty() && self.chosen_hosts() > 0 => match self.way {
                Way::Evacuate => gettext("There is no machine to move."),
                Way::BringBack => {
                    gettext("No machine is away: none was moved from this host by “Evacuate…”, or all are back.")
                }
            },
            Some(Ok(_)) => String::new(),
        };
        group.set_description(
            Some(&markup_escape_text(&description)).filter(|text| !text.is_empty()).map(|t| t.as_str()),
        );
        self.show_button();
        self.make_rows(sender);
    }

    /// Makes some of the plan's rows, and has the others made later: a host may have hundreds.
    fn make_rows(&mut self, sender: &ComponentSender<Self>) {
        let (Some(Ok(plan)), widgets) = (&self.planned, &mut self.widgets) else { return };
        let more = gradual::some(|| {
            if let Some((one, chosen)) = plan.get(widgets.rows.len()) {
                let row = show_one(one, *chosen, widgets.rows.len(), sender);
                widgets.plan.add(&row);
                widgets.rows.push(row);
            }
            widgets.rows.len() < plan.len()
        });
        if more {
            gradual::later(sender.input_sender(), Msg::Rows);
        }
    }

    fn chosen_hosts(&self) -> usize {
        self.hosts.iter().filter(|(_, check)| check.is_active()).count()
    }

    fn show_button(&self) {
        let n = self.chosen().len();
        self.widgets.begin.set_label(&match n {
            0 => gettext("Move"),
            n => ngettext_f("Move {n} machine", "Move {n} machines", n as u64, &[]),
        });
        self.widgets.begin.set_sensitive(n > 0);
    }

    fn chosen(&self) -> Vec<Move> {
        let Some(Ok(plan)) = &self.planned else { return Vec::new() };
        let moves = plan.iter().filter(|(_, chosen)| *chosen);
        let moves = moves.filter_map(|(one, _)| match one {
            Planned::Goes { wanted, .. } => Some(Move::clone(wanted)),
            Planned::Stays { .. } => None,
        });
        moves.collect()
    }
}

fn show_one(one: &Planned, chosen: bool, at: usize, sender: &ComponentSender<Evacuate>) -> gtk::Widget {
    let check = gtk::CheckButton::builder().active(chosen).build();
    match one {
        Planned::Goes { wanted, other } => {
            let input = sender.input_sender().clone();
            check.connect_toggled(move |check| input.emit(Msg::Machine(at, check.is_active())));
            let kind = words::kind(wanted.choices.kind);
            let kind = match wanted.choices.stand_still {
                true => gettext_f("{kind}, standing still", &[("kind", &kind)]),
                false => kind,
            };
            let values = [("host", other.as_str()), ("kind", &kind)];
            let how = match wanted.why {
                Why::BringBack => gettext_f("from {host} · {kind}", &values),
                Why::Asked | Why::Evacuate => gettext_f("→ {host} · {kind}", &values),
            };
            row(&wanted.name, &how, &check).upcast()
        }
        Planned::Stays { name, why } => {
            check.set_sensitive(false);
            row(name, &gettext_f("✖ stays: {why}", &[("why", why)]), &check).upcast()
        }
    }
}

/// A row whose prefix does what a click on it does.
fn row(title: &str, subtitle: &str, prefix: &impl IsA<gtk::Widget>) -> adw::ActionRow {
    let row = adw::ActionRow::builder().title(markup_escape_text(title)).subtitle(markup_escape_text(subtitle)).build();
    row.set_subtitle_lines(4);
    row.add_prefix(prefix);
    if prefix.is::<gtk::CheckButton>() {
        row.set_activatable_widget(Some(prefix));
    }
    row
}
