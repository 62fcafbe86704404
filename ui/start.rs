//! What happens before the first window: logging, threads, and handing over to a Drover that runs already.
use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use gtk::prelude::*;
use gtk::{gio, glib};
use tracing_subscriber::EnvFilter;

use crate::APP_ID;
use crate::cli::Cli;
use crate::i18n::gettext;

/// Logs to standard error what `DROVER_LOG` asks for, such as `info` or `drover=debug`; by default, warnings.
pub fn log() {
    let filter = EnvFilter::try_from_env("DROVER_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}

/// Enough threads that a few hosts which do not answer leave some for the others.
/// Must run before relm4's first command.
pub fn threads() {
    let _ = relm4::RELM_THREADS.set(2);
    let _ = relm4::RELM_BLOCKING_THREADS.set(256);
}

/// A main loop that answers later than this is felt.
const STALL: Duration = Duration::from_millis(50);

/// With `DROVER_LOG=stall=debug`: logs each time that the main loop was late by more than [`STALL`], for how long of that it
/// worked, and for how long it waited for a processor; the rest it waited for something else. It wakes up a hundred times a
/// second, so not without being asked to.
pub fn watch_stalls() {
    if !tracing::enabled!(target: "stall", tracing::Level::DEBUG) {
        return;
    }
    let last = Cell::new((Instant::now(), scheduled()));
    let every = Duration::from_millis(10);
    glib::source::timeout_add_local_full(every, glib::Priority::HIGH, move || {
        let now = (Instant::now(), scheduled());
        let before = last.replace(now);
        let late = now.0.duration_since(before.0).saturating_sub(every);
        if late > STALL {
            let [busy, queued] = [0, 1].map(|i| now.1[i].saturating_sub(before.1[i]).as_millis());
            tracing::debug!(
                target: "stall",
                "main-loop stalled_ms={} busy_ms={busy} queued_ms={queued}",
                late.as_millis()
            );
        }
        glib::ControlFlow::Continue
    });
}

/// How long this thread has had a processor, and has waited for one: on a machine that has others to serve, a stall need not
/// be our own. (proc(5), schedstat; zeroes where the kernel keeps none.)
fn scheduled() -> [Duration; 2] {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let mut numbers = stat.split(' ').map(|ns| Duration::from_nanos(ns.parse().unwrap_or_default()));
    [numbers.next(), numbers.next()].map(Option::unwrap_or_default)
}

/// What to do where no window can be shown.
pub fn no_display() -> String {
    gettext(
        "drover: no display. Start it in a desktop session, or over SSH with “ssh -X”; for work without a window there is droverctl (see droverctl --help).",
    )
}

/// Whether another Drover of this person runs already: it then gets what was asked for, and shows its window.
/// Registering the real application here would be too early: it would start up before its window is made.
pub fn handed_over(cli: &Cli) -> bool {
    if !runs_already().unwrap_or(false) {
        return false;
    }
    let other = gio::Application::new(Some(APP_ID), gio::ApplicationFlags::IS_LAUNCHER);
    if other.register(gio::Cancellable::NONE).is_err() {
        return false;
    }
    for uri in &cli.connect {
        other.activate_action("connect", Some(&uri.to_variant()));
    }
    if let Some(name) = &cli.show_domain_console {
        other.activate_action("show-console", Some(&name.to_variant()));
    }
    other.activate();
    if let Some(bus) = other.dbus_connection() {
        let _ = bus.flush_sync(gio::Cancellable::NONE);
    }
    true
}

/// `None` without a session bus: then there is no other one that we could know of.
fn runs_already() -> Option<bool> {
    let bus = gio::bus_get_sync(gio::BusType::Session, gio::Cancellable::NONE).ok()?;
    let name = "org.freedesktop.DBus";
    let (asked, flags) = ((APP_ID,).to_variant(), gio::DBusCallFlags::NONE);
    let path = "/org/freedesktop/DBus";
    let call =
        bus.call_sync(Some(name), path, name, "NameHasOwner", Some(&asked), None, flags, 1_000, gio::Cancellable::NONE);
    Some(call.ok()?.get::<(bool,)>()?.0)
}

/// The time since this process was started, from /proc; libc's clock ticks are 1/100 s on every Linux.
pub fn since_start() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let started: f64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let uptime: f64 = std::fs::read_to_string("/proc/uptime").ok()?.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_secs_f64((uptime - started / 100.0).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_started_a_moment_ago() {
        assert!(since_start().unwrap() < Duration::from_secs(3600));
    }
}
