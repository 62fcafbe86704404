//! The tabs: the machine list first, then one page per machine or host; a tab that is torn off gets its own window.
use std::cell::RefCell;
use std::rc::Rc;

use adw::prelude::*;
use drover::domain::DomainKey;
use drover::host::HostId;
use gtk::{gio, glib};
use relm4::Sender;

use super::AppMsg;
use crate::i18n::gettext;

/// What a tab shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PageKey {
    Machines,
    Machine(DomainKey),
    Host(HostId),
}

/// The tabs of the main window and of those torn off from it.
pub struct Tabs {
    pub view: adw::TabView,
    pub bar: adw::TabBar,
    open: Rc<RefCell<Vec<(PageKey, adw::TabPage)>>>,
}

impl Tabs {
    /// No tab yet.
    pub fn new(app: &Sender<AppMsg>) -> Self {
        let view = adw::TabView::builder().vexpand(true).build();
        // The machine list alone needs no bar; `autohide` does not hide it for a pinned tab.
        let bar = adw::TabBar::builder().view(&view).autohide(false).visible(false).build();
        let bar_of_many = bar.clone();
        view.connect_n_pages_notify(move |view| bar_of_many.set_visible(view.n_pages() > 1));
        let menu = gio::Menu::new();
        menu.append(Some(&gettext("Move to a window of its own")), Some("win.detach-tab"));
        menu.append(Some(&gettext("Close")), Some("win.close-tab"));
        view.set_menu_model(Some(&menu));
        // The menu's actions are for the tab at the front.
        view.connect_setup_menu(|view, page| {
            if let Some(page) = page {
                view.set_selected_page(page);
            }
        });
        let open = Rc::default();
        connect(&view, &open, app);
        Self { view, bar, open }
    }

    /// Brings a page to the front; false if it is not open.
    pub fn select(&self, key: &PageKey) -> bool {
        let page = self.page(key);
        if let Some(page) = &page {
            // Its view is the one of whichever window it is in now.
            if let Some(view) = page.child().ancestor(adw::TabView::static_type()).and_downcast::<adw::TabView>() {
                view.set_selected_page(page);
                if let Some(window) = view.root().and_downcast::<gtk::Window>() {
                    window.present();
                }
            }
        }
        page.is_some()
    }

    /// Adds a page and brings it to the front. The machine list is pinned: it can't be closed.
    pub fn add(&self, key: PageKey, child: &impl IsA<gtk::Widget>, title: &str, icon: &str) {
        let page = if key == PageKey::Machines { self.view.append_pinned(child) } else { self.view.append(child) };
        page.set_title(title);
        page.set_icon(Some(&gio::ThemedIcon::new(icon)));
        self.view.set_selected_page(&page);
        self.open.borrow_mut().push((key, page));
    }

    /// Renames a page's tab.
    pub fn set_title(&self, key: &PageKey, title: &str) {
        if let Some(page) = self.page(key) {
            page.set_title(title);
        }
    }

    /// Closes a page, if it is open.
    pub fn close(&self, key: &PageKey) {
        if let Some(page) = self.page(key)
            && let Some(view) = page.child().ancestor(adw::TabView::static_type()).and_downcast::<adw::TabView>()
        {
            view.close_page(&page);
        }
    }

    /// The page at the front of the main window.
    pub fn selected(&self) -> Option<PageKey> {
        let page = self.view.selected_page()?;
        self.open.borrow().iter().find(|(_, open)| *open == page).map(|(key, _)| key.clone())
    }

    /// The title of the page at the front of the main window.
    pub fn title(&self) -> String {
        self.view.selected_page().map(|page| page.title().into()).unwrap_or_default()
    }

    /// Closes the page at the front of the main window; the machine list stays.
    pub fn close_selected(&self) {
        if let Some(key) = self.selected().filter(|key| *key != PageKey::Machines) {
            self.close(&key);
        }
    }

    /// Moves the page at the front of the main window into a window of its own; the machine list stays.
    pub fn detach_selected(&self, app: &Sender<AppMsg>) {
        let key = self.selected().filter(|key| *key != PageKey::Machines);
        if let Some(page) = key.and_then(|key| self.page(&key)) {
            let other = new_window(&self.open, app);
            self.view.transfer_page(&page, &other, 0);
        }
    }

    /// Whether a page is at the front of its window.
    pub fn is_front(&self, key: &PageKey) -> bool {
        self.page(key).is_some_and(|page| page.is_selected())
    }

