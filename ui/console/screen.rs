//! The guest's screen as a widget: its picture, and the keyboard and pointer that go into it.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use drover::console::Cursor;
use drover::console::scancode;
use drover::console::session::Session;
use gtk::glib::Propagation;
use gtk::glib::translate::IntoGlib;
use gtk::prelude::*;
use gtk::{gdk, glib};

use super::keys::{Held, Stroke};
use super::paintable::Tiles;

/// RFB's bits of the wheel: up, down, left, right (RFC 6143, 7.5.5).
const WHEEL: [u8; 4] = [0x08, 0x10, 0x20, 0x40];
/// The key Up where codes are evdev's (`KEY_UP`, 103) and 8.
const UP: u32 = 111;

/// The widget and what it keeps. A clone is the same one.
#[derive(Clone)]
pub struct Screen {
    pub picture: gtk::Picture,
    pub tiles: Tiles,
    session: Rc<Session>,
    state: Rc<State>,
}

#[derive(Default)]
struct State {
    held: RefCell<Held>,
    /// RFB's mask of held buttons.
    buttons: Cell<u8>,
    at: Cell<(u32, u32)>,
    /// Parts of wheel steps that smooth scrolling left over.
    wheel: Cell<(f64, f64)>,
    /// While the keyboard is the guest's: the toplevel's controller that gets every key first.
    grab: RefCell<Option<(gtk::Widget, gtk::EventControllerKey)>>,
}

impl Screen {
    /// `name` is what a screen reader calls it. `on_grab` hears when the keyboard becomes the guest's or ours; `on_release`, when Ctrl+Alt asked for that.
    pub fn new(
        name: &str,
        session: Rc<Session>,
        on_grab: impl Fn(bool) + 'static,
        on_release: impl Fn() + 'static,
    ) -> Self {
        let tiles = Tiles::default();
        let picture = named_picture(name);
        picture.set_paintable(Some(&tiles));
        picture.set_focusable(true);
        picture.set_content_fit(gtk::ContentFit::Contain);
        let this = Self { picture, tiles, session, state: Rc::default() };
        this.watch_focus(on_grab, Rc::new(on_release));
        this.watch_pointer();
        this
    }

    /// Sends strokes one after the other.
    pub fn send(&self, strokes: impl IntoIterator<Item = Stroke>) {
        for (keysym, down) in strokes {
            self.session.key(keysym, None, down);
        }
    }

    /// Shows the whole picture, or one pixel per pixel.
    pub fn set_fit(&self, fit: bool) {
        let align = if fit { gtk::Align::Fill } else { gtk::Align::Center };
        self.picture.set_can_shrink(fit);
        self.picture.set_halign(align);
        self.picture.set_valign(align);
    }

    /// Shows the guest's pointer; `None`: it has hidden it.
    pub fn set_cursor(&self, cursor: Option<&Cursor>) {
        let Some(shape) = cursor else { return self.picture.set_cursor_from_name(Some("none")) };
        let bytes = glib::Bytes::from(&shape.pixels);
        let (width, height, stride) = (shape.width as i32, shape.height as i32, shape.width as usize * 4);
        let texture = gdk::MemoryTexture::new(width, height, gdk::MemoryFormat::B8g8r8a8, &bytes, stride);
        let (x, y) = (shape.hot_x.min(shape.width - 1), shape.hot_y.min(shape.height - 1));
        let cursor = gdk::Cursor::from_texture(&texture, x as i32, y as i32, None);
        self.picture.set_cursor(Some(&cursor));
    }

    fn watch_focus(&self, on_grab: impl Fn(bool) + 'static, on_release: Rc<dyn Fn()>) {
        let focus = gtk::EventControllerFocus::new();
        let on_grab = Rc::new(on_grab);
        let (weak, told) = (Rc::downgrade(&self.state), Rc::clone(&on_grab));
        let (picture, session) = (self.picture.downgrade(), Rc::clone(&self.session));
        focus.connect_enter(move |_| {
            let (Some(state), Some(picture)) = (weak.upgrade(), picture.upgrade()) else { return };
            if let Some(root) = picture.root() {
                state.grab(&root.upcast(), &session, &on_release);
                told(true);
            }
        });
        let (state, session) = (Rc::downgrade(&self.state), Rc::downgrade(&self.session));
        let left = move || {
            if let (Some(state), Some(session)) = (state.upgrade(), session.upgrade()) {
                state.ungrab(&session);
                on_grab(false);
            }
        };
        let unmapped = left.clone();
        focus.connect_leave(move |_| left());
        self.picture.add_controller(focus);
        self.picture.connect_unmap(move |_| unmapped());
    }

