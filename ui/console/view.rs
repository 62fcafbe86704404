//! The console as a component: the guest's screen on black, and in its place, words about why there is none.
use std::rc::Rc;

use adw::prelude::*;
use drover::console::framebuffer::Rect;
use drover::console::session::{Event, Session};
use drover::domain::{DomainKey, State};
use drover::host::Host;
use drover::secret::Secret;
use relm4::prelude::*;

use super::bar::Bar;
use super::keys;
use super::mode::Mode;
use super::screen::Screen;
use super::window::{OwnWindow, elsewhere};
use super::words;
use crate::i18n::{gettext, gettext_f};

/// Which machine's console.
pub struct Init {
    pub host: Host,
    pub key: DomainKey,
    /// The machine's name, for titles.
    pub name: String,
}

/// What the console is told.
#[derive(Debug)]
pub enum Input {
    /// The page shows it, or hides it: hidden, nothing is fetched.
    Visible(bool),
    /// The inventory says so.
    DomainState(State),
    /// Presses these keys (X11 keysyms) together.
    SendKeys(Vec<u32>),
    /// Scales to fit, or shows pixel by pixel.
    Fit(bool),
    ToggleFullScreen,
    ToggleDetached,
    /// The own window fills the screen, or no longer.
    FullScreen(bool),
    Session(Event),
    /// The button below the words.
    Act,
    Grabbed(bool),
    /// Ctrl+Alt: the keyboard is ours again.
    Release,
}

/// What the page does for the console.
#[derive(Debug)]
pub enum Output {
    /// For the page's header: how to get the keyboard back; empty while it is not the guest's.
    Title(String),
    /// Start the machine.
    Start,
}

/// The component's state.
pub struct ConsoleView {
    name: String,
    session: Rc<Session>,
    screen: Screen,
    bar: Bar,
    mode: Mode,
    /// A picture came once: it stays, dimmed, whatever happens.
    has_picture: bool,
    visible: bool,
    fit: bool,
    grabbed: bool,
    /// The guest had the keyboard when its picture was lost, or is to get it with the next one.
    had_keyboard: bool,
    own_window: Option<OwnWindow>,
}

#[relm4::component(pub)]
impl Component for ConsoleView {
    type Init = Init;
    type Input = Input;
    type Output = Output;
    type CommandOutput = ();

    view! {
        #[root]
        adw::Bin {
            set_hexpand: true,
            set_vexpand: true,

            #[name = "stage"]
            gtk::Overlay {
                add_css_class: "console",

                #[name = "scroller"]
                gtk::ScrolledWindow {
                    #[watch]
                    set_hscrollbar_policy: model.scrollbars(),
                    #[watch]
                    set_vscrollbar_policy: model.scrollbars(),
                    #[watch]
                    set_opacity: match (&model.mode, model.has_picture) { (Mode::Live, _) => 1.0, (_, true) => 0.35, _ => 0.0 },

                    #[local_ref]
                    picture -> gtk::Picture {
                        #[watch]
                        set_can_focus: matches!(model.mode, Mode::Live),
                    },
                },

                add_overlay = &gtk::Box {
                    set_orientation: gtk::Orientation::Vertical,
                    set_halign: gtk::Align::Center,
                    set_valign: gtk::Align::Center,
                    set_spacing: 12,
                    set_margin_all: 12,
                    add_css_class: "osd",
                    add_css_class: "console-words",
                    #[watch]
                    set_visible: !matches!(model.mode, Mode::Live),

                    gtk::Spinner {
                        set_size_request: (32, 32),
                        #[watch]
                        set_visible: matches!(model.mode, Mode::Connecting),
                        #[watch]
                        set_spinning: matches!(model.mode, Mode::Connecting),
                    },
                    gtk::Label {
                        add_css_class: "title-2",
                        set_mnemonic_widget: Some(&password),
                        set_wrap: true,
                        set_justify: gtk::Justification::Center,
                        #[watch]
                        set_label: &model.mode.title(&model.name, model.has_picture),
                    },
                    gtk::Label {
                        set_wrap: true,
                        set_max_width_chars: 60,
                        set_selectable: true,
                        set_justify: gtk::Justification::Center,
                        #[watch]
                        set_label: &model.mode.body(),
                        #[watch]
                        set_visible: !model.mode.body().is_empty(),
                    },
                    #[name = "password"]
                    gtk::PasswordEntry {
                        set_show_peek_icon: true,
                        set_placeholder_text: Some(&gettext("Password of the display")),
                        #[watch]
                        set_visible: matches!(model.mode, Mode::Password { .. }),
                        connect_activate => Input::Act,
                    },
                    #[name = "act"]
                    gtk::Button {
                        set_halign: gtk::Align::Center,
                        add_css_class: "pill",
                        add_css_class: "suggested-action",
                        #[watch]
                        set_label: &model.mode.button(),
                        #[watch]
                        set_visible: !model.mode.button().is_empty(),
                        connect_clicked => Input::Act,
                    },
                },

                add_overlay: &model.bar.revealer,
            },
        }
    }

