//! A stream of reports, in columns: who was seen when, by which report.

use std::sync::Arc;

use hashbrown::HashMap;
use keepset_types::{Interner, InventoryType, ItemKind};
use rustc_hash::FxBuildHasher;
use serde::Serialize;

use crate::bulk::{index, number};

/// A stream of reports in the order of their arrival, reduced to what decides over the items: which contexts each report
/// covers, and which items it contains there.
///
/// An item is what runs: a pod, a task or a container (I1). Roots, nodes, services and images are left out: none of them
/// decides over what runs, and each goes with it or by its own age. Cheap to clone but for the sightings.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) reports: Vec<Arrival>,
    pub(crate) covers: Vec<Cover>,
    /// The items of the covers, one cover behind the other.
    pub(crate) sightings: Vec<u32>,
    /// What a sighting says otherwise than the item's first: parent and image, in the order of the sightings' places.
    pub(crate) moved: Vec<(u32, Facts)>,
    pub(crate) truth: Vec<Truth>,
    /// What was odd in what was read.
    pub(crate) notes: Vec<Note>,
    /// The last second that is replayed, if it was given.
    pub(crate) end: Option<i64>,
}

/// What the reports of a history speak of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) texts: Interner,
    pub(crate) clusters: Vec<String>,
    pub(crate) contexts: Vec<Scope>,
    pub(crate) items: Vec<Item>,
    /// The texts that reports were read from.
    pub(crate) files: Vec<File>,
}

/// A text with reports in it.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A context of a history.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) inventory_type: InventoryType,
    /// Its number among the texts.
    pub(crate) number: u32,
    /// Whether a row here can live by another one's sign of life, or is known without its root: then only the rules
    /// themselves say what becomes of it.
    pub(crate) is_intricate: bool,
}

/// An item: its key, and what was first said of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) context: u32,
    pub(crate) kind: ItemKind,
    /// The number of its id among the texts.
    pub(crate) key: u32,
    pub(crate) facts: Facts,
}

/// The parent and the image of an item, as numbers of texts; 0: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) link: u32,
    pub(crate) image: u32,
}

/// A report, and when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// `now` when it is applied.
    pub(crate) at: i64,
    /// What it says of its own time.
    pub(crate) timestamp: i64,
    /// When its content was observed in truth.
    pub(crate) observed: i64,
    pub(crate) cluster: u32,
    pub(crate) inventory_type: InventoryType,
    /// The place behind its last cover.
    pub(crate) covers_end: u32,
    /// Whether it never arrives.
    pub(crate) is_lost: bool,
    pub(crate) source: Option<Source>,
}

impl Arrival {
    /// N1.
    pub(crate) fn observed_at(&self) -> i64 {
        self.timestamp.min(self.at)
    }
}

/// Where a report stands in a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) file: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What a report says of one context.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cover {
    pub(crate) context: u32,
    /// The place behind its last sighting.
    pub(crate) end: u32,
    /// Whether it says anything of what it does not contain: a list of rows does not.
    pub(crate) is_partial: bool,
    /// Whether the agent leaves it out, although all of it runs.
    pub(crate) is_hidden: bool,
    /// A3: how many tasks there are, and whether there is a container.
    pub(crate) tasks: u32,
    pub(crate) has_containers: bool,
}

/// When an item ran, as far as all reports together tell, those included that never arrived. Seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    /// The first observation.
    pub(crate) first: i64,
    /// The last observation.
    pub(crate) last: i64,
    /// The last arrival of a report with it.
    pub(crate) heard: i64,
}

impl Truth {
    /// Of an item that nobody saw.
    pub(crate) const NEVER: Self = Self { first: i64::MAX, last: i64::MIN, heard: i64::MIN };
}

/// Something that was odd in what was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Stable.
    pub code: String,
    /// For people.
    pub message: String,
    /// Which file.
    pub file: Option<String>,
}

impl History {
    /// How many reports there are, the lost ones included.
    #[must_use]
    pub fn reports(&self) -> u32 {
        number(self.reports.len())
    }

    /// How many reports never arrive.
    #[must_use]
    pub fn lost(&self) -> u32 {
        number(self.reports.iter().filter(|report| report.is_lost).count())
    }

    /// How many sightings of items there are.
    #[must_use]
    pub fn sightings(&self) -> u32 {
        number(self.sightings.len())
    }

    /// How many items there are.
    #[must_use]
    pub fn items(&self) -> u32 {
        number(self.catalog.items.len())
    }

    /// When the first report arrives, in seconds since 1970; 0 without reports.
    #[must_use]
    pub fn from(&self) -> i64 {
        self.reports.first().map_or(0, |report| report.at)
    }

