//! What a report says once it has been read (section 2), as columns: one text, the ends of the strings in it, integers.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use crate::columns::ReportColumns;
use crate::intern::{Interner, Names, Numbers};
use crate::key::{Id, InventoryType, ItemKind};
use crate::outcome::{Warning, WarningCode};
use crate::{Attributes, Context};

/// A report, read. Rows are grouped by context and in key order (I1); each key is there once.
///
/// Strings are numbers: 0 is the empty one, string `n` ends at byte `ends[n - 1]` of `text` and begins where the one before
/// it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Which agent reported.
    pub inventory_type: InventoryType,
    /// The ECS agent's probe of its credentials: says nothing (N7).
    pub credential_probe: bool,
    /// `obs`, in seconds since 1970 (N1).
    pub observed_at: i64,
    /// All strings, one behind the other.
    pub text: String,
    /// Where each string ends in `text`.
    pub ends: Vec<u32>,
    /// The contexts that have rows, in order. Those with a root are covered (N2).
    pub contexts: Vec<u32>,
    /// For each context, the index behind its last row.
    pub context_ends: Vec<u32>,
    /// [`ItemKind::code`] of each row.
    pub kinds: Vec<u8>,
    /// Each row's id.
    pub ids: Vec<u32>,
    /// The parent's id where it is not the root; of a namespace its uid.
    pub links: Vec<u32>,
    /// A container's image tag.
    pub tags: Vec<u32>,
    /// A container's image digest.
    pub digests: Vec<u32>,
    /// The attributes: a JSON object, or empty.
    pub attributes: Vec<u32>,
    /// What the reader skipped or doubts.
    pub warnings: Vec<SaidWarning>,
}

/// A warning of the reader; its texts are numbers of the observation's strings, 0: none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaidWarning {
    /// Its code.
    pub code: WarningCode,
    /// The context.
    pub context: u32,
    /// The row's id.
    pub id: u32,
    /// The JSON pointer of the entry.
    pub pointer: u32,
}

/// One row of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// Its context.
    pub context: &'a str,
    /// What it stands for.
    pub kind: ItemKind,
    /// Which one.
    pub id: &'a str,
    /// The parent's id where it is not the root; of a namespace its uid; else empty.
    pub link: &'a str,
    /// A container's image tag; else empty.
    pub tag: &'a str,
    /// A container's image digest; else empty.
    pub digest: &'a str,
    /// A JSON object, or empty.
    pub attributes: &'a str,
}

impl Observation {
    /// An observation without rows.
    #[must_use]
    pub fn empty(inventory_type: InventoryType, observed_at: i64) -> Self {
        Self {
            inventory_type,
            credential_probe: false,
            observed_at,
            text: String::new(),
            ends: Vec::new(),
            contexts: Vec::new(),
            context_ends: Vec::new(),
            kinds: Vec::new(),
            ids: Vec::new(),
            links: Vec::new(),
            tags: Vec::new(),
            digests: Vec::new(),
            attributes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Makes room for that many more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.kinds.reserve(rows);
        let columns =
            [&mut self.ids, &mut self.links, &mut self.tags, &mut self.digests, &mut self.attributes];
        for column in columns {
            column.reserve(rows);
        }
    }

    /// String `number`; none if there is no such string.
    #[must_use]
    pub fn string(&self, number: u32) -> Option<&str> {
        self.text.get(self.place(number)?)
    }

    /// How many bytes string `number` has; none if there is no such string.
    #[must_use]
    pub fn string_len(&self, number: u32) -> Option<usize> {
        self.place(number).map(|place| place.len())
    }

    /// Where string `number` is in the text.
    fn place(&self, number: u32) -> Option<Range<usize>> {
        let Some(last) = usize::try_from(number).ok()?.checked_sub(1) else {
            return Some(0..0);
        };
        let start = match last.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        let end = *self.ends.get(last)?;
        Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Row `index` of context number `context`; none if the columns do not have it.
    fn said<'a>(&'a self, context: &'a str, index: usize) -> Option<Said<'a>> {
        let text = |column: &[u32]| self.string(*column.get(index)?);
        Some(Said {
            context,
            kind: ItemKind::from_code(*self.kinds.get(index)?)?,
            id: text(&self.ids)?,
            link: text(&self.links)?,
            tag: text(&self.tags)?,
            digest: text(&self.digests)?,
            attributes: text(&self.attributes)?,
        })
    }

    /// Row `index`, counted from 0; none if there is none.
    #[must_use]
    pub fn row(&self, index: u32) -> Option<Said<'_>> {
        let context = self.contexts.get(self.context_ends.partition_point(|end| *end <= index))?;
        self.said(self.string(*context)?, usize::try_from(index).ok()?)
    }

    /// The rows, in order. Ends early where columns are broken: hosts check them first.
    pub fn rows(&self) -> impl Iterator<Item = Said<'_>> {
        self.by_context(|context, index| self.said(context, index))
    }

