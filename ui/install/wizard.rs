//! The New-machine window: steps at the left, one page each, checks in the background. Its end is [`Output::Begin`].
use std::path::PathBuf;

use adw::prelude::*;
use drover::host::{Host, HostId};
use drover::install::plan::Plan;
use gtk::glib;
use relm4::prelude::*;

use super::browse::{self, Browse};
use super::chooser;
use super::field::{Pen, text_button};
use super::form::{Edit, Form, Step};
use super::lookup::{self, Answer, Done};
use super::pages::Pages;
use super::state::{HostChoice, State};
use super::steps::{Steps, step_name};
use crate::i18n::{gettext, gettext_f};
use crate::widgets::icon_button::icon_toggle;

/// What the window opens with.
#[derive(Debug)]
pub struct Init {
    /// The window that it belongs to.
    pub parent: Option<gtk::Window>,
    /// All hosts, those that can't be used with their trouble.
    pub hosts: Vec<HostChoice>,
    /// The host to begin with; else the first that can be used.
    pub preferred: Option<HostId>,
    /// Locations used before, newest first.
    pub recent: Vec<String>,
    /// What was entered before an install that failed.
    pub draft: Option<Draft>,
}

/// All that was entered, to open the window with again.
#[derive(Clone, Debug)]
pub struct Draft(Box<Form>);

/// What the window says to the app.
pub enum Output {
    /// Carry this plan out on this host, and show its console. The window has closed.
    Begin { host: Host, plan: Box<Plan>, draft: Draft },
    /// The window has closed; nothing is to be done.
    Closed,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Begin { plan, .. } => f.debug_tuple("Begin").field(&plan.request.name).finish(),
            Self::Closed => f.write_str("Closed"),
        }
    }
}

/// What a person or the app does.
#[derive(Debug)]
pub enum Msg {
    /// Changes wait at the pen.
    Edited,
    /// A file with answers was chosen.
    AnswersFile(PathBuf),
    /// The host at this place was picked.
    Host(u32),
    /// The hosts changed.
    Hosts(Vec<HostChoice>),
    /// A location was picked, not typed.
    Location(String),
    Go(Step),
    Next,
    Back,
    BrowseNfs,
    BrowseFolder,
    PickAnswers,
    NewMac,
    Begin,
    /// Closes the list of steps if it lies over the page, else the window.
    Escape,
    /// Asks first if something was entered.
    Close,
    CloseNow,
}

/// The window.
pub struct Wizard {
    pub(super) state: State,
    pen: Pen,
    pages: Pages,
    steps: Steps,
    browse: Option<Controller<Browse>>,
}

#[relm4::component(pub)]
impl Component for Wizard {
    type Init = Init;
    type Input = Msg;
    type Output = Output;
    type CommandOutput = Done;

    view! {
        #[root]
        window = adw::Window {
            set_title: Some(&gettext("New machine")),
            set_default_size: (780, 640),
            set_width_request: 360,
            set_height_request: 300,
            set_modal: true,
            set_destroy_with_parent: true,
            connect_close_request[sender] => move |_| {
                sender.input(Msg::Close);
                glib::Propagation::Stop
            },

            #[wrap(Some)]
            set_content = &gtk::Box {
                set_orientation: gtk::Orientation::Vertical,
                adw::HeaderBar {
                    pack_start: &show_steps,
                    #[wrap(Some)]
                    set_title_widget = &adw::WindowTitle {
                        set_title: &gettext("New machine"),
                        #[watch]
                        set_subtitle: &model.subtitle(),
                    },
                },
                #[name = "flap"]
                adw::Flap {
                    set_fold_policy: adw::FlapFoldPolicy::Auto,
                    set_flap: Some(&model.steps.widget),
                    set_separator: Some(&gtk::Separator::new(gtk::Orientation::Vertical)),
                    set_vexpand: true,
                    set_content: Some(&model.pages.stack),
                },
                gtk::Separator {},
                gtk::Box {
                    set_spacing: 6,
                    set_margin_all: 12,
                    #[local_ref]
                    back -> gtk::Button {
                        #[watch]
                        set_sensitive: model.state.step != Step::Source,
                        connect_clicked => Msg::Back,
                    },
                    gtk::Label {
                        set_hexpand: true,
                        set_wrap: true,
                        set_justify: gtk::Justification::Center,
                        set_css_classes: &["dim-label", "caption"],
                        #[watch]
                        set_label: &model.waits_for(),
                    },
                    #[local_ref]
                    next -> gtk::Button {
                        add_css_class: "suggested-action",
                        #[watch]
                        set_visible: model.state.step != Step::Summary,
                        connect_clicked => Msg::Next,
                    },
                    #[local_ref]
                    begin -> gtk::Button {
                        add_css_class: "suggested-action",
                        #[watch]
                        set_visible: model.state.step == Step::Summary,
                        #[watch]
                        set_sensitive: model.state.ready().is_some(),
                        connect_clicked => Msg::Begin,
                    },
                },
            },
        }
    }

