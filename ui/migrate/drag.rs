//! Machines that are dragged with the pointer: where a drag begins, over which hosts it hovers, where it ends.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use drover::domain::DomainKey;
use drover::host::HostId;
use drover::migrate::dragged::{MEDIA_TYPE, to_text};
use gtk::prelude::*;
use gtk::{gdk, gio, glib};

use crate::i18n::ngettext_f;

/// From the pointer to the words that hang on it, in pixels.
const BESIDE_POINTER: i32 = -14;

/// What happens in a drag of machines.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Of a list or a page of ours.
    Begin(Vec<DomainKey>),
    /// One that began in another Drover has come over a host; the text of its machines.
    Visit(String),
    /// The machines hang over this host, which is shown there.
    Over(HostId, Anchor),
    /// They no longer hang over the host that is shown there. (It may come after they hang over the next one: widgets tell
    /// by ways of different length.)
    Away(Anchor),
    /// They have left the window.
    Left,
    /// The text of machines was dropped onto this host.
    Drop(String, HostId),
    /// It is over, with a drop or without.
    End,
}

/// Where a host is shown: an area of a widget, as x, y, width and height. It goes with messages that may change threads.
#[derive(Clone, Debug)]
pub struct Anchor {
    widget: glib::SendWeakRef<gtk::Widget>,
    pub area: [i32; 4],
}

impl Anchor {
    /// An area of this widget.
    pub fn new(widget: &impl IsA<gtk::Widget>, area: [i32; 4]) -> Self {
        Self { widget: widget.as_ref().downgrade().into(), area }
    }

    /// The area in another widget of the same window.
    pub fn place_in(&self, other: &gtk::Widget) -> Option<gdk::Rectangle> {
        let bounds = self.widget.upgrade()?.compute_bounds(other)?;
        let [x, y, width, height] = self.area;
        Some(gdk::Rectangle::new(bounds.x() as i32 + x, bounds.y() as i32 + y, width, height))
    }
}

impl PartialEq for Anchor {
    fn eq(&self, other: &Self) -> bool {
        self.area == other.area && self.widget.upgrade() == other.widget.upgrade()
    }
}

/// What is dragged from some place.
pub struct Picked {
    pub machines: Vec<DomainKey>,
    /// The name of the first.
    pub name: String,
}

/// A host at some place of a drop target.
pub struct Spot {
    pub host: HostId,
    pub anchor: Anchor,
    /// Whether a drop there makes sense.
    pub takes: bool,
}

/// Lets machines be dragged out of a widget; `pick` says which, at this place of it.
pub fn source(
    widget: &impl IsA<gtk::Widget>,
    pick: impl Fn(f64, f64) -> Option<Picked> + 'static,
    tell: impl Fn(Act) + Clone + 'static,
) {
    let source = gtk::DragSource::builder().actions(gdk::DragAction::MOVE).build();
    let picked: Rc<RefCell<Option<Picked>>> = Rc::default();
    let prepared = picked.clone();
    source.connect_prepare(move |_, x, y| {
        let found = pick(x, y).filter(|found| !found.machines.is_empty())?;
        let text = to_text(&found.machines);
        prepared.replace(Some(found));
        Some(gdk::ContentProvider::for_bytes(MEDIA_TYPE, &glib::Bytes::from_owned(text)))
    });
    source.connect_drag_begin(move |_, drag| {
        let Some(picked) = picked.take() else { return };
        show_icon(drag, &picked);
        // The drag's own signals: the widget may be gone before it ends. One that is cancelled finishes as well, but only
        // when its icon has flown home, and by then another one may hover.
        let (told, ended) = (tell.clone(), Rc::new(Cell::new(false)));
        let end = move || {
            if !ended.replace(true) {
                told(Act::End);
            }
        };
        let cancelled = end.clone();
        drag.connect_cancel(move |_, _| cancelled());
        drag.connect_dnd_finished(move |_| end());
        tell(Act::Begin(picked.machines));
    });
    widget.add_controller(source);
}

/// "web-01 and 2 more", beside the pointer.
fn show_icon(drag: &gdk::Drag, picked: &Picked) {
    let words = words(&picked.name, picked.machines.len());
    let line = gtk::Box::builder().spacing(6).css_classes(["drag-machines"]).build();
    line.append(&gtk::Image::from_icon_name("computer-symbolic"));
    line.append(&gtk::Label::new(Some(&words)));
    if let Ok(icon) = gtk::DragIcon::for_drag(drag).downcast::<gtk::DragIcon>() {
        icon.set_child(Some(&line));
    }
    drag.set_hotspot(BESIDE_POINTER, BESIDE_POINTER);
}

/// "web-01", "web-01 and 2 more".
pub fn words(name: &str, machines: usize) -> String {
    match machines.saturating_sub(1) {
        0 => name.to_owned(),
        more => ngettext_f("{name} and {n} more", "{name} and {n} more", more as u64, &[("name", name)]),
    }
}