    fn watch_pointer(&self) {
        let motion = gtk::EventControllerMotion::new();
        let screen = self.weak();
        let moved = move |x: f64, y: f64| {
            if let Some(screen) = screen.upgrade() {
                screen.moved(x, y);
            }
        };
        let entered = moved.clone();
        motion.connect_enter(move |_, x, y| entered(x, y));
        motion.connect_motion(move |_, x, y| moved(x, y));
        self.picture.add_controller(motion);

        // Not a click gesture: that one follows a single button, a guest wants them all.
        let buttons = gtk::EventControllerLegacy::new();
        let screen = self.weak();
        buttons.connect_event(move |_, event| screen.upgrade().map_or(Propagation::Proceed, |s| s.button(event)));
        self.picture.add_controller(buttons);

        let scroll = gtk::EventControllerScroll::new(gtk::EventControllerScrollFlags::BOTH_AXES);
        let screen = self.weak();
        scroll.connect_scroll(move |_, dx, dy| {
            screen.upgrade().map_or(Propagation::Proceed, |screen| screen.scrolled(dx, dy))
        });
        self.picture.add_controller(scroll);
    }

    fn moved(&self, x: f64, y: f64) {
        let widget = (f64::from(self.picture.width()), f64::from(self.picture.height()));
        let Some(at) = to_guest((x, y), widget, self.tiles.size()) else { return };
        if self.state.at.replace(at) != at {
            self.point();
        }
    }

    fn button(&self, event: &gdk::Event) -> Propagation {
        let Some(button) = event.downcast_ref::<gdk::ButtonEvent>() else { return Propagation::Proceed };
        let Some(bit) = button_bit(button.button()) else { return Propagation::Proceed };
        let down = event.event_type() == gdk::EventType::ButtonPress;
        if down {
            self.picture.grab_focus();
        }
        let held = self.state.buttons.get();
        self.state.buttons.set(if down { held | bit } else { held & !bit });
        self.point();
        Propagation::Stop
    }

    fn scrolled(&self, dx: f64, dy: f64) -> Propagation {
        let (x, y) = self.state.wheel.get();
        let (x, y) = (x + dx, y + dy);
        self.state.wheel.set((x.fract(), y.fract()));
        for (steps, back, forth) in [(y, WHEEL[0], WHEEL[1]), (x, WHEEL[2], WHEEL[3])] {
            let bit = if steps < 0.0 { back } else { forth };
            for _ in 0..steps.abs() as u32 {
                let ((x, y), held) = (self.state.at.get(), self.state.buttons.get());
                self.session.pointer(x, y, held | bit);
                self.session.pointer(x, y, held);
            }
        }
        Propagation::Stop
    }

    fn point(&self) {
        let (x, y) = self.state.at.get();
        self.session.pointer(x, y, self.state.buttons.get());
    }

    fn weak(&self) -> WeakScreen {
        WeakScreen {
            picture: self.picture.downgrade(),
            tiles: self.tiles.clone(),
            session: Rc::clone(&self.session),
            state: Rc::clone(&self.state),
        }
    }
}

/// What the picture's own controllers hold: without the picture, which would never be freed.
#[derive(Clone)]
struct WeakScreen {
    picture: glib::WeakRef<gtk::Picture>,
    tiles: Tiles,
    session: Rc<Session>,
    state: Rc<State>,
}

impl WeakScreen {
    fn upgrade(&self) -> Option<Screen> {
        let (tiles, session, state) = (self.tiles.clone(), Rc::clone(&self.session), Rc::clone(&self.state));
        Some(Screen { picture: self.picture.upgrade()?, tiles, session, state })
    }
}

impl State {
    /// Takes the keyboard. The controller sits on the toplevel and was added last, so it comes before every shortcut.
    fn grab(self: &Rc<Self>, root: &gtk::Widget, session: &Rc<Session>, on_release: &Rc<dyn Fn()>) {
        self.ungrab(session);
        let keys = gtk::EventControllerKey::new();
        keys.set_propagation_phase(gtk::PropagationPhase::Capture);
        let (state, guest) = (Rc::downgrade(self), Rc::downgrade(session));
        keys.connect_key_pressed(move |_, value, code, _| {
            let (Some(state), Some(guest)) = (state.upgrade(), guest.upgrade()) else { return Propagation::Proceed };
            let (keysym, down) = state.held.borrow_mut().press(code, value.into_glib());
            guest.key(keysym, scancode(code), down);
            Propagation::Stop
        });
        let (state, guest, on_release) = (Rc::downgrade(self), Rc::downgrade(session), Rc::clone(on_release));
        keys.connect_key_released(move |_, _, code, _| {
            let (Some(state), Some(guest)) = (state.upgrade(), guest.upgrade()) else { return };
            let (stroke, give_back) = state.held.borrow_mut().release(code);
            if let Some((keysym, down)) = stroke {
                guest.key(keysym, scancode(code), down);
            }
            if give_back {
                on_release();
            }
        });
        root.add_controller(keys.clone());
        self.grab.replace(Some((root.clone(), keys)));
        // The surface takes this only once it knows that it has the focus, which is after this event.
        let state = Rc::downgrade(self);
        glib::idle_add_local_once(move || {
            let held = state.upgrade().and_then(|state| state.grab.borrow().as_ref().map(|(root, _)| root.clone()));
            if let Some(toplevel) = held.as_ref().and_then(toplevel) {
                toplevel.inhibit_system_shortcuts(None::<&gdk::Event>);
            }
        });
    }

