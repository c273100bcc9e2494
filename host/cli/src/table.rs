//! Columns for people: padded, never wrapped, so that ids can be copied and lines can be searched.

use std::io::{self, Write};

use keepset_types::printable;

pub(crate) struct Table<const N: usize> {
    lines: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(heads: [&str; N]) -> Self {
        Self { lines: vec![heads.map(str::to_owned)] }
    }

    pub(crate) fn push(&mut self, cells: [String; N]) {
        self.lines.push(cells.map(|cell| printable(&cell).into_owned()));
    }

    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut widths = [0; N];
        for line in &self.lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.chars().count().max(*width);
            }
        }
        for line in &self.lines {
            let mut text = String::new();
            for (width, cell) in widths.iter().zip(line) {
                text.push_str(cell);
                text.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
            }
            writeln!(to, "{}", text.trim_end())?;
        }
        Ok(())
    }
}