/// Lets machines be dropped onto the hosts in a widget; `at` says which host is at this place of it. The result looks
/// again: what is below the pointer may have moved.
pub fn target(
    widget: &impl IsA<gtk::Widget>,
    at: impl Fn(f64, f64) -> Option<Spot> + 'static,
    tell: impl Fn(Act) + Clone + 'static,
) -> Rc<dyn Fn()> {
    let formats = gdk::ContentFormats::new(&[MEDIA_TYPE]);
    let target = gtk::DropTargetAsync::new(Some(formats), gdk::DragAction::MOVE);
    let hover = Rc::new(Hover { at: Box::new(at), tell: Box::new(tell.clone()), last: RefCell::default() });
    let over = hover.clone();
    target.connect_drag_enter(move |_, drop, x, y| {
        // Our own drags have told of themselves.
        if drop.drag().is_none() {
            let tell = tell.clone();
            read(drop, move |text| tell(Act::Visit(text)));
        }
        over.moved(x, y)
    });
    let over = hover.clone();
    target.connect_drag_motion(move |_, _, x, y| over.moved(x, y));
    let over = hover.clone();
    target.connect_drag_leave(move |_, _| over.left());
    let over = hover.clone();
    target.connect_drop(move |_, drop, x, y| over.drop(drop, x, y));
    widget.add_controller(target);
    Rc::new(move || hover.again())
}

/// Tells when a drag has left a window.
pub fn watch_leaving(window: &impl IsA<gtk::Widget>, tell: impl Fn(Act) + 'static) {
    let motion = gtk::DropControllerMotion::new();
    motion.connect_leave(move |_| tell(Act::Left));
    window.add_controller(motion);
}

/// Whether what hangs over a widget are machines.
pub fn carries_machines(motion: &gtk::DropControllerMotion) -> bool {
    motion.drop().is_some_and(|drop| drop.formats().contain_mime_type(MEDIA_TYPE))
}

struct Hover {
    at: Box<dyn Fn(f64, f64) -> Option<Spot>>,
    tell: Box<dyn Fn(Act)>,
    /// Where the pointer was, and over which host.
    last: RefCell<Option<Place>>,
}

type Place = ((f64, f64), Option<(HostId, Anchor)>);

impl Hover {
    fn moved(&self, x: f64, y: f64) -> gdk::DragAction {
        let spot = (self.at)(x, y);
        let takes = spot.as_ref().is_some_and(|spot| spot.takes);
        let now = spot.map(|spot| (spot.host, spot.anchor));
        let before = self.last.replace(Some(((x, y), now.clone()))).and_then(|(_, over)| over);
        match (before, now) {
            (Some((before, _)), Some((now, _))) if before == now => {}
            (_, Some((host, anchor))) => (self.tell)(Act::Over(host, anchor)),
            (Some((_, anchor)), None) => (self.tell)(Act::Away(anchor)),
            (None, None) => {}
        }
        if takes { gdk::DragAction::MOVE } else { gdk::DragAction::empty() }
    }

    fn again(&self) {
        let place = self.last.borrow().as_ref().map(|(place, _)| *place);
        if let Some((x, y)) = place {
            self.moved(x, y);
        }
    }

    fn left(&self) {
        if let Some((_, Some((_, anchor)))) = self.last.take() {
            (self.tell)(Act::Away(anchor));
        }
    }

    fn drop(self: &Rc<Self>, drop: &gdk::Drop, x: f64, y: f64) -> bool {
        let Some(spot) = (self.at)(x, y).filter(|spot| spot.takes) else { return false };
        let hover = self.clone();
        read(
            drop,
            glib::clone!(
                #[strong]
                drop,
                move |text| {
                    (hover.tell)(Act::Drop(text, spot.host));
                    drop.finish(gdk::DragAction::MOVE);
                }
            ),
        );
        true
    }
}

/// Gets the text; an empty one where the other side does not give it.
fn read(drop: &gdk::Drop, then: impl FnOnce(String) + 'static) {
    let drop = drop.clone();
    glib::spawn_future_local(async move {
        let text = gio::MemoryOutputStream::new_resizable();
        let flags = gio::OutputStreamSpliceFlags::CLOSE_SOURCE | gio::OutputStreamSpliceFlags::CLOSE_TARGET;
        let priority = glib::Priority::DEFAULT;
        let spliced = match drop.read_future(&[MEDIA_TYPE], priority).await {
            Ok((stream, _)) => text.splice_future(&stream, flags, priority).await.is_ok(),
            Err(_) => false,
        };
        let bytes = if spliced { text.steal_as_bytes() } else { glib::Bytes::from_static(&[]) };
        then(String::from_utf8_lossy(&bytes).into_owned());
    });
}
