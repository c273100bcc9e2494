//! Something for each number.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// A value for each number, the default one at first.
///
/// The numbers of one context lie together in runs, for an [`crate::Interner`] counts them up context by context: those have
/// pages of a list. Where the runs lie too far apart, or numbers come that nobody announced, a table takes them.
#[derive(Clone, Debug, Default)]
pub struct ByNumber<T> {
    /// The number of the first page.
    first: u32,
    /// Of each page which one it is in the list, counted from 1; 0 for one that nobody asked for yet.
    pages: Vec<u32>,
    near: Vec<T>,
    far: HashMap<u32, T, FxBuildHasher>,
}

/// As many numbers has a page: 2 to this power.
const PAGE_BITS: u32 = 5;
const PAGE: usize = 1 << PAGE_BITS;

impl<T: Clone + Default> ByNumber<T> {
    /// Values of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { first: 0, pages: Vec::new(), near: Vec::new(), far: HashMap::default() }
    }

    /// Forgets all values, and makes room for these numbers. Others may come as well.
    pub fn begin(&mut self, numbers: impl Iterator<Item = u32>) {
        let (mut first, mut last, mut count) = (u32::MAX, 0, 0_u32);
        for number in numbers {
            first = first.min(number);
            last = last.max(number);
            count = count.saturating_add(1);
        }
        self.far.clear();
        self.near.clear();
        self.pages.clear();
        self.first = first >> PAGE_BITS;
        let pages = (last >> PAGE_BITS).checked_sub(self.first);
        match pages.filter(|pages| *pages <= count.saturating_mul(4).saturating_add(64)) {
            Some(pages) => self.pages.resize(usize::try_from(pages).unwrap_or(0) + 1, 0),
            None => self.far.reserve(usize::try_from(count).unwrap_or(0)),
        }
    }

    /// The place of its page among the pages: beyond their end, if the number is before the first or after the last.
    fn page(&self, number: u32) -> usize {
        usize::try_from((number >> PAGE_BITS).wrapping_sub(self.first)).unwrap_or(usize::MAX)
    }

    /// What that number has.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&T> {
        match self.pages.get(self.page(number)) {
            Some(page) => self.near.get(place(*page, number)),
            None if self.far.is_empty() => None,
            None => self.far.get(&number),
        }
    }

    /// What that number has, to be changed.
    #[inline]
    pub fn entry(&mut self, number: u32) -> &mut T {
        let page = self.page(number);
        match self.pages.get_mut(page) {
            Some(page) => {
                if *page == 0 {
                    *page = new_page(&mut self.near);
                }
                match self.near.get_mut(place(*page, number)) {
                    Some(near) => near,
                    None => far_entry(&mut self.far, number),
                }
            }
            None => far_entry(&mut self.far, number),
        }
    }
}

/// Where a number is in the list, if its page is that one there; beyond the end of any list if the page is not there.
fn place(page: u32, number: u32) -> usize {
    let page = usize::try_from(page).unwrap_or(usize::MAX).wrapping_sub(1);
    page.wrapping_mul(PAGE).wrapping_add(usize::try_from(number).unwrap_or(usize::MAX) % PAGE)
}

#[inline(never)]
fn new_page<T: Clone + Default>(near: &mut Vec<T>) -> u32 {
    near.resize(near.len() + PAGE, T::default());
    u32::try_from(near.len() / PAGE).unwrap_or(u32::MAX)
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
        let runs: Vec<u32> = (1_000..1_100).chain(9_000..9_100).collect();
        let scattered = vec![1, 7, 90_000, u32::MAX, 0];
        for numbers in [close, runs, scattered, vec![]] {
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