    fn init(init: Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let pen = Pen::new(sender.input_sender().clone());
        let usable = |h: &&HostChoice| h.trouble.is_none();
        let host = init
            .hosts
            .iter()
            .position(|h| Some(h.host.id()) == init.preferred.as_ref() && h.trouble.is_none())
            .or_else(|| init.hosts.iter().position(|h| usable(&h)));
        let is_draft = init.draft.is_some();
        let form = init.draft.map(|draft| *draft.0).unwrap_or_default();
        let mut state = State::new(init.hosts, host, form);
        if is_draft {
            state.visited = [true; 6];
        }
        let mut model =
            Self { state, pages: Pages::new(pen.clone(), &init.recent), steps: Steps::new(&pen), pen, browse: None };
        let show_steps = icon_toggle("view-list-symbolic", &gettext("Steps"));
        let back = text_button(&gettext("Bac_k"));
        let next = text_button(&gettext("Ne_xt"));
        let begin = text_button(&gettext("Be_gin install"));
        let widgets = view_output!();
        widgets.flap.bind_property("reveal-flap", &show_steps, "active").sync_create().bidirectional().build();
        widgets.flap.bind_property("folded", &show_steps, "visible").sync_create().build();
        root.set_transient_for(init.parent.as_ref());
        root.set_default_widget(Some(&widgets.next));
        keys(&root, &sender);
        model.ask_host(&sender);
        model.read_source(&sender);
        model.read_unattended(&sender);
        model.check(&sender);
        model.show();
        model.pages.go(Step::Source);
        root.present();
        ComponentParts { model, widgets }
    }

    fn update_with_view(
        &mut self,
        widgets: &mut Self::Widgets,
        msg: Msg,
        sender: ComponentSender<Self>,
        root: &Self::Root,
    ) {
        self.edit(self.pen.take(), &sender);
        match msg {
            Msg::Edited => {}
            Msg::AnswersFile(path) => self.edit(vec![Edit::AnswersFile(path)], &sender),
            Msg::Location(text) => self.edit(vec![Edit::Location(text)], &sender),
            Msg::Host(index) => self.pick_host(index, &sender),
            Msg::Hosts(hosts) => self.take_hosts(hosts, &sender),
            Msg::Go(step) => self.go(step, widgets),
            Msg::Next => self.shift(1, widgets),
            Msg::Back => self.shift(-1, widgets),
            Msg::BrowseNfs => self.browse_nfs(root, &sender),
            Msg::BrowseFolder => chooser::pick_folder(root, sender.input_sender().clone()),
            Msg::PickAnswers => chooser::pick_file(root, sender.input_sender().clone()),
            Msg::NewMac => {
                if let Some(choice) = self.state.chosen() {
                    lookup::another_mac(&sender, choice.host.clone());
                }
            }
            Msg::Begin => self.begin(root, &sender),
            Msg::Escape if widgets.flap.is_folded() && widgets.flap.reveals_flap() => {
                widgets.flap.set_reveal_flap(false)
            }
            Msg::Escape => sender.input(Msg::Close),
            Msg::Close if self.state.form.is_touched() => ask_to_close(root, sender.input_sender().clone()),
            Msg::Close | Msg::CloseNow => {
                root.destroy();
                let _ = sender.output(Output::Closed);
                return;
            }
        }
        self.show();
        self.update_view(widgets, sender);
    }

    fn update_cmd(&mut self, done: Done, sender: ComponentSender<Self>, _: &Self::Root) {
        self.edit(self.pen.take(), &sender);
        if done.cancel.is_cancelled() {
            return;
        }
        match done.answer {
            Answer::Offers(result) => {
                self.state.offers.answer(result.map(|o| *o));
                self.suggest_and_check(&sender);
            }
            Answer::Source(result) => {
                self.state.source.answer(result.map(|d| *d));
                self.read_unattended(&sender);
                self.suggest_and_check(&sender);
            }
            Answer::Unattended(result) => self.state.answers.answer(result),
            Answer::Looked(looked) => {
                self.state.looked = (*looked).clone();
                self.state.look.answer(Ok(*looked));
            }
            Answer::Mac(Some(mac)) => self.edit(vec![Edit::Mac(mac)], &sender),
            Answer::Mac(None) | Answer::Stopped => {}
        }
        self.show();
    }
}

