//! The display session against real QEMU: its picture is libvirt's picture, over each way to reach it.
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use drover::console::session::{Event, Session};
use drover::domain::DomainKey;
use drover::host::Host;

use crate::screen::Picture;
use crate::support::{Machine, lab, open, until};

/// A session with what it told us.
pub struct Watched {
    pub session: Session,
    pub events: Receiver<Event>,
}

/// Opens the machine's display.
pub fn watch(host: &Host, machine: &Machine<'_>) -> Watched {
    let (send, events) = mpsc::channel();
    let key = DomainKey { host: host.id().clone(), domain: machine.id() };
    let session = Session::open(host.clone(), key, move |event| {
        let _ = send.send(event);
    });
    Watched { session, events }
}

impl Watched {
    /// What the session has painted so far.
    pub fn picture(&self) -> Picture {
        let framebuffer = self.session.framebuffer();
        let framebuffer = framebuffer.lock().expect("no painter panicked");
        Picture::from_framebuffer(&framebuffer)
    }

    /// Waits for an event.
    pub fn wait(&self, what: &str, limit: Duration, is: impl Fn(&Event) -> bool) {
        let end = Instant::now() + limit;
        let mut seen = Vec::new();
        while let Ok(event) = self.events.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if is(&event) {
                return;
            }
            if !matches!(event, Event::Damage(_)) {
                seen.push(format!("{event:?}"));
            }
        }
        panic!("waited {limit:?} in vain for {what}; the session said: {seen:?}");
    }

    /// Waits until our picture equals libvirt's (at most `tolerance` of the pixels differ) and `shows` is true of it.
    pub fn until_equal(
        &self,
        machine: &Machine<'_>,
        limit: Duration,
        tolerance: f64,
        shows: impl Fn(&Picture) -> bool,
    ) {
        let mut last = 1.0;
        let end = Instant::now() + limit;
        while Instant::now() < end {
            std::thread::sleep(Duration::from_millis(500));
            let (before, ours, after) = (Picture::of(machine), self.picture(), Picture::of(machine));
            if before == after {
                last = ours.difference(&after);
                if last <= tolerance && shows(&ours) {
                    println!(
                        "measured: the picture of {} differs from libvirt's in {:.3} % of its pixels",
                        machine.name,
                        last * 100.0
                    );
                    return;
                }
            }
        }
        panic!("our picture still differs from libvirt's in {:.1} % of the pixels, or is another", last * 100.0);
    }
}

/// The busybox of the tree `quick` has written its lines: light text on a dark screen, nothing scrolls.
pub fn quick_screen(picture: &Picture) -> bool {
    let light = picture.share(|p| p.iter().all(|c| *c > 120));
    picture.width == 720 && light > 0.001 && light < 0.05
}

const BOOT: Duration = Duration::from_secs(90);

#[test]
fn picture_by_descriptor_equals_libvirts() {
    let Some(lab) = lab() else { return };
    let machine = lab.still_machine(&lab.a, "lab-still-fd");
    let watched = watch(&open(&lab.a), &machine);
    watched.wait("the first picture", Duration::from_secs(20), |e| matches!(e, Event::Resized { .. }));
    watched.until_equal(&machine, BOOT, 0.002, quick_screen);
}

#[test]
fn picture_by_tcp_equals_libvirts() {
    let Some(lab) = lab() else { return };
    let machine = lab.still_machine(&lab.b, "lab-still-tcp");
    let watched = watch(&open(&lab.tcp_b), &machine);
    watched.wait("the first picture", Duration::from_secs(20), |e| matches!(e, Event::Resized { .. }));
    watched.until_equal(&machine, BOOT, 0.002, quick_screen);
}

#[test]
fn display_comes_back_after_the_machine_was_off() {
    let Some(lab) = lab() else { return };
    let machine = lab.still_machine(&lab.a, "lab-off-on");
    let watched = watch(&open(&lab.a), &machine);
    watched.wait("the first picture", Duration::from_secs(20), |e| matches!(e, Event::Resized { .. }));
    crate::support::virsh(&lab.a, &["destroy", &machine.name]);
    watched.wait("the machine being off", Duration::from_secs(30), |e| matches!(e, Event::Off));
    crate::support::virsh(&lab.a, &["start", &machine.name]);
    watched.session.reconnect();
    watched.wait("the picture again", Duration::from_secs(30), |e| matches!(e, Event::Resized { .. }));
    watched.until_equal(&machine, BOOT, 0.002, quick_screen);
}

#[test]
fn keys_reach_the_guest() {
    let Some(lab) = lab() else { return };
    let machine = lab.still_machine(&lab.a, "lab-keys");
    let watched = watch(&open(&lab.a), &machine);
    watched.until_equal(&machine, BOOT, 0.002, quick_screen);
    let before = watched.picture();
    for c in "drover".chars() {
        watched.session.key(c as u32, None, true); // Latin-1 keysyms are the characters' codes
        watched.session.key(c as u32, None, false);
    }
    until("the typed letters on the screen", Duration::from_secs(15), || watched.picture() != before);
    watched.until_equal(&machine, BOOT, 0.002, |_| true);
}