    fn init(init: Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let input = sender.input_sender().clone();
        let session = Session::open(init.host, init.key, move |event| {
            // The view may have gone a moment before its session.
            let _ = input.send(Input::Session(event));
        });
        let session = Rc::new(session);
        let (grab, release) = (sender.input_sender().clone(), sender.input_sender().clone());
        let screen = Screen::new(
            &gettext_f("Console of {name}", &[("name", &init.name)]),
            Rc::clone(&session),
            move |grabbed| {
                let _ = grab.send(Input::Grabbed(grabbed));
            },
            move || {
                let _ = release.send(Input::Release);
            },
        );
        let model = Self {
            name: init.name,
            session,
            screen,
            bar: Bar::new(sender.input_sender().clone()),
            mode: Mode::Connecting,
            has_picture: false,
            visible: true,
            fit: true,
            grabbed: false,
            had_keyboard: false,
            own_window: None,
        };
        model.screen.set_fit(true);
        let picture = &model.screen.picture;
        let widgets = view_output!();
        model.bar.follow(&widgets.stage);
        ComponentParts { model, widgets }
    }

    fn update_with_view(
        &mut self,
        widgets: &mut Self::Widgets,
        input: Input,
        sender: ComponentSender<Self>,
        root: &Self::Root,
    ) {
        let asks = matches!(input, Input::Session(Event::PasswordWanted { .. }));
        match input {
            Input::Visible(visible) => {
                self.visible = visible;
                self.session.set_visible(self.is_seen());
            }
            Input::DomainState(state) => self.session.domain_state(state),
            Input::SendKeys(keysyms) => {
                self.screen.send(keys::strokes(&keysyms));
                self.screen.picture.grab_focus();
            }
            Input::Fit(fit) => {
                self.fit = fit;
                self.screen.set_fit(fit);
                self.screen.picture.grab_focus();
            }
            // Most frequent by far, and nothing but the picture changes.
            Input::Session(Event::Damage(damage)) => return self.damaged(&damage),
            Input::Session(event) => self.hear(event),
            Input::Act => self.act(widgets, &sender),
            Input::Grabbed(grabbed) => {
                self.grabbed = grabbed;
                if grabbed {
                    self.bar.retreat();
                }
                let _ = sender.output(Output::Title(if grabbed { release_hint() } else { String::new() }));
            }
            Input::Release => self.bar.focus(),
            Input::ToggleFullScreen => match &self.own_window {
                Some(window) if window.toggle_full_screen() => {}
                Some(_) => self.bring_back(widgets, root),
                None => self.move_out(widgets, root, &sender, true),
            },
            Input::FullScreen(full) => {
                self.bar.show(self.own_window.is_some(), full);
                self.screen.picture.grab_focus();
            }
            Input::ToggleDetached if self.own_window.is_some() => self.bring_back(widgets, root),
            Input::ToggleDetached => self.move_out(widgets, root, &sender, false),
        }
        if let Some(window) = &self.own_window {
            window.set_title(&if self.grabbed {
                format!("{} — {}", self.name, release_hint())
            } else {
                self.name.clone()
            });
        }
        self.let_go(widgets);
        self.update_view(widgets, sender);
        self.move_focus(widgets);
        if asks && widgets.stage.is_mapped() {
            widgets.password.grab_focus();
        }
    }

    fn shutdown(&mut self, _: &mut Self::Widgets, _: relm4::Sender<Output>) {
        self.own_window = None;
    }
}

