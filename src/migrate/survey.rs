//! All that is known before a migration: both hosts, the machine, their answers about it.
use std::sync::Arc;

use super::Choices;
use super::answers::Answers;
use super::check::Input;
use super::facts::HostFacts;
use super::machine::Machine;
use crate::Result;
use crate::domain::DomainId;
use crate::host::Host;

/// What two hosts say about moving one machine.
#[derive(Clone, Debug)]
pub struct Survey {
    pub machine: Machine,
    pub source: Arc<HostFacts>,
    pub dest: Arc<HostFacts>,
    pub answers: Answers,
}

impl Survey {
    /// Asks both hosts about everything; two host's facts can serve many machines, see [`Survey::of`].
    pub fn read(source: &Host, dest: &Host, id: DomainId, tls: bool) -> Result<Self> {
        let (here, there) = (HostFacts::read(source)?, HostFacts::read(dest)?);
        Self::of((source, &Arc::new(here)), (dest, &Arc::new(there)), id, tls)
    }

    /// Asks about one machine only. `tls`: whether certificates matter.
    pub fn of(
        source: (&Host, &Arc<HostFacts>),
        dest: (&Host, &Arc<HostFacts>),
        id: DomainId,
        tls: bool,
    ) -> Result<Self> {
        let machine = source.0.call(move |conn| Machine::read(conn, id))?;
        let answers = Answers::read((source.0, source.1), (dest.0, dest.1), &machine, tls)?;
        Ok(Self { machine, source: Arc::clone(source.1), dest: Arc::clone(dest.1), answers })
    }

    /// Asks what only these choices need to know ([`Answers::ask`]).
    pub fn ask(&mut self, source: &Host, dest: &Host, choices: &Choices) -> Result<()> {
        self.answers.ask(source, (dest, &self.dest), &self.machine, choices)
    }

    /// What a verdict on these choices stands on.
    pub fn input<'a>(&'a self, choices: &'a Choices) -> Input<'a> {
        Input { machine: &self.machine, source: &self.source, dest: &self.dest, answers: &self.answers, choices }
    }
}
