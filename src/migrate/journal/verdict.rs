//! Where a machine belongs, by how both hosts have it: pure.
use std::fmt;

use virt::connect::Connect;
use virt::domain::DomainStateReason;
use virt_sys as sys;

use super::Entry;
use crate::Result;
use crate::domain::DomainId;
use crate::migrate::run::Step;

/// A machine as a host has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Gone,
    /// `saved`: it goes on from its memory when it is started. `ran`: it was running since the host knows it.
    Off {
        saved: bool,
        ran: bool,
    },
    /// It stands still for a move: stopped for the last of its memory, or arriving.
    Held,
    /// Part of its memory is here and part at the other host (post-copy).
    Torn,
    /// It runs, or a person paused it.
    On,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "not there",
            Self::Off { saved: true, .. } => "saved",
            Self::Off { .. } => "off",
            Self::Held => "held for the move",
            Self::Torn => "torn between both hosts",
            Self::On => "running",
        })
    }
}

impl Seen {
    /// Looks.
    pub(super) fn look(conn: &Connect, id: DomainId) -> Result<Self> {
        let domain = match conn.lookup_domain_by_uuid(id.0) {
            Ok(domain) => domain,
            Err(e) if e.code().to_raw() == sys::VIR_ERR_NO_DOMAIN => return Ok(Self::Gone),
            Err(e) => return Err(e.into()),
        };
        let (state, reason) = match domain.state() {
            Ok((state, reason)) => (state.to_raw(), reason),
            Err(e) if e.code().to_raw() == sys::VIR_ERR_NO_DOMAIN => return Ok(Self::Gone),
            Err(e) => return Err(e.into()),
        };
        let saved = || domain.has_managed_save(0).unwrap_or_default();
        let reason = match reason {
            virt::enumutil::Enum::Known(reason) => Some(reason),
            virt::enumutil::Enum::Unknown(_) => None,
        };
        Ok(match (state, reason) {
            (sys::VIR_DOMAIN_PAUSED, Some(DomainStateReason::Paused(why))) => paused(why.to_raw()),
            (sys::VIR_DOMAIN_RUNNING, Some(DomainStateReason::Running(why))) => match why.to_raw() {
                sys::VIR_DOMAIN_RUNNING_POSTCOPY | sys::VIR_DOMAIN_RUNNING_POSTCOPY_FAILED => Self::Torn,
                _ => Self::On,
            },
            (sys::VIR_DOMAIN_SHUTOFF, Some(DomainStateReason::Shutoff(why))) => {
                let ran = !matches!(why.to_raw(), sys::VIR_DOMAIN_SHUTOFF_UNKNOWN | sys::VIR_DOMAIN_SHUTOFF_FAILED);
                Self::Off { saved: saved(), ran }
            }
            (sys::VIR_DOMAIN_SHUTOFF | sys::VIR_DOMAIN_CRASHED, _) => Self::Off { saved: saved(), ran: true },
            _ => Self::On,
        })
    }

    /// Whether it has a definition here but does not run.
    fn is_off(self) -> bool {
        matches!(self, Self::Off { .. })
    }
}