    /// The last second that is replayed, in seconds since 1970: when the last report arrives or would have, unless a later
    /// one was given.
    #[must_use]
    pub fn to(&self) -> i64 {
        let last = self.reports.last().map_or(0, |report| report.at);
        self.end.map_or(last, |end| end.max(last))
    }

    /// What was odd in what was read.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The clusters, by their numbers.
    #[must_use]
    pub fn clusters(&self) -> &[String] {
        &self.catalog.clusters
    }

    /// The contexts, by their numbers.
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.catalog.contexts.iter().map(|context| self.text_of_context(context))
    }

    /// The name of a context; empty if there is no such number.
    #[must_use]
    pub fn context_name(&self, context: u32) -> &str {
        self.catalog.contexts.get(index(context)).map_or("", |context| self.text_of_context(context))
    }

    fn text_of_context(&self, context: &Scope) -> &str {
        self.catalog.texts.context_of(context.number).map_or("", |(text, _)| text)
    }

    /// The kind of each item.
    pub fn item_kinds(&self) -> impl Iterator<Item = ItemKind> {
        self.catalog.items.iter().map(|item| item.kind)
    }

    /// The context of each item.
    pub fn item_contexts(&self) -> impl Iterator<Item = u32> {
        self.catalog.items.iter().map(|item| item.context)
    }

    /// The id of each item.
    pub fn item_names(&self) -> impl Iterator<Item = &str> {
        self.catalog.items.iter().map(|item| self.catalog.texts.id_text(item.key).unwrap_or_default())
    }

    /// The context, the kind and the id of an item; none if there is no such item.
    #[must_use]
    pub fn item(&self, item: u32) -> Option<(&str, ItemKind, &str)> {
        let item = self.catalog.items.get(index(item))?;
        let id = self.catalog.texts.id_text(item.key).unwrap_or_default();
        Some((self.context_name(item.context), item.kind, id))
    }

    /// `prod/default pod 863efa48`; empty if there is no such item.
    #[must_use]
    pub fn item_label(&self, item: u32) -> String {
        let Some((context, kind, id)) = self.item(item) else { return String::new() };
        format!("{context} {kind} {id}")
    }

    /// The contexts that a report covers, each with its sightings.
    pub(crate) fn covers_of(&self, report: usize) -> impl Iterator<Item = (&Cover, Range)> {
        let end = self.reports.get(report).map_or(0, |report| index(report.covers_end));
        let start = report.checked_sub(1).and_then(|before| self.reports.get(before));
        let start = start.map_or(0, |before| index(before.covers_end));
        let mut first = start.checked_sub(1).and_then(|before| self.covers.get(before)).map_or(0, |c| c.end);
        self.covers.get(start..end).unwrap_or_default().iter().map(move |cover| {
            let range = Range { start: first, end: cover.end };
            first = cover.end;
            (cover, range)
        })
    }

    /// Whether the rules alone say what becomes of a context's items: see [`Scope::is_intricate`].
    pub(crate) fn is_intricate(&self, context: u32) -> bool {
        self.catalog.contexts.get(index(context)).is_some_and(|context| context.is_intricate)
    }

    /// Whether gaps alone tell what becomes of every item (H6).
    pub(crate) fn is_plain(&self) -> bool {
        self.catalog.contexts.iter().all(|context| !context.is_intricate)
    }

    /// The items seen in that range.
    pub(crate) fn seen(&self, range: Range) -> &[u32] {
        self.sightings.get(index(range.start)..index(range.end)).unwrap_or_default()
    }

    /// The contexts that a report covers, by their numbers; none if there is no such report.
    #[must_use]
    pub fn contexts_of(&self, report: u32) -> Vec<u32> {
        let covers = self.covers_of(index(report)).filter(|(cover, _)| !cover.is_hidden);
        covers.map(|(cover, _)| cover.context).collect()
    }

    /// How many items ran at that time, in seconds since 1970: observed then or before, and then or after.
    #[must_use]
    pub fn running_at(&self, time: i64) -> u32 {
        number(self.truth.iter().filter(|truth| truth.first <= time && time <= truth.last).count())
    }

    /// Tells from the sightings when each item ran.
    pub(crate) fn find_truth(&mut self) {
        let mut truth = vec![Truth::NEVER; self.catalog.items.len()];
        for (place, report) in self.reports.iter().enumerate() {
            for (_, range) in self.covers_of(place) {
                for item in self.seen(range) {
                    let Some(truth) = truth.get_mut(index(*item)) else { continue };
                    truth.first = truth.first.min(report.observed);
                    truth.last = truth.last.max(report.observed);
                    truth.heard = truth.heard.max(report.at);
                }
            }
        }
        self.truth = truth;
    }
}

