//! A drag of machines as the window sees it: asks the hosts in the background, gives every host its sign, and shows the card
//! of the one that the machines hang over.
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Instant;

use drover::domain::DomainKey;
use drover::host::{Host, HostId, LinkState};
use drover::inventory::{Change, Inventory};
use drover::migrate::board::{Answer, Asked, Board, Question, Takes};
use drover::migrate::facts::HostFacts;
use drover::migrate::survey::Survey;
use relm4::prelude::*;

use super::card::Card;
use super::drag::Anchor;
use super::sign::{CardText, Sign, Signs};
use crate::errors;
use crate::install::HostChoice;

/// What the component starts with.
pub struct Init {
    /// What is known of hosts, which the app lets hear the hosts' updates.
    pub board: Rc<RefCell<Board>>,
    pub inventory: Rc<RefCell<Inventory>>,
    /// What the card lies over.
    pub overlay: gtk::Overlay,
}

/// What happens.
#[derive(Debug)]
pub enum Msg {
    /// These are dragged; the hosts that can be asked. `local`: the drag began in this program, which tells of its end.
    Begin {
        machines: Vec<DomainKey>,
        hosts: Vec<HostChoice>,
        local: bool,
    },
    Over(HostId, Anchor),
    /// No longer over the host that is shown there.
    Away(Anchor),
    /// The pointer has left the window: of another program's drag we hear nothing more.
    Left,
    End,
    /// The inventory has changed.
    Changes(Rc<Vec<Change>>),
}

/// The component; what one sees of it is the card.
pub struct Hover {
    board: Rc<RefCell<Board>>,
    inventory: Rc<RefCell<Inventory>>,
    card: Card,
    machines: Vec<DomainKey>,
    hosts: HashMap<HostId, Host>,
    local: bool,
    over: Option<(HostId, Anchor)>,
    /// As they were told last.
    signs: HashMap<HostId, Sign>,
}

impl Component for Hover {
    type Init = Init;
    type Input = Msg;
    type Output = Signs;
    type CommandOutput = (Asked, Result<Answer, String>);
    type Root = ();
    type Widgets = ();

    fn init_root() -> Self::Root {}

    fn init(init: Self::Init, (): Self::Root, _: ComponentSender<Self>) -> ComponentParts<Self> {
        let card = Card::new();
        card.lay_over(&init.overlay);
        let model = Self {
            board: init.board,
            inventory: init.inventory,
            card,
            machines: Vec::new(),
            hosts: HashMap::new(),
            local: false,
            over: None,
            signs: HashMap::new(),
        };
        ComponentParts { model, widgets: () }
    }

    fn update(&mut self, msg: Msg, sender: ComponentSender<Self>, _: &Self::Root) {
        match msg {
            Msg::Begin { machines, hosts, local } if machines != self.machines => {
                self.machines = machines;
                self.hosts = hosts.into_iter().map(|choice| (choice.host.id().clone(), choice.host)).collect();
                self.local = local;
                self.show(None, &sender);
            }
            Msg::Begin { .. } => {}
            Msg::Over(id, anchor) => {
                let before = self.over.replace((id.clone(), anchor)).map(|(before, _)| before);
                let changed = before.into_iter().chain([id]).collect();
                self.show(Some(&changed), &sender);
            }
            Msg::Away(anchor) if self.over.as_ref().is_none_or(|(_, over)| *over != anchor) => {}
            Msg::Away(_) => {
                self.over = None;
                self.show(Some(&HashSet::new()), &sender);
            }
            Msg::Left if self.local => {}
            Msg::Left | Msg::End => self.end(&sender),
            Msg::Changes(changes) => {
                let hosts: HashSet<HostId> = changes.iter().flat_map(hosts_of).cloned().collect();
                let of_source = self.machines.iter().any(|key| hosts.contains(&key.host));
                let figures = changes.iter().all(|change| matches!(change, Change::Figures(_)));
                self.show(Some(&hosts).filter(|_| figures || !of_source), &sender);
            }
        }
    }

    fn update_cmd(&mut self, (asked, answer): Self::CommandOutput, sender: ComponentSender<Self>, _: &Self::Root) {
        self.board.borrow_mut().take(&asked, answer, Instant::now());
        let changed = match asked.question {
            Question::Facts(host) if self.machines.iter().any(|key| key.host == host) => None,
            Question::Facts(host) | Question::Pair(_, host) => Some(HashSet::from([host])),
        };
        self.show(changed.as_ref(), &sender);
    }
}

