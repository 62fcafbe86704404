//! Drover's window: starts GTK and hands over to the app component.
mod actions;
mod activity;
mod app;
mod cli;
mod console;
mod errors;
mod hosts;
mod i18n;
mod install;
mod machines;
mod memory;
mod migrate;
mod settings;
mod ssh;
mod start;
mod widgets;

use std::process::ExitCode;

use clap::Parser;
use gtk::prelude::*;
use gtk::{gio, glib};

/// The application id: of the D-Bus name, the desktop file and the icon.
pub const APP_ID: &str = "io.github.drover.Drover";

fn main() -> ExitCode {
    memory::share_heaps();
    memory::spare_gl();
    start::log();
    i18n::init();
    if let Some(question) = ssh::question() {
        return ssh::answer(&question);
    }
    let cli = cli::Cli::parse();
    ssh::ask_through_us();
    if gtk::init().is_err() {
        eprintln!("{}", start::no_display());
        return ExitCode::FAILURE;
    }
    start::threads();
    let register = || gio::resources_register_include!("drover.gresource");
    if let Err(e) = register() {
        tracing::error!("resources can't be read: {e}");
    }
    gtk::Window::set_default_icon_name(APP_ID);
    glib::set_application_name("Drover");
    if start::handed_over(&cli) {
        return ExitCode::SUCCESS;
    }
    let application = adw::Application::builder().application_id(APP_ID).build();
    application.connect_activate(|app| {
        if let Some(window) = app.active_window() {
            window.present();
        }
    });
    let store = settings::Store::under(&glib::user_config_dir());
    let (settings, broken) = store.load();
    drover::host::forbid_here();
    start::watch_stalls();
    let init = app::Init { cli, settings, store, broken };
    relm4::RelmApp::from_app(application).with_args(Vec::new()).run::<app::App>(init);
    ExitCode::SUCCESS
}