/// Places of sightings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A history in the making. Reports may come in any order.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    catalog: Catalog,
    history: History,
    clusters: HashMap<String, u32, foldhash::fast::FixedState>,
    contexts: HashMap<u32, u32, FxBuildHasher>,
    items: HashMap<(u32, ItemKind), u32, FxBuildHasher>,
    /// Parents that the report of their child does not contain, by context.
    absent_parents: Vec<(u32, ItemKind, u32)>,
}

impl Builder {
    pub(crate) fn cluster(&mut self, name: &str) -> u32 {
        let next = number(self.catalog.clusters.len());
        let found = *self.clusters.entry_ref(name).or_insert(next);
        if found == next {
            self.catalog.clusters.push(name.to_owned());
        }
        found
    }

    pub(crate) fn context(&mut self, inventory_type: InventoryType, text: &str) -> u32 {
        let text = self.catalog.texts.context(inventory_type, text).number();
        let next = number(self.catalog.contexts.len());
        let found = *self.contexts.entry(text).or_insert(next);
        if found == next {
            self.catalog.contexts.push(Scope { inventory_type, number: text, is_intricate: false });
        }
        found
    }

    pub(crate) fn file(&mut self, name: &str, text: String) -> u32 {
        self.catalog.files.push(File { name: name.to_owned(), text });
        number(self.catalog.files.len() - 1)
    }

    pub(crate) fn note(&mut self, note: Note) {
        if !self.history.notes.iter().any(|known| known.code == note.code && known.file == note.file) {
            self.history.notes.push(note);
        }
    }

    pub(crate) fn end_at(&mut self, end: i64) {
        self.history.end = Some(end);
    }

    /// The numbers of a parent and an image.
    pub(crate) fn facts(&mut self, context: u32, link: &str, image: Option<(&str, &str)>) -> Facts {
        let Some((text, inventory_type)) = self.context_text(context) else { return Facts::default() };
        let mut scope = self.catalog.texts.context(inventory_type, &text);
        Facts {
            link: scope.id(link),
            image: image.map_or(0, |(tag, digest)| if tag.is_empty() { 0 } else { scope.image(tag, digest) }),
        }
    }

    fn context_text(&self, context: u32) -> Option<(String, InventoryType)> {
        let number = self.catalog.contexts.get(index(context))?.number;
        self.catalog.texts.context_of(number).map(|(text, of)| (text.to_owned(), of))
    }

    /// The item with that key; a new one with these facts if it is unknown.
    pub(crate) fn item(&mut self, context: u32, kind: ItemKind, id: &str, facts: Facts) -> u32 {
        let Some((text, inventory_type)) = self.context_text(context) else { return 0 };
        let key = self.catalog.texts.context(inventory_type, &text).id(id);
        self.item_of_key(context, kind, key, facts)
    }

    /// The same, where the number of the id is known.
    pub(crate) fn item_of_key(&mut self, context: u32, kind: ItemKind, key: u32, facts: Facts) -> u32 {
        let next = number(self.catalog.items.len());
        // A text's number is of one context alone.
        let found = *self.items.entry((key, kind)).or_insert(next);
        if found == next {
            self.catalog.items.push(Item { context, kind, key, facts });
        }
        found
    }

    /// The texts, to look up numbers of one context in one go.
    pub(crate) fn texts(&mut self) -> &mut Interner {
        &mut self.catalog.texts
    }

    /// Takes in a report; its covers follow by [`Builder::cover`].
    pub(crate) fn report(&mut self, report: Arrival) {
        let covers_end = number(self.history.covers.len());
        self.history.reports.push(Arrival { covers_end, ..report });
    }

    /// Takes in what the last report says of a context: its items, each with its facts.
    pub(crate) fn cover(&mut self, context: u32, is_partial: bool, rows: &[(u32, Facts)]) {
        let (mut tasks, mut has_containers) = (0, false);
        let first = number(self.history.sightings.len());
        for (place, (item, facts)) in (first..).zip(rows) {
            let Some(known) = self.catalog.items.get(index(*item)) else { continue };
            tasks += u32::from(known.kind == ItemKind::Task);
            has_containers |= known.kind == ItemKind::Container;
            if known.facts != *facts {
                self.history.moved.push((place, *facts));
            }
            self.history.sightings.push(*item);
        }
        let end = number(self.history.sightings.len());
        self.history.covers.push(Cover { context, end, is_partial, is_hidden: false, tasks, has_containers });
        if let Some(report) = self.history.reports.last_mut() {
            report.covers_end = number(self.history.covers.len());
        }
        if let (true, Some(scope)) = (is_partial, self.catalog.contexts.get_mut(index(context))) {
            scope.is_intricate = true;
        }
        self.find_absent_parents(context, rows);
    }