    /// Gives the keyboard back; the guest is told that nothing is held any more.
    fn ungrab(&self, session: &Session) {
        for (code, (keysym, down)) in self.held.borrow_mut().release_all() {
            session.key(keysym, scancode(code), down);
        }
        if let Some((root, keys)) = self.grab.take() {
            root.remove_controller(&keys);
            if let Some(toplevel) = toplevel(&root) {
                toplevel.restore_system_shortcuts();
            }
        }
    }
}

/// A picture with an accessible name, which gtk-rs can't set from Rust on GTK 4.8.
fn named_picture(name: &str) -> gtk::Picture {
    let name = glib::markup_escape_text(name);
    let xml = format!(
        r#"<interface><object class="GtkPicture" id="it"><accessibility><property name="label">{name}</property></accessibility></object></interface>"#
    );
    gtk::Builder::from_string(&xml).object("it").unwrap_or_default()
}

fn toplevel(root: &gtk::Widget) -> Option<gdk::Toplevel> {
    root.native()?.surface().and_downcast()
}

/// A place in the widget as a place on the guest's screen, for a picture that is scaled to fit and centred.
fn to_guest(at: (f64, f64), widget: (f64, f64), guest: (u32, u32)) -> Option<(u32, u32)> {
    let (width, height) = (f64::from(guest.0), f64::from(guest.1));
    let scale = (widget.0 / width).min(widget.1 / height);
    if !scale.is_finite() || scale <= 0.0 {
        return None;
    }
    let place = |at: f64, widget: f64, guest: f64| {
        ((at - (widget - guest * scale) / 2.0) / scale).clamp(0.0, guest - 1.0) as u32
    };
    Some((place(at.0, widget.0, width), place(at.1, widget.1, height)))
}

/// GDK's key code as the guest's, if the display counts as Linux does: evdev's code and 8. Other X servers (XQuartz, some of
/// VNC) have numbers of their own; there keys go by their meaning alone.
fn scancode(code: u32) -> Option<u16> {
    let up = gdk::Display::default()?.map_keyval(gdk::Key::Up)?;
    let is_linux = up.iter().any(|key| key.keycode() == UP);
    scancode::of_evdev(code.checked_sub(8)?).filter(|_| is_linux)
}

/// GDK's button as RFB's bit. Bit 7 is "back" in QEMU's and other servers' reading; RFB has no bit for "forward".
fn button_bit(button: u32) -> Option<u8> {
    match button {
        1 => Some(0x01),
        2 => Some(0x02),
        3 => Some(0x04),
        8 => Some(0x80),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_mapped_through_scale_and_borders() {
        // 720×400 in 1440×1000: twice as large, 100 px of black above and below.
        let widget = (1440.0, 1000.0);
        assert_eq!(to_guest((0.0, 100.0), widget, (720, 400)), Some((0, 0)));
        assert_eq!(to_guest((721.0, 501.0), widget, (720, 400)), Some((360, 200)));
        assert_eq!(to_guest((1439.9, 899.9), widget, (720, 400)), Some((719, 399)));
        assert_eq!(to_guest((-5.0, 2000.0), widget, (720, 400)), Some((0, 399)), "dragged out of the picture");
        assert_eq!(to_guest((10.0, 10.0), widget, (0, 0)), None);
        assert_eq!(to_guest((10.0, 10.0), (0.0, 0.0), (720, 400)), None);
    }

    #[gtk::test]
    fn keys_have_hardware_codes_on_a_display_that_counts_as_linux_does() {
        assert_eq!([38, UP].map(scancode), [Some(0x1e), Some(0xc8)]);
        assert_eq!([0, 7, 9999].map(scancode), [None; 3]);
    }

    #[test]
    fn buttons_have_their_bits() {
        assert_eq!([1, 2, 3, 8].map(button_bit), [Some(1), Some(2), Some(4), Some(128)]);
        assert_eq!([0, 4, 9].map(button_bit), [None; 3]);
    }
}
