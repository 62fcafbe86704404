//! The last samples of one figure, compact: there are three for every machine of a fleet.

/// Samples kept.
pub const SAMPLES: usize = 30;

/// A ring of the last [`SAMPLES`] samples. Nothing is allocated while all of them were zero, as an idle machine's rates are.
#[derive(Clone, Debug, Default)]
pub struct History {
    ring: Option<Box<[f32; SAMPLES]>>,
    /// Where the next sample goes.
    next: u8,
    len: u8,
}

impl History {
    /// Adds one; the oldest goes.
    pub fn push(&mut self, sample: f32) {
        if self.ring.is_none() && sample != 0.0 {
            self.ring = Some(Box::new([0.0; SAMPLES]));
        }
        if let Some(ring) = &mut self.ring {
            ring[usize::from(self.next)] = sample;
        }
        self.next = (self.next + 1) % SAMPLES as u8;
        self.len = (self.len + 1).min(SAMPLES as u8);
    }

    /// The samples, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f32> + '_ {
        let first = SAMPLES + usize::from(self.next) - usize::from(self.len);
        (0..usize::from(self.len)).map(move |i| self.ring.as_ref().map_or(0.0, |ring| ring[(first + i) % SAMPLES]))
    }

    /// The greatest sample, or 0.
    pub fn top(&self) -> f32 {
        self.iter().fold(0.0, f32::max)
    }

    /// Forgets all samples.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn idle_machines_cost_no_memory() {
        let mut history = History::default();
        (0..SAMPLES + 3).for_each(|_| history.push(0.0));
        assert!(history.ring.is_none());
        assert_eq!((history.iter().len(), history.top()), (SAMPLES, 0.0));
        history.clear();
        assert_eq!(history.iter().len(), 0);
    }

    proptest! {
        #[test]
        fn it_holds_the_last_samples_in_order(samples in proptest::collection::vec(0u16..4, 0..100)) {
            let mut history = History::default();
            samples.iter().for_each(|s| history.push(f32::from(*s)));
            let last = &samples[samples.len().saturating_sub(SAMPLES)..];
            prop_assert_eq!(history.iter().collect::<Vec<_>>(), last.iter().map(|s| f32::from(*s)).collect::<Vec<_>>());
        }
    }
}