    /// A container whose task is not in its report lends it a sign of life all the same (A5).
    fn find_absent_parents(&mut self, context: u32, rows: &[(u32, Facts)]) {
        let Some(scope) = self.catalog.contexts.get(index(context)) else { return };
        let parent = match scope.inventory_type {
            InventoryType::Ecs => ItemKind::Task,
            InventoryType::Kubernetes => return, // N3
        };
        let items = &self.catalog.items;
        let rows = || rows.iter().filter_map(|(item, facts)| Some((items.get(index(*item))?, facts)));
        let tasks: Vec<u32> =
            rows().filter(|(item, _)| item.kind == parent).map(|(item, _)| item.key).collect();
        let here: hashbrown::HashSet<u32, FxBuildHasher> = tasks.into_iter().collect();
        let absent = rows().filter(|(item, facts)| {
            item.kind == ItemKind::Container && facts.link != 0 && !here.contains(&facts.link)
        });
        self.absent_parents.extend(absent.map(|(_, facts)| (context, parent, facts.link)));
    }

    /// The history, in the order of arrival.
    pub(crate) fn finish(mut self) -> History {
        for (context, kind, key) in std::mem::take(&mut self.absent_parents) {
            if !self.items.contains_key(&(key, kind)) {
                continue;
            }
            if let Some(scope) = self.catalog.contexts.get_mut(index(context)) {
                scope.is_intricate = true;
            }
        }
        let mut history = self.history;
        history.catalog = Arc::new(self.catalog);
        if !history.reports.is_sorted_by_key(|report| report.at) {
            let mut order: Vec<usize> = (0..history.reports.len()).collect();
            order.sort_by_key(|place| history.reports.get(*place).map(|report| report.at));
            history = history.rebuilt(&order, |_, _| {}, |_, _, _| Keep::All);
        }
        history.find_truth();
        history
    }
}

/// What of a cover stays when a history is rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// All of it.
    All,
    /// That the context is covered, and no item.
    Listed,
    /// All of it, but no report says so any more.
    Hidden,
    /// Nothing.
    Nothing,
}

impl History {
    /// What the sighting at that place says of an item: what the item's first did, if it says nothing else.
    pub(crate) fn facts_of(&self, place: u32, item: &Item) -> Facts {
        let moved = self.moved.get(self.moved_before(place)).filter(|(at, _)| *at == place);
        moved.map_or(item.facts, |(_, facts)| *facts)
    }

    /// How many sightings before that one say something else than their items' first.
    fn moved_before(&self, place: u32) -> usize {
        self.moved.partition_point(|(at, _)| *at < place)
    }

    /// The history with its reports in that order, each changed, and of each cover what is to stay.
    pub(crate) fn rebuilt(
        &self,
        order: &[usize],
        change: impl Fn(usize, &mut Arrival),
        keep: impl Fn(usize, &Arrival, &Cover) -> Keep,
    ) -> Self {
        let mut rebuilt = Self {
            catalog: Arc::clone(&self.catalog),
            notes: self.notes.clone(),
            end: self.end,
            reports: Vec::with_capacity(self.reports.len()),
            covers: Vec::with_capacity(self.covers.len()),
            sightings: Vec::with_capacity(self.sightings.len()),
            ..Self::default()
        };
        for place in order.iter().copied() {
            let Some(report) = self.reports.get(place) else { continue };
            let mut changed = *report;
            change(place, &mut changed);
            for (cover, range) in self.covers_of(place) {
                let kept = keep(place, report, cover);
                if kept != Keep::All {
                    changed.source = None;
                }
                if kept == Keep::Nothing {
                    continue;
                }
                let start = number(rebuilt.sightings.len());
                let mut cover = *cover;
                cover.is_hidden |= kept == Keep::Hidden;
                if kept != Keep::Listed {
                    rebuilt.sightings.extend_from_slice(self.seen(range));
                    let moved = self.moved.get(self.moved_before(range.start)..self.moved_before(range.end));
                    let moved = moved.unwrap_or_default().iter();
                    rebuilt.moved.extend(moved.map(|(at, facts)| (at - range.start + start, *facts)));
                } else {
                    (cover.tasks, cover.has_containers) = (0, false);
                }
                cover.end = number(rebuilt.sightings.len());
                rebuilt.covers.push(cover);
            }
            changed.covers_end = number(rebuilt.covers.len());
            rebuilt.reports.push(changed);
        }
        rebuilt
    }
}