    /// What identifies each row: its context, its kind and its id. In order; ends early where columns are broken.
    pub fn keys(&self) -> impl Iterator<Item = (&str, ItemKind, &str)> {
        self.by_context(|context, index| {
            let kind = ItemKind::from_code(*self.kinds.get(index)?)?;
            Some((context, kind, self.string(*self.ids.get(index)?)?))
        })
    }

    /// Each row by its context and its index.
    fn by_context<'a, T>(
        &'a self,
        row: impl Fn(&'a str, usize) -> Option<T> + Copy,
    ) -> impl Iterator<Item = T> {
        let mut start = 0;
        self.contexts
            .iter()
            .zip(&self.context_ends)
            .map_while(move |(context, end)| {
                let context = self.string(*context)?;
                let end = usize::try_from(*end).ok()?;
                let range = start..end;
                start = end;
                Some(range.map_while(move |index| row(context, index)))
            })
            .flatten()
    }

    /// Whether it is the same in whatever order the report's lists are (law 9): the reader warned of nothing, and no two
    /// owners go by one uid, of which the last one would count (N3).
    #[must_use]
    pub fn is_order_free(&self) -> bool {
        let mut owners = HashSet::with_capacity_and_hasher(self.len(), FixedState::default());
        self.warnings.is_empty()
            && self.rows().all(|said| match said.kind {
                ItemKind::Namespace => owners.insert((said.kind, said.link)),
                ItemKind::Pod => owners.insert((said.kind, said.id)),
                _ => true,
            })
    }

    /// The reader's warnings, with their texts.
    pub fn warnings(&self) -> impl Iterator<Item = Warning> {
        let text = |number: u32| (number > 0).then(|| self.string(number)).flatten();
        self.warnings.iter().map(move |warning| Warning {
            code: warning.code,
            context: text(warning.context).map(Context::new),
            id: text(warning.id).map(Box::from),
            pointer: text(warning.pointer).map(Box::from),
        })
    }

    /// The rows as columns whose strings are the interner's numbers.
    #[must_use]
    pub fn columns(&self, interner: &mut Interner) -> ReportColumns {
        let mut columns = ReportColumns {
            inventory_type: self.inventory_type,
            credential_probe: self.credential_probe,
            observed_at: self.observed_at,
            contexts: Vec::with_capacity(self.contexts.len()),
            ends: self.context_ends.clone(),
            kinds: self.kinds.clone(),
            keys: Vec::with_capacity(self.len()),
            links: Vec::with_capacity(self.len()),
            images: Vec::with_capacity(self.len()),
        };
        let text = |column: &[u32], index: usize| {
            column.get(index).and_then(|number| self.string(*number)).unwrap_or_default()
        };
        let mut start = 0;
        for (context, end) in self.contexts.iter().zip(&self.context_ends) {
            let end = usize::try_from(*end).unwrap_or(usize::MAX).min(self.len());
            let mut context =
                interner.context(self.inventory_type, self.string(*context).unwrap_or_default());
            columns.contexts.push(context.number());
            let names = (start..end).map(|row| Names {
                id: text(&self.ids, row),
                link: text(&self.links, row),
                image: Some((text(&self.tags, row), text(&self.digests, row)))
                    .filter(|(tag, _)| !tag.is_empty()),
            });
            let ReportColumns { keys, links, images, .. } = &mut columns;
            context.rows(names, Numbers { keys, links, images });
            start = end;
        }
        columns
    }
}

impl Said<'_> {
    /// Its id, as a key has it.
    #[must_use]
    pub fn owned_id(&self) -> Id {
        Id::Plain(self.id.into())
    }

    /// Its attributes, as a row carries them.
    #[must_use]
    pub fn owned_attributes(&self) -> Attributes {
        Attributes::from_json(self.attributes.to_owned())
    }
}
