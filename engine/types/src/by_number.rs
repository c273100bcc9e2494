//! Something for each number.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// A value for each number, the default one at first.
///
/// The numbers of one context mostly lie close together, for an [`crate::Interner`] counts them up context by context:
/// those have a plain list. Where they do not, or are more than a list can hold, a table takes them.
#[derive(Clone, Debug, Default)]
pub struct ByNumber<T> {
    first: u32,
    near: Vec<T>,
    far: HashMap<u32, T, FxBuildHasher>,
}

impl<T: Clone + Default> ByNumber<T> {
    /// Values of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { first: 0, near: Vec::new(), far: HashMap::default() }
    }

    /// Forgets all values, and makes a list for these numbers if they lie close together. Others may come as well.
    pub fn begin(&mut self, numbers: impl Iterator<Item = u32>) {
        let (mut first, mut last, mut count) = (u32::MAX, 0, 0_u32);
        for number in numbers {
            first = first.min(number);
            last = last.max(number);
            count = count.saturating_add(1);
        }
        self.far.clear();
        self.near.clear();
        let span = last.checked_sub(first).filter(|span| *span <= count.saturating_mul(4).saturating_add(64));
        match span.and_then(|span| usize::try_from(span).ok()) {
            Some(span) => {
                self.first = first;
                self.near.resize(span + 1, T::default());
            }
            None => self.far.reserve(usize::try_from(count).unwrap_or(0)),
        }
    }

    fn place(&self, number: u32) -> usize {
        // Below the first it is beyond the end of any list.
        usize::try_from(number.wrapping_sub(self.first)).unwrap_or(usize::MAX)
    }

    /// What that number has.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&T> {
        let near = self.near.get(self.place(number));
        if near.is_some() || self.far.is_empty() { near } else { self.far.get(&number) }
    }

    /// What that number has, to be changed.
    #[inline]
    pub fn entry(&mut self, number: u32) -> &mut T {
        let place = self.place(number);
        match self.near.get_mut(place) {
            Some(near) => near,
            None => far_entry(&mut self.far, number),
        }
    }
}

/// Apart, so that the short way is compiled into where it is asked for.
#[inline(never)]
fn far_entry<T: Default>(far: &mut HashMap<u32, T, FxBuildHasher>, number: u32) -> &mut T {
    far.entry(number).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_keeps_its_own_value() {
        let close: Vec<u32> = (1_000..1_100).collect();
        let scattered = vec![1, 7, 90_000, u32::MAX, 0];
        for numbers in [close, scattered, vec![]] {
            let mut values = ByNumber::new();
            values.begin([5, 6].into_iter());
            *values.entry(5) = 1;
            values.begin(numbers.iter().copied());
            assert_eq!(values.get(5).copied().unwrap_or_default(), 0);
            let others = [0, 999, 1_100, 2_000_000_000, u32::MAX - 1];
            for number in numbers.iter().chain(&others) {
                *values.entry(*number) = u64::from(*number) + 1;
            }
            for number in numbers.iter().chain(&others) {
                assert_eq!(values.get(*number), Some(&(u64::from(*number) + 1)));
            }
            assert_eq!(values.get(3).copied().unwrap_or_default(), 0);
        }
    }
}