impl Wizard {
    fn show(&self) {
        self.pages.show(&self.state);
        self.steps.show(&self.state);
    }

    fn subtitle(&self) -> String {
        let step = self.state.step;
        let (n, all) = ((step.index() + 1).to_string(), Step::ALL.len().to_string());
        gettext_f("{step} · {n} of {all}", &[("step", &step_name(step)), ("n", &n), ("all", &all)])
    }

    /// Why the install can't begin yet, beside its button.
    fn waits_for(&self) -> String {
        if self.state.step != Step::Summary || self.state.ready().is_some() {
            return String::new();
        }
        let is_blocked = Step::ALL.iter().any(|s| self.state.is_blocked(*s));
        if is_blocked { gettext("Something stands in the way") } else { gettext("Checking…") }
    }

    fn shift(&mut self, by: i32, widgets: &WizardWidgets) {
        if let Some(step) = self.state.step.shifted(by) {
            self.go(step, widgets);
        }
    }

    fn go(&mut self, step: Step, widgets: &WizardWidgets) {
        if widgets.flap.is_folded() {
            widgets.flap.set_reveal_flap(false);
        }
        if step == self.state.step {
            return;
        }
        self.state.step = step;
        self.state.visited[step.index()] = true;
        self.pages.go(step);
        let default = if step == Step::Summary { &widgets.begin } else { &widgets.next };
        widgets.window.set_default_widget(Some(default));
    }

    fn browse_nfs(&mut self, root: &adw::Window, sender: &ComponentSender<Self>) {
        let init = browse::Init { parent: root.clone(), location: self.state.form.location() };
        let browse = Browse::builder().launch(init).forward(sender.input_sender(), Msg::Location);
        self.browse = Some(browse);
    }

    fn begin(&mut self, root: &adw::Window, sender: &ComponentSender<Self>) {
        let Some((plan, choice)) = self.state.ready().zip(self.state.chosen()) else { return };
        let begin = Output::Begin {
            host: choice.host.clone(),
            plan: Box::new(plan.clone()),
            draft: Draft(Box::new(self.state.form.clone())),
        };
        root.destroy();
        let _ = sender.output(begin);
    }
}

/// Escape closes; Ctrl+Page Down and Ctrl+Page Up go through the steps.
fn keys(root: &adw::Window, sender: &ComponentSender<Wizard>) {
    use gtk::gdk::{Key, ModifierType};
    // Pages would take Ctrl+Page keys for scrolling; Escape is first an open menu's.
    on_keys(root, gtk::PropagationPhase::Capture, sender, |key, modifiers| match key {
        Key::Page_Down if modifiers.contains(ModifierType::CONTROL_MASK) => Some(Msg::Next),
        Key::Page_Up if modifiers.contains(ModifierType::CONTROL_MASK) => Some(Msg::Back),
        _ => None,
    });
    on_keys(root, gtk::PropagationPhase::Bubble, sender, |key, _| (key == Key::Escape).then_some(Msg::Escape));
}

fn on_keys(
    root: &adw::Window,
    phase: gtk::PropagationPhase,
    sender: &ComponentSender<Wizard>,
    meaning: impl Fn(gtk::gdk::Key, gtk::gdk::ModifierType) -> Option<Msg> + 'static,
) {
    let keys = gtk::EventControllerKey::new();
    keys.set_propagation_phase(phase);
    let input = sender.input_sender().clone();
    keys.connect_key_pressed(move |_, key, _, modifiers| match meaning(key, modifiers) {
        Some(msg) => {
            input.emit(msg);
            glib::Propagation::Stop
        }
        None => glib::Propagation::Proceed,
    });
    root.add_controller(keys);
}

fn ask_to_close(root: &adw::Window, input: relm4::Sender<Msg>) {
    let dialog = adw::MessageDialog::new(
        Some(root),
        Some(&gettext("Give this machine up?")),
        Some(&gettext("What you have entered is lost when the window closes.")),
    );
    dialog.add_responses(&[("stay", &gettext("_Keep editing")), ("close", &gettext("_Give up"))]);
    dialog.set_response_appearance("close", adw::ResponseAppearance::Destructive);
    dialog.set_default_response(Some("stay"));
    dialog.set_close_response("stay");
    dialog.connect_response(Some("close"), move |_, _| input.emit(Msg::CloseNow));
    dialog.present();
}
