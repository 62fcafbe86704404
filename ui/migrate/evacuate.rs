//! The Evacuate and the Bring-back dialog: where each machine goes and how, before anything moves.
use adw::prelude::*;
use drover::domain::DomainKey;
use drover::host::{Host, HostId};
use drover::migrate::bring_back::{Return, Stays, away, bring_back_orders};
use drover::migrate::evacuate::{Order, orders};
use drover::migrate::finding::Finding;
use drover::migrate::{Choices, Kind};
use gtk::glib::markup_escape_text;
use relm4::prelude::*;

use super::{Move, Why, words};
use crate::errors::{self, Said};
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::install::HostChoice;

/// The dialog component.
pub struct Evacuate {
    way: Way,
    /// The host that is emptied, or whose machines come back.
    home: HostChoice,
    /// Hosts that may take machines, and the check box of each.
    hosts: Vec<(HostChoice, gtk::CheckButton)>,
    /// Counts the plans that were asked for: an answer to an older question does not count.
    asked: u64,
    planned: Option<Result<Vec<(Planned, gtk::CheckButton)>, Said>>,
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
    /// Another choice of machines.
    Machines,
    Begin,
}

/// A plan for so many machines, or why there is none; the number of the question.
#[derive(Debug)]
pub struct Answer(u64, Result<Vec<Planned>, Said>);

/// Where one machine goes.
#[derive(Debug)]
enum Planned {
    /// `other`: the host at the other end of the way.
    Goes {
        wanted: Box<Move>,
        other: String,
    },
    Stays {
        name: String,
        why: String,
    },
}

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
            Msg::Machines => self.show_button(),
            Msg::Begin => {
                let moves = self.chosen();
                if !moves.is_empty() {
                    let _ = sender.output(moves);
                    root.destroy();
                }
            }
        }
    }

    fn update_cmd(&mut self, Answer(asked, plan): Answer, sender: ComponentSender<Self>, _: &Self::Root) {
        if asked == self.asked {
            self.planned = Some(plan.map(|all| all.into_iter().map(|one| (one, gtk::CheckButton::new())).collect()));
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
            sender.spawn_oneshot_command(move || {
                Answer(
                    asked,
                    match way {
                        Way::Evacuate => plan(&home, &chosen),
                        Way::BringBack => plan_back(&home, &chosen),
                    },
                )
            });
        }
        self.show(sender);
    }

    fn show(&mut self, sender: &ComponentSender<Self>) {
        let group = &self.widgets.plan;
        self.widgets.rows.drain(..).for_each(|row| group.remove(&row));
        let mut rows = Vec::new();
        let description = match &self.planned {
            None => {
                let spinner = gtk::Spinner::builder().spinning(true).build();
                rows.push(row(&gettext("Asking the hosts…"), "", &spinner).upcast());
                String::new()
            }
            Some(Err(said)) => format!("✖ {}: {}", said.title, said.body),
            Some(Ok(plan)) if plan.is_empty() && self.chosen_hosts() > 0 => match self.way {
                Way::Evacuate => gettext("There is no machine to move."),
                Way::BringBack => {
                    gettext("No machine is away: none was moved from this host by “Evacuate…”, or all are back.")
                }
            },
            Some(Ok(plan)) => {
                rows.extend(plan.iter().map(|(one, check)| show_one(one, check, sender)));
                String::new()
            }
        };
        group.set_description(
            Some(&markup_escape_text(&description)).filter(|text| !text.is_empty()).map(|t| t.as_str()),
        );
        rows.iter().for_each(|row| group.add(row));
        self.widgets.rows = rows;
        self.show_button();
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
        let moves = plan.iter().filter(|(_, check)| check.is_active());
        let moves = moves.filter_map(|(one, _)| match one {
            Planned::Goes { wanted, .. } => Some(Move::clone(wanted)),
            Planned::Stays { .. } => None,
        });
        moves.collect()
    }
}

fn show_one(one: &Planned, check: &gtk::CheckButton, sender: &ComponentSender<Evacuate>) -> gtk::Widget {
    match one {
        Planned::Goes { wanted, other } => {
            check.set_active(true);
            let input = sender.input_sender().clone();
            check.connect_toggled(move |_| input.emit(Msg::Machines));
            let kind = words::kind(wanted.choices.kind);
            let values = [("host", other.as_str()), ("kind", &kind)];
            let how = match wanted.why {
                Why::BringBack => gettext_f("from {host} · {kind}", &values),
                Why::Asked | Why::Evacuate => gettext_f("→ {host} · {kind}", &values),
            };
            row(&wanted.name, &how, check).upcast()
        }
        Planned::Stays { name, why } => {
            check.set_sensitive(false);
            row(name, &gettext_f("✖ stays: {why}", &[("why", why)]), check).upcast()
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

/// Asks all hosts and gives every machine a place. Blocks.
fn plan(source: &Host, hosts: &[HostChoice]) -> Result<Vec<Planned>, Said> {
    let dests: Vec<Host> = hosts.iter().map(|choice| choice.host.clone()).collect();
    let orders = orders(source, &dests, &Choices::new(Kind::Live)).map_err(|e| errors::error(&e))?;
    Ok(orders.into_iter().filter_map(|order| planned(source.id(), hosts, order)).collect())
}

fn planned(source: &HostId, hosts: &[HostChoice], order: Order) -> Option<Planned> {
    let name = order.name;
    Some(match order.place {
        Ok((at, plan)) => {
            let choice = hosts.get(at)?;
            let key = DomainKey { host: source.clone(), domain: plan.id };
            let (to, choices, why) = (choice.host.id().clone(), plan.choices, Why::Evacuate);
            let wanted = Box::new(Move { key, name, to, choices, why });
            Planned::Goes { wanted, other: choice.name.clone() }
        }
        Err(findings) => Planned::Stays { name, why: why(&findings) },
    })
}

/// Looks who is away, and plans the way home. Blocks.
fn plan_back(home: &Host, hosts: &[HostChoice]) -> Result<Vec<Planned>, Said> {
    let open: Vec<Host> = hosts.iter().map(|choice| choice.host.clone()).collect();
    let orders = away(home).and_then(|away| bring_back_orders(home, &open, &away, &Choices::new(Kind::Live)));
    let planned = orders.map_err(|e| errors::error(&e))?.into_iter().filter_map(|order| back(home, hosts, order));
    Ok(planned.collect())
}

fn back(home: &Host, hosts: &[HostChoice], order: Return) -> Option<Planned> {
    let name = order.away.name;
    let stays = |why| Planned::Stays { name: name.clone(), why };
    Some(match order.place {
        Ok((at, plan)) => {
            let key = DomainKey { host: hosts.get(at)?.host.id().clone(), domain: plan.id };
            let (to, choices, why) = (home.id().clone(), plan.choices, Why::BringBack);
            let wanted = Box::new(Move { key, name, to, choices, why });
            Planned::Goes { wanted, other: hosts.get(at)?.name.clone() }
        }
        Err(Stays::Blocked(findings)) => stays(why(&findings)),
        Err(Stays::NotThere) => stays(gettext_f("{host} has it no longer.", &[("host", &order.away.at.name)])),
        Err(Stays::NoHost(_)) => {
            stays(gettext_f("{host} is not chosen here, or does not answer.", &[("host", &order.away.at.name)]))
        }
    })
}

fn why(findings: &[Finding]) -> String {
    findings.iter().map(|f| words::reason(&f.reason)).collect::<Vec<_>>().join(" ")
}
