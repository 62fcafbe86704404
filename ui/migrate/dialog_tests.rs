//! Tests of the dialog's widgets over hosts of the test driver.
use std::time::Instant;

use drover::host::{Host, HostOptions, Update};

use super::*;
use crate::machines::testing::{info, key};

fn pump(until: impl Fn() -> bool) -> bool {
    let context = glib::MainContext::default();
    let end = Instant::now() + Duration::from_secs(20);
    while !until() && Instant::now() < end {
        context.iteration(false);
        std::thread::sleep(Duration::from_millis(2));
    }
    until()
}

/// Every widget of this kind below another.
fn all<W: IsA<gtk::Widget>>(root: &impl IsA<gtk::Widget>) -> Vec<W> {
    let mut found = Vec::new();
    let mut child = root.as_ref().first_child();
    while let Some(widget) = child {
        found.extend(widget.downcast_ref::<W>().cloned());
        found.extend(all::<W>(&widget));
        child = widget.next_sibling();
    }
    found
}

fn texts(root: &impl IsA<gtk::Widget>) -> Vec<String> {
    all::<gtk::Label>(root).iter().map(|label| label.text().to_string()).collect()
}

#[gtk::test]
fn the_dialog_tells_what_its_hosts_say_and_closes() {
    let _ = adw::init();
    let hosts: Vec<HostChoice> = [("test:///default", None), ("test:///nowhere.xml", Some("not connected".to_owned()))]
        .map(|(uri, trouble)| {
            let host = Host::open(uri, HostOptions::default(), |_| {});
            HostChoice { host, name: uri.into(), trouble }
        })
        .into();
    let source = hosts[1].host.id().clone();
    let mut inventory = Inventory::default();
    inventory.add_host(source.clone());
    let domains = vec![info(1, "vm1", drover::domain::State::Running)];
    inventory.apply(Update::Domains { host: source.clone(), domains });
    let said: Rc<RefCell<Vec<Out>>> = Rc::default();
    let heard = said.clone();
    let parent = gtk::Window::new();
    let dialog = MigrateDialog::builder()
        .launch(Init {
            parent,
            inventory: Rc::new(RefCell::new(inventory)),
            hosts,
            machines: vec![key(&source, 1)],
            to: None,
            paces: HashMap::new(),
        })
        .connect_receiver(move |_, out| heard.borrow_mut().push(out));
    let window = dialog.widget().clone();
    assert!(pump(|| window.title().as_deref() == Some("Migrate vm1 to test:///default")));
    let has = |part: &str| texts(&window).iter().any(|text| text.contains(part));
    assert!(pump(|| has("test:///nowhere.xml: not connected")), "{:?}", texts(&window));
    let migrate = window.default_widget().expect("a default button");
    assert!(!migrate.is_sensitive());
    assert!(migrate.tooltip_text().is_some_and(|why| why.starts_with("None can go like this")));
    dialog.emit(Msg::Begin);
    dialog.emit(Msg::Close);
    assert!(pump(|| !said.borrow().is_empty()));
    assert!(matches!(said.borrow().as_slice(), [Out::Closed]), "nothing began: {said:?}");
}