    fn page(&self, key: &PageKey) -> Option<adw::TabPage> {
        self.open.borrow().iter().find(|(open, _)| open == key).map(|(_, page)| page.clone())
    }
}

type Open = Rc<RefCell<Vec<(PageKey, adw::TabPage)>>>;

/// What every view of tabs does, in the main window and in others.
fn connect(view: &adw::TabView, open: &Open, app: &Sender<AppMsg>) {
    let told = app.clone();
    view.connect_selected_page_notify(move |_| {
        // A window that closes last outlives the app.
        let _ = told.send(AppMsg::TabSelected);
    });
    view.connect_close_page(glib::clone!(
        #[strong]
        open,
        #[strong]
        app,
        move |view, page| {
            let closed = open.borrow().iter().position(|(_, p)| p == page);
            if let Some(at) = closed {
                let (key, _) = open.borrow_mut().remove(at);
                let _ = app.send(AppMsg::Closed(key));
            }
            view.close_page_finish(page, true);
            glib::Propagation::Stop
        }
    ));
    view.connect_create_window(glib::clone!(
        #[strong]
        open,
        #[strong]
        app,
        move |_| Some(new_window(&open, &app))
    ));
}

/// A second window; it goes when its last tab goes.
fn new_window(open: &Open, app: &Sender<AppMsg>) -> adw::TabView {
    let view = adw::TabView::builder().vexpand(true).build();
    connect(&view, open, app);
    let title = adw::WindowTitle::new("", "");
    let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
    content.append(&adw::HeaderBar::builder().title_widget(&title).build());
    content.append(&adw::TabBar::builder().view(&view).autohide(true).build());
    content.append(&view);
    let window = adw::ApplicationWindow::builder()
        .application(&relm4::main_application())
        .title(gettext("Drover"))
        .default_width(960)
        .default_height(720)
        .content(&content)
        .build();
    view.connect_selected_page_notify(glib::clone!(
        #[weak]
        window,
        move |view| {
            let named = view.selected_page().map(|p| p.title()).unwrap_or_default();
            title.set_title(&named);
            window.set_title(Some(&named));
        }
    ));
    view.connect_n_pages_notify(glib::clone!(
        #[weak]
        window,
        move |view| if view.n_pages() == 0 {
            window.close();
        }
    ));
    // Closing the window closes its tabs, so that their sessions end.
    window.connect_close_request(glib::clone!(
        #[weak]
        view,
        #[upgrade_or]
        glib::Propagation::Proceed,
        move |_| {
            while view.n_pages() > 0 {
                view.close_page(&view.nth_page(0));
            }
            glib::Propagation::Proceed
        }
    ));
    let close = gtk::CallbackAction::new(glib::clone!(
        #[weak]
        view,
        #[upgrade_or]
        glib::Propagation::Proceed,
        move |_, _| {
            if let Some(page) = view.selected_page() {
                view.close_page(&page);
            }
            glib::Propagation::Stop
        }
    ));
    let keys = gtk::ShortcutController::new();
    keys.add_shortcut(gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string("<Control>w"), Some(close)));
    window.add_controller(keys);
    window.present();
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pump() {
        for _ in 0..50 {
            glib::MainContext::default().iteration(false);
        }
    }

    #[gtk::test]
    fn a_page_is_opened_once_closed_by_a_person_and_the_list_stays() {
        adw::init().unwrap();
        let (app, messages) = relm4::channel();
        let tabs = Tabs::new(&app);
        let window = adw::Window::builder().content(&tabs.view).build();
        tabs.add(PageKey::Machines, &gtk::Label::new(None), "Machines", "view-list-symbolic");
        assert!(!tabs.bar.is_visible(), "the list alone needs no bar");
        let host = PageKey::Host(HostId::new("test:///default"));
        assert!(!tabs.select(&host));
        tabs.add(host.clone(), &gtk::Label::new(None), "kvm1", "drover-host-symbolic");
        assert!(tabs.bar.is_visible() && tabs.is_front(&host) && tabs.selected() == Some(host.clone()));
        assert!(tabs.select(&PageKey::Machines) && !tabs.is_front(&host));
        tabs.close_selected();
        pump();
        assert_eq!(tabs.view.n_pages(), 2, "the list can't be closed");
        assert!(tabs.select(&host));
        tabs.close_selected();
        pump();
        assert_eq!(tabs.view.n_pages(), 1);
        drop((app, tabs));
        window.destroy();
        pump();
        let closed = std::iter::from_fn(|| messages.recv_sync());
        assert!(closed.into_iter().any(|m| matches!(m, AppMsg::Closed(key) if key == host)));
    }
}