impl Hover {
    /// Brings signs (all, or those of these hosts) and the card up to what is known, and asks for what is not.
    fn show(&mut self, changed: Option<&HashSet<HostId>>, sender: &ComponentSender<Self>) {
        if self.machines.is_empty() {
            return;
        }
        let inventory = self.inventory.borrow();
        let mut board = self.board.borrow_mut();
        let mut signs = Signs { over: self.over.as_ref().map(|(id, _)| id.clone()), ..Signs::default() };
        for host in inventory.hosts().iter().filter(|host| changed.is_none_or(|ids| ids.contains(&host.id))) {
            let verdict = board.verdict(&self.machines, &host.id);
            let up = host.link == LinkState::Up || verdict.takes == Takes::Here;
            let sign = if up { Sign::of(&verdict) } else { Sign::down() };
            if self.signs.get(&host.id) != Some(&sign) {
                self.signs.insert(host.id.clone(), sign.clone());
                signs.changed.push((host.id.clone(), Some(sign)));
            }
        }
        match self.over.as_ref().and_then(|(id, anchor)| Some((inventory.host(id)?, anchor))) {
            Some((host, _)) if changed.is_some_and(|ids| !ids.contains(&host.id)) => {}
            Some((host, anchor)) => {
                let verdict = board.verdict(&self.machines, &host.id);
                self.card.show(anchor, CardText::new(&inventory, host, &verdict));
            }
            None => self.card.hide(),
        }
        drop((inventory, board));
        let _ = sender.output(signs);
        self.ask(sender);
    }

    /// Asks hosts that answer, the one below the pointer first.
    fn ask(&self, sender: &ComponentSender<Self>) {
        let inventory = self.inventory.borrow();
        let up = |id: &HostId| {
            self.hosts.contains_key(id) && inventory.host(id).is_some_and(|host| host.link == LinkState::Up)
        };
        let over = self.over.iter().map(|(id, _)| id);
        let all = over.chain(inventory.hosts().iter().map(|host| &host.id));
        let hosts: Vec<HostId> = all.filter(|id| up(id)).cloned().collect();
        let machines: Vec<DomainKey> = self.machines.iter().filter(|key| up(&key.host)).cloned().collect();
        let mut board = self.board.borrow_mut();
        for asked in board.next(&machines, &hosts, Instant::now()) {
            let question = asked.question.clone();
            let known = |id: &HostId| self.hosts.get(id).cloned().map(|host| (host, board.facts(id)));
            match &question {
                Question::Facts(id) => {
                    let Some((host, _)) = known(id) else { continue };
                    sender.spawn_oneshot_command(move || {
                        let facts = HostFacts::read(&host).map(|facts| Answer::Facts(Box::new(facts)));
                        (asked, facts.map_err(words))
                    });
                }
                Question::Pair(key, id) => {
                    let (Some((source, Some(here))), Some((dest, Some(there)))) = (known(&key.host), known(id)) else {
                        continue;
                    };
                    let domain = key.domain;
                    sender.spawn_oneshot_command(move || {
                        let survey = Survey::of((&source, &here), (&dest, &there), domain, false);
                        (asked, survey.map(|survey| Answer::Pair(Box::new(survey))).map_err(words))
                    });
                }
            }
        }
    }

    fn end(&mut self, sender: &ComponentSender<Self>) {
        self.machines.clear();
        self.over = None;
        self.card.hide();
        let changed = self.signs.drain().map(|(id, _)| (id, None)).collect();
        let _ = sender.output(Signs { changed, over: None });
    }
}

fn words(error: drover::Error) -> String {
    errors::error(&error).body
}

