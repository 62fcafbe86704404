//! What opens at the start; when no host is known, the welcome page in place of the machine list.
use std::path::PathBuf;

use gtk::glib;
use relm4::{Component, ComponentController, ComponentSender};

use super::{App, AppMsg, Toast};
use crate::cli::Cli;
use crate::errors::Said;
use crate::hosts::welcome::{Welcome, WelcomeOut};
use crate::i18n::{gettext, gettext_f};

impl App {
    /// Notes what the command line and the settings ask for; it is opened after the first frame, which no host may delay.
    pub(super) fn start(&mut self, cli: Cli, broken: Option<PathBuf>, sender: &ComponentSender<Self>) {
        if let Some(aside) = broken {
            let text = gettext_f(
                "The settings file could not be read. Drover starts with its defaults; the old file is kept as {path}",
                &[("path", &aside.display().to_string())],
            );
            sender.input(AppMsg::Toast(Toast::new(text)));
        }
        self.wanted_console = cli.show_domain_console;
        let saved = self.settings.hosts.iter().map(|h| h.uri.clone());
        self.at_start = saved.chain(cli.connect).collect();
    }

    /// The first frame is out: open what the command line and the settings ask for, or else look around.
    pub(super) fn first_frame(&mut self, sender: &ComponentSender<Self>) {
        let uris = std::mem::take(&mut self.at_start);
        if uris.is_empty() && self.settings.hosts.is_empty() {
            let welcome = Welcome::builder().launch(()).forward(sender.input_sender(), from_welcome);
            self.content.add_named(welcome.widget(), Some("welcome"));
            self.content.set_visible_child_name("welcome");
            self.welcome = Some(welcome);
        }
        for uri in uris {
            self.open_host(&uri);
        }
        self.look_for_broken(sender);
    }

    /// The welcome page goes as soon as there is a machine, or a host that a person chose.
    pub(super) fn leave_welcome(&mut self) {
        if let Some(welcome) = self.welcome.take() {
            self.content.set_visible_child_name("tabs");
            self.content.remove(welcome.widget());
        }
    }

    /// What the welcome page asks for.
    pub(super) fn welcomed(&mut self, out: WelcomeOut, sender: &ComponentSender<Self>) {
        match out {
            WelcomeOut::AddHost => sender.input(AppMsg::AddHost),
            WelcomeOut::Failed(reason) => sender.input(AppMsg::Toast(Toast::new(reason))),
            WelcomeOut::Open { uris, chosen } => {
                uris.iter().for_each(|uri| self.open_host(uri));
                if chosen {
                    self.leave_welcome();
                }
            }
            WelcomeOut::OnlyDemo { uris, install } => {
                uris.iter().for_each(|uri| self.open_host(uri));
                sender.input(AppMsg::Toast(only_demo(install)));
            }
        }
    }
}

fn from_welcome(out: WelcomeOut) -> AppMsg {
    AppMsg::Welcome(out)
}

/// Says why a demo is shown, and what to do about it.
fn only_demo(install: Option<&str>) -> Toast {
    let title = gettext("No libvirt here: this is a demo");
    let body = match install {
        Some(command) => {
            gettext_f("To run machines on this computer, install libvirt: {command}", &[("command", command)])
        }
        None => {
            gettext("To run machines on this computer, install libvirt and QEMU with your system's package manager.")
        }
    };
    let details = install.map_or_else(|| glib::os_info("PRETTY_NAME").unwrap_or_default().into(), str::to_owned);
    Toast { text: title.clone(), details: Some(Said { title, body, details }) }
}