/// By virDomainPausedReason.
fn paused(why: u32) -> Seen {
    match why {
        sys::VIR_DOMAIN_PAUSED_MIGRATION | sys::VIR_DOMAIN_PAUSED_SAVE | sys::VIR_DOMAIN_PAUSED_STARTING_UP => {
            Seen::Held
        }
        sys::VIR_DOMAIN_PAUSED_POSTCOPY | sys::VIR_DOMAIN_PAUSED_POSTCOPY_FAILED => Seen::Torn,
        _ => Seen::On,
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A daemon is still at it.
    Wait,
    /// It belongs to the source: what was made there goes.
    Stay,
    /// It belongs to the destination: what is left of it here goes.
    Finish,
    /// It is nowhere.
    Nothing,
    /// Anything could harm it.
    CannotTell,
}

/// Decides. `waited`: nothing changes any more. `fresh`: asked right after the migration failed, so nobody else has
/// started or stopped it.
pub(super) fn verdict(entry: &Entry, here: Seen, there: Seen, waited: bool, fresh: bool) -> Verdict {
    use Seen::{Gone, Held, Off, On, Torn};
    use Verdict::{CannotTell, Finish, Nothing, Stay, Wait};
    let live = entry.kind.is_live();
    match (here, there) {
        (Gone, Gone) => Nothing,
        (Gone | Off { .. } | Held | Torn, On) => match here {
            // It may still be about to be stopped here.
            Held | Torn if !waited => Wait,
            _ => Finish,
        },
        // The destination's answer was lost after it had started the machine, so libvirt took the move for failed and told the
        // source to go on. Where they share no disk whose lock forbids that, both run now: each moment counts.
        (On, On) if live && fresh => Stay,
        (On, On) if !waited => Wait,
        (On, On) => CannotTell,
        (Torn, _) | (_, Torn) if !waited => Wait,
        (Torn, _) | (_, Torn) => CannotTell,
        (_, Held) if !waited => Wait,
        // It never went on there.
        (On | Held, Held) => Stay,
        (Off { .. }, Held) if live => Stay,
        (Gone | Off { .. }, Held) => CannotTell,
        (Gone, Off { .. }) => Finish,
        (Held, Gone | Off { .. }) if !waited => Wait,
        (Off { .. }, there) if there.is_off() && entry.step == Step::Remove && !entry.active => Finish,
        // It may have run there: its disks there would be the newer ones.
        (Off { .. } | On, Off { ran: true, .. }) if !fresh && !entry.defined_there => CannotTell,
        (Off { .. } | On | Held, Gone | Off { .. }) => Stay,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use super::*;
    use crate::migrate::Kind;

    const OFF: Seen = Seen::Off { saved: false, ran: false };
    const SAVED: Seen = Seen::Off { saved: true, ran: true };
    const RAN: Seen = Seen::Off { saved: false, ran: true };

    fn decided(kind: Kind, step: Step, here: Seen, there: Seen) -> [Verdict; 4] {
        let entry = Entry { step, active: kind != Kind::Offline, ..entry(kind) };
        [(false, true), (true, true), (false, false), (true, false)].map(|(w, f)| verdict(&entry, here, there, w, f))
    }

    #[test]
    fn by_where_it_runs() {
        use Seen::{Gone, Held, On, Torn};
        use Verdict::{CannotTell, Finish, Nothing, Stay, Wait};
        // Just failed: at first, after waiting; found later: at first, after waiting.
        for (here, there, live, by_copy) in [
            (On, Gone, [Stay; 4], [Stay; 4]),
            (On, OFF, [Stay; 4], [Stay; 4]),
            (On, Held, [Wait, Stay, Wait, Stay], [Wait, Stay, Wait, Stay]),
            (On, On, [Stay, Stay, Wait, CannotTell], [Wait, CannotTell, Wait, CannotTell]),
            (Held, Gone, [Wait, Stay, Wait, Stay], [Wait, Stay, Wait, Stay]),
            (Held, Held, [Wait, Stay, Wait, Stay], [Wait, Stay, Wait, Stay]),
            (Held, On, [Wait, Finish, Wait, Finish], [Wait, Finish, Wait, Finish]),
            (Torn, On, [Wait, Finish, Wait, Finish], [Wait, Finish, Wait, Finish]),
            (Torn, Gone, [Wait, CannotTell, Wait, CannotTell], [Wait, CannotTell, Wait, CannotTell]),
            (SAVED, On, [Finish; 4], [Finish; 4]),
            (SAVED, Gone, [Stay; 4], [Stay; 4]),
            (SAVED, OFF, [Stay; 4], [Stay; 4]),
            (SAVED, RAN, [Stay, Stay, CannotTell, CannotTell], [Stay, Stay, CannotTell, CannotTell]),
            (SAVED, Held, [Wait, Stay, Wait, Stay], [Wait, CannotTell, Wait, CannotTell]),
            (OFF, Gone, [Stay; 4], [Stay; 4]),
            (Gone, On, [Finish; 4], [Finish; 4]),
            (Gone, OFF, [Finish; 4], [Finish; 4]),
            (Gone, Gone, [Nothing; 4], [Nothing; 4]),
        ] {
            assert_eq!(decided(Kind::Copy, Step::Move, here, there), live, "live: {here:?}, {there:?}");
            assert_eq!(decided(Kind::Static, Step::Restore, here, there), by_copy, "static: {here:?}, {there:?}");
        }
    }

    #[test]
    fn one_that_is_off_has_gone_over_once_it_is_being_removed() {
        assert_eq!(decided(Kind::Offline, Step::Define, OFF, OFF), [Verdict::Stay; 4]);
        assert_eq!(decided(Kind::Offline, Step::Remove, OFF, OFF), [Verdict::Finish; 4]);
        assert_eq!(decided(Kind::Offline, Step::Define, OFF, Seen::On), [Verdict::Finish; 4]);
        assert_eq!(decided(Kind::Offline, Step::Remove, Seen::On, OFF), [Verdict::Stay; 4]);
    }
}
