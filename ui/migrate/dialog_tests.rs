//! Tests of the dialog's widgets over hosts of the test driver.
use std::time::Instant;

use std::sync::Arc;

use drover::domain::DomainId;
use drover::domain::actions::{self, Action};
use drover::host::{Host, HostOptions, NoCredentials, Update};

use super::super::verdict::tests::survey;
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

/// A host of the test driver with these machines.
fn host_with(folder: &std::path::Path, name: &str, machines: &str) -> HostChoice {
    let file = folder.join(name);
    std::fs::write(&file, format!("<node>{machines}</node>")).expect("a folder of ours");
    let host = Host::open_now(&format!("test://{}", file.display()), Arc::new(NoCredentials)).expect("the test driver");
    HostChoice { host, name: name.into(), trouble: None }
}

#[gtk::test]
fn a_saved_state_is_discarded_only_after_a_yes_and_room_is_asked_for_while_the_dialog_stays() {
    let _ = adw::init();
    let folder = tempfile::tempdir().expect("a folder");
    let machine = "<domain type='test'><name>vm1</name><uuid>00000000-0000-0000-0000-000000000001</uuid>\
                   <memory>1024</memory><os><type>hvm</type></os></domain>";
    let hosts = vec![host_with(folder.path(), "a", machine), host_with(folder.path(), "b", "")];
    let (source, id) = (hosts[0].host.clone(), DomainId("00000000-0000-0000-0000-000000000001".parse().unwrap()));
    actions::run(&source, id, Action::Save).expect("the test driver saves");
    let is_saved = || actions::find(&source, "vm1").expect("it is there").has_managed_save;
    assert!(is_saved());
    let mut inventory = Inventory::default();
    inventory.add_host(source.id().clone());
    let mut vm1 = info(1, "vm1", drover::domain::State::Off);
    vm1.id = id;
    inventory.apply(Update::Domains { host: source.id().clone(), domains: vec![vm1] });
    let said: Rc<RefCell<Vec<Out>>> = Rc::default();
    let heard = said.clone();
    let dialog = MigrateDialog::builder()
        .launch(Init {
            parent: gtk::Window::new(),
            inventory: Rc::new(RefCell::new(inventory)),
            to: Some(hosts[1].host.id().clone()),
            machines: vec![DomainKey { host: source.id().clone(), domain: id }],
            hosts,
            paces: HashMap::new(),
        })
        .connect_receiver(move |_, out| heard.borrow_mut().push(out));
    let window = dialog.widget().clone();
    let button = || {
        let named = |b: &gtk::Button| texts(b).iter().any(|t| t == "Discard its saved state…");
        all::<gtk::Button>(&window).into_iter().find(named)
    };
    // Both hosts of the test driver are one computer: what they would say of two is put in their mouths.
    assert!(pump(|| texts(&window).iter().any(|text| text.starts_with("The destination is"))));
    let mut survey = survey(drover::domain::State::Off);
    survey.machine.has_managed_save = true;
    dialog.state().get_mut().model.state.machines[0].survey = Some(Ok(survey));
    dialog.emit(Msg::Options);
    assert!(pump(|| button().is_some()), "{:?}", texts(&window));
    let ask = || {
        button().expect("it is still there").emit_clicked();
        let question = || {
            let all = gtk::Window::list_toplevels();
            all.into_iter().filter_map(|w| w.downcast::<adw::MessageDialog>().ok()).find(|w| w.is_visible())
        };
        assert!(pump(|| question().is_some()));
        let question = question().expect("it asks");
        assert_eq!(question.heading().as_deref(), Some("Discard the saved state of vm1?"));
        question
    };
    ask().response("cancel");
    assert!(is_saved());
    ask().response("yes");
    assert!(pump(|| !is_saved() && button().is_none()), "{:?}", texts(&window));
    dialog.emit(Msg::Control(Control::MoveAway));
    assert!(pump(|| !said.borrow().is_empty()));
    assert!(matches!(said.borrow().as_slice(), [Out::Evacuate(host)] if host.as_str().ends_with("/b")), "{said:?}");
    assert!(window.is_visible());
    dialog.emit(Msg::Close);
    assert!(pump(|| said.borrow().len() == 2));
}