fn hosts_of(change: &Change) -> Vec<&HostId> {
    match change {
        Change::Host(id) | Change::Reset(id) | Change::Figures(id) => vec![id],
        Change::Machines(keys) => keys.iter().map(|key| &key.host).collect(),
        Change::Gone(key) => vec![&key.host],
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use drover::domain::State;
    use drover::host::{HostOptions, Update};
    use gtk::prelude::*;

    use super::*;
    use crate::machines::testing::{inventory, key};

    fn choice(uri: &str) -> HostChoice {
        HostChoice { host: Host::open(uri, HostOptions::default(), |_| {}), name: uri.to_owned(), trouble: None }
    }

    /// Runs the main loop until it is so, or for five seconds.
    fn until(so: impl Fn() -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(5);
        while !so() && Instant::now() < end {
            gtk::glib::MainContext::default().iteration(false);
            std::thread::sleep(Duration::from_millis(2));
        }
        so()
    }

    #[gtk::test]
    fn hosts_say_what_they_take_and_all_of_it_goes_with_the_drag() {
        let (here, there) = (HostId::new("test:///default"), HostId::new("test:///nowhere.xml"));
        let inventory = Rc::new(RefCell::new(inventory(&here, &[("web", State::Running)])));
        inventory.borrow_mut().add_host(there.clone());
        inventory.borrow_mut().apply(Update::Link { host: here.clone(), link: LinkState::Up });
        let overlay = gtk::Overlay::new();
        let told: Arc<Mutex<HashMap<HostId, Sign>>> = Arc::default();
        let sink = told.clone();
        let init = Init { board: Rc::default(), inventory: inventory.clone(), overlay: overlay.clone() };
        let hover = Hover::builder().launch(init).connect_receiver(move |_, signs: Signs| {
            let mut all = sink.lock().unwrap();
            for (id, sign) in signs.changed {
                match sign {
                    Some(sign) => drop(all.insert(id, sign)),
                    None => drop(all.remove(&id)),
                }
            }
        });
        let hosts = vec![choice(here.as_str())];
        hover.emit(Msg::Begin { machines: vec![key(&here, 1)], hosts, local: true });
        let says = |id: &HostId| told.lock().unwrap().get(id).cloned();
        assert!(until(|| says(&there) == Some(Sign::down())), "{:?}", says(&there));
        assert_eq!(says(&here).map(|sign| sign.takes), Some(Takes::Here));
        let place = Anchor::new(&overlay, [0, 0, 10, 10]);
        hover.emit(Msg::Over(there.clone(), place.clone()));
        hover.emit(Msg::Away(Anchor::new(&overlay, [0, 20, 10, 10])));
        let shows = || hover.state().get().model.card.widget.is_visible();
        assert!(until(shows));
        for _ in 0..100 {
            gtk::glib::MainContext::default().iteration(false);
        }
        assert!(shows(), "who has left another place says so late");
        hover.emit(Msg::Left);
        hover.emit(Msg::Away(place));
        assert!(until(|| !shows()));
        assert!(!told.lock().unwrap().is_empty(), "a drag of ours may come back");
        hover.emit(Msg::End);
        assert!(until(|| told.lock().unwrap().is_empty() && !shows()));
    }

    #[gtk::test]
    fn a_host_that_is_up_is_asked_and_answers() {
        let (here, there) = (HostId::new("test:///default"), HostId::new("test:///default?other"));
        let inventory = Rc::new(RefCell::new(inventory(&here, &[("web", State::Running)])));
        inventory.borrow_mut().add_host(there.clone());
        for host in [&here, &there] {
            inventory.borrow_mut().apply(Update::Link { host: host.clone(), link: LinkState::Up });
        }
        let told: Arc<Mutex<Vec<Takes>>> = Arc::default();
        let (sink, other) = (told.clone(), there.clone());
        let init = Init { board: Rc::default(), inventory: inventory.clone(), overlay: gtk::Overlay::new() };
        let hover = Hover::builder().launch(init).connect_receiver(move |_, signs: Signs| {
            let of_other = signs.changed.into_iter().filter(|(id, _)| *id == other).filter_map(|(_, sign)| sign);
            sink.lock().unwrap().extend(of_other.map(|sign| sign.takes));
        });
        let hosts = vec![choice(here.as_str()), choice(there.as_str())];
        hover.emit(Msg::Begin { machines: vec![key(&here, 1)], hosts, local: true });
        assert!(until(|| told.lock().unwrap().len() == 2), "{:?}", told.lock().unwrap());
        // The machine is one that the test driver does not have: nobody can say how it would move.
        assert_eq!(*told.lock().unwrap(), [Takes::Unknown, Takes::None]);
    }
}
