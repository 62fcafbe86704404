//! Tests of the dialog's options: what is entered, what is wrong, what buttons change.
use drover::migrate::Kind;

use super::super::copies::Offer;
use super::*;

#[test]
fn numbers_are_whole_and_within_qemus_limits() {
    for (text, want) in [("", Some(None)), (" 50 ", Some(Some(50))), ("2000000", Some(Some(2_000_000)))] {
        assert_eq!(number(text, MOST_DOWNTIME).ok(), want, "{text:?}");
    }
    for text in ["0", "-1", "1.5", "2000001", "fast", "99999999999999999999"] {
        assert!(number(text, MOST_DOWNTIME).is_err(), "{text:?}");
    }
    assert_eq!(number("8796093022207", MOST_BANDWIDTH), Ok(Some(MOST_BANDWIDTH)));
}

#[gtk::test]
fn what_is_entered_becomes_choices_and_what_is_wrong_is_told() {
    let _ = adw::init();
    let (sender, said) = relm4::channel();
    let options = Options::new(&sender);
    options.know(&["images".into(), "iso".into()], Some("web-01"), "qemu+ssh://b/system");
    assert_eq!(options.read(), Entered::default());
    options.bandwidth.control.set_text("50");
    options.downtime.control.set_text("soon");
    options.tls.set_active(true);
    let entered = options.read();
    assert!(entered.is_wrong && options.downtime.control.has_css_class("error"));
    assert!(!options.bandwidth.control.has_css_class("error"));
    options.downtime.control.set_text("40");
    options.compress.control.set_selected(1);
    options.way.control.set_selected(2);
    options.place.control.set_selected(2);
    options.name.control.set_text("web_<1>");
    let (mut choices, entered) = (Choices::new(Kind::Live), options.read());
    entered.put(&mut choices, "qemu+ssh://b/system");
    let want = Choices {
        bandwidth: Some(50),
        downtime: Some(40),
        tls: true,
        compress: Some(Compression::Xbzrle),
        way: Way::Tunnel("qemu+ssh://b/system".into()),
        name: Some("web_<1>".into()),
        ..Choices::new(Kind::Live)
    };
    assert_eq!(choices, want);
    assert_eq!(entered.copies, Copies { pool: Some("iso".into()), ..Copies::default() });
    let words =
        "at most 50 MiB/s · pause at most 40 ms · Tunnelled · Compression (xbzrle) · TLS · New name · copies go to iso";
    assert_eq!(entered.summary(), words);
    options.know(&["iso".into()], None, "");
    assert_eq!(options.read().copies.pool.as_deref(), Some("iso"), "the pool is still there");
    assert_eq!(options.read().name, "", "several machines can't have one name");
    options.know(&[], None, "");
    assert_eq!(options.read().copies, Copies::default());
    assert!(said.recv_sync().is_some());
}

#[gtk::test]
fn a_button_changes_what_is_entered_and_shows_where_to_go_on() {
    let _ = adw::init();
    let (sender, _said) = relm4::channel();
    let options = Options::new(&sender);
    options.know(&["images".into()], Some("web-01"), "");
    options.disks.offer(&[Offer { target: "vdb".into(), path: "/srv/b".into(), usual: false }]);
    options.way.control.set_selected(1);
    options.compress.control.set_selected(4);
    options.format.control.set_selected(1);
    options.parallel.control.set_text("2");
    options.name.control.set_text("web-02");
    options.bandwidth.control.set_text("10");
    options.downtime.control.set_text("20");
    options.edit(&Edit::StandStill);
    assert!(options.read().stand_still);
    let checks = [&options.auto_converge, &options.on_demand, &options.tls, &options.keep];
    checks.iter().for_each(|check| check.set_active(true));
    options.edit(&Edit::Compress(Compression::Zlib));
    options.edit(&Edit::Copy("vdb".into()));
    let entered = options.read();
    assert_eq!((entered.compress, entered.way), (Some(Compression::Zlib), Some(Feature::PeerToPeer)));
    assert_eq!(entered.copies.disks, [("vdb".to_owned(), true)]);
    assert!(entered.summary().ends_with("vdb is copied"), "{}", entered.summary());
    let all = [
        Feature::PeerToPeer,
        Feature::Compression(Compression::Zlib),
        Feature::NewFormat,
        Feature::Parallel,
        Feature::NewName,
        Feature::AutoConverge,
        Feature::StandStill,
        Feature::Bandwidth,
        Feature::Downtime,
        Feature::OnDemand,
        Feature::Tls,
        Feature::Keep,
    ];
    all.into_iter().for_each(|feature| options.edit(&Edit::LeaveOut(feature)));
    options.disks.forget();
    assert_eq!(options.read(), Entered::default());
    let window = gtk::Window::builder().child(&options.row).build();
    window.present();
    for (edit, control) in
        [(Edit::Name, options.name.control.upcast_ref()), (Edit::Place, options.place.control.upcast_ref())]
    {
        options.edit(&edit);
        let control: &gtk::Widget = control;
        let has = || {
            let focus = gtk::prelude::RootExt::focus(&window);
            focus.is_some_and(|focus| focus == *control || focus.is_ancestor(control))
        };
        let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !has() && std::time::Instant::now() < end {
            gtk::glib::MainContext::default().iteration(false);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert!(has() && options.row.is_expanded(), "{edit:?}");
    }
}