impl ConsoleView {
    fn hear(&mut self, event: Event) {
        self.mode = match event {
            Event::Connecting => Mode::Connecting,
            Event::Complete => {
                self.has_picture = true;
                Mode::Live
            }
            Event::Off => Mode::Off,
            Event::Lost { reason, retry_in } => Mode::Lost { reason: words::reason(&reason), retry_in },
            Event::PasswordWanted { wrong_before } => Mode::Password { wrong_before },
            Event::Failed(error) => Mode::Failed(words::reason(&error)),
            Event::Resized { .. } => {
                self.screen.picture.set_cursor(None);
                return;
            }
            Event::Cursor(cursor) => return self.screen.set_cursor(cursor.as_ref()),
            Event::Damage(_) | Event::Clipboard(_) => return,
        };
        self.bar.set_live(matches!(self.mode, Mode::Live));
    }

    /// Without a live picture the keyboard is not the guest's. Before what has the focus is hidden: GTK would give it to
    /// whatever comes next.
    fn let_go(&mut self, widgets: &ConsoleViewWidgets) {
        let picture = &self.screen.picture;
        let lost = !matches!(self.mode, Mode::Live) && picture.has_focus();
        self.had_keyboard |= lost;
        if let Some(root) = picture.root()
            && (lost || (self.mode.button().is_empty() && widgets.act.has_focus()))
        {
            root.set_focus(None::<&gtk::Widget>);
        }
    }

    /// The keyboard goes to the button meanwhile, and with the next picture to the guest, unless a person moved it away.
    fn move_focus(&mut self, widgets: &ConsoleViewWidgets) {
        let picture = &self.screen.picture;
        let Some(root) = picture.root() else { return };
        let nowhere = root.focus().is_none();
        if !matches!(self.mode, Mode::Live) {
            if self.had_keyboard && nowhere {
                widgets.act.grab_focus();
            }
        } else if std::mem::take(&mut self.had_keyboard) && (nowhere || widgets.act.has_focus()) {
            picture.grab_focus();
        }
    }

    fn damaged(&self, damage: &[Rect]) {
        let framebuffer = self.session.framebuffer();
        // A poisoned lock means that the session's thread died; what it had drawn is still a picture.
        let framebuffer = framebuffer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.screen.tiles.take(&framebuffer, damage);
    }

    fn act(&mut self, widgets: &ConsoleViewWidgets, sender: &ComponentSender<Self>) {
        self.had_keyboard = true;
        match self.mode {
            Mode::Off => {
                let _ = sender.output(Output::Start);
            }
            Mode::Password { .. } => {
                let text = widgets.password.text();
                widgets.password.set_text("");
                self.mode = Mode::Connecting;
                self.session.password(Secret::new(text.as_str()));
            }
            Mode::Lost { .. } | Mode::Failed(_) => self.session.reconnect(),
            Mode::Connecting | Mode::Live => {}
        }
    }

    /// Whether anybody can see it.
    fn is_seen(&self) -> bool {
        self.visible || self.own_window.is_some()
    }

    fn move_out(&mut self, widgets: &ConsoleViewWidgets, root: &adw::Bin, sender: &ComponentSender<Self>, full: bool) {
        let beside = root.root().and_downcast::<gtk::Window>();
        root.set_child(Some(&elsewhere(sender.input_sender())));
        let (back, filled) = (sender.input_sender().clone(), sender.input_sender().clone());
        let close = move || {
            let _ = back.send(Input::ToggleDetached);
        };
        let on_full_screen = move |full| {
            let _ = filled.send(Input::FullScreen(full));
        };
        let stage = widgets.stage.upcast_ref();
        self.own_window = Some(OwnWindow::open(stage, beside.as_ref(), full, close, on_full_screen));
        self.moved();
    }

    fn bring_back(&mut self, widgets: &ConsoleViewWidgets, root: &adw::Bin) {
        self.own_window = None;
        root.set_child(Some(&widgets.stage));
        self.moved();
    }

    fn moved(&self) {
        self.bar.show(self.own_window.is_some(), false);
        self.session.set_visible(self.is_seen());
        self.screen.picture.grab_focus();
    }

    fn scrollbars(&self) -> gtk::PolicyType {
        if self.fit { gtk::PolicyType::Never } else { gtk::PolicyType::Automatic }
    }
}

fn release_hint() -> String {
    gettext("Ctrl+Alt releases the keyboard")
}
