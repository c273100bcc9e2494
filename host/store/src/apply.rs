//! A report meets what is stored.

use std::sync::Arc;

use keepset_types::columns::{ReportColumns, RowColumns, Verdicts};
use keepset_types::{Config, Interner, Observation, Removed, Timestamp, Warning, translate};
use sqlx::{Any, Transaction};

use crate::again::{Content, Known};
use crate::context::{HEAD, Head, Loaded, Times, columns, missing, select_heads};
use crate::error::{MAX_KEY_BYTES, check_text};
use crate::sql::query;
use crate::step::{Change, Step, carry_out};
use crate::write::RowsWritten;
use crate::{ApplyError, Store, StoreError};

/// What became of a report, or would.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The reader's and the decision's, in order (E4).
    pub warnings: Vec<Warning>,
    /// What went, in key order.
    pub removed: Vec<Removed>,
    /// How many rows came, images not counted.
    pub added: usize,
    /// How many rows that were there are in the report, images not counted.
    pub touched: usize,
    /// The earliest deadline in the contexts that were looked at (E3).
    pub next_expiry: Option<Timestamp>,
    /// How many contexts were looked at.
    pub contexts: usize,
    /// What it cost; of a preview nothing.
    pub rows_written: RowsWritten,
}

/// A report on its way: whose it is, and how it is decided.
#[derive(Clone, Copy, Debug)]
pub struct Arriving<'a> {
    /// The account that it is for.
    pub account: &'a str,
    /// What is decided by.
    pub config: &'a Config,
    /// When it came.
    pub now: Timestamp,
    /// What stands in the removal log for what it removes.
    pub report_id: &'a str,
    /// What stands for what it says, if [`Store::apply_again`] shall know it by that.
    pub content: Option<Content>,
}

/// A decision, with what it was about.
pub(crate) struct Decided {
    pub(crate) rows: RowColumns,
    pub(crate) report: Option<ReportColumns>,
    pub(crate) verdicts: Verdicts,
    interner: Interner,
}

/// Puts contexts into columns and has them decided.
pub(crate) async fn decide_on<E, F>(
    contexts: &[Loaded],
    observation: Option<&Observation>,
    ask: F,
) -> Result<Decided, ApplyError<E>>
where
    F: FnOnce(&RowColumns, Option<&ReportColumns>) -> Result<Verdicts, E> + Send + 'static,
    E: Send + 'static,
{
    let mut interner = Interner::new();
    let rows = columns(contexts, &mut interner)?;
    let report = observation.map(|observation| observation.columns(&mut interner));
    decide(rows, report, interner, ask).await
}

/// Has columns decided, on a thread that may take its time.
pub(crate) async fn decide<E, F>(
    rows: RowColumns,
    report: Option<ReportColumns>,
    interner: Interner,
    ask: F,
) -> Result<Decided, ApplyError<E>>
where
    F: FnOnce(&RowColumns, Option<&ReportColumns>) -> Result<Verdicts, E> + Send + 'static,
    E: Send + 'static,
{
    let decision = tokio::task::spawn_blocking(move || {
        let verdicts = ask(&rows, report.as_ref());
        (rows, report, verdicts)
    });
    let (rows, report, verdicts) = decision.await.map_err(|error| StoreError::CutOff(error.to_string()))?;
    Ok(Decided { rows, report, verdicts: verdicts.map_err(ApplyError::Decide)?, interner })
}

/// What becomes of contexts if they are still as they were when it was decided.
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
    /// But for what it costs.
    pub(crate) applied: Applied,
    /// What is to be known of the report then.
    pub(crate) known: Option<(Content, Known)>,
}

impl Plan {
    pub(crate) fn is_for(&self, heads: &[Head]) -> bool {
        self.changes.iter().map(|change| &change.before.head).eq(heads)
    }
}

impl Decided {
    pub(crate) fn carry_out(
        &self,
        store: &Store,
        contexts: Vec<Loaded>,
        observation: Option<&Observation>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let step = Step {
            rows: &self.rows,
            report: self.report.as_ref(),
            observation,
            interner: &self.interner,
            verdicts: &self.verdicts,
            config,
            now,
            cache: &store.cache,
        };
        carry_out(contexts, &step)
    }

    /// The same where all items of all contexts have these times afterwards, and nothing else changes.
    pub(crate) fn carry_out_times(
        &self,
        contexts: Vec<Loaded>,
        times: Times,
        config: &Config,
    ) -> Vec<Change> {
        contexts.into_iter().map(|loaded| Change::of_times(loaded, times, &self.verdicts, config)).collect()
    }

    pub(crate) fn applied(&self, changes: &[Change], observation: Option<&Observation>) -> Applied {
        let mut removed: Vec<Removed> =
            changes.iter().flat_map(|change| change.removed.iter().cloned()).collect();
        removed.sort_by(|a, b| a.key.cmp(&b.key));
        Applied {
            warnings: translate::warnings(observation, &self.verdicts, &self.interner),
            removed,
            added: self.verdicts.added.len(),
            touched: self.verdicts.touched.len(),
            next_expiry: self.verdicts.next_expiry.and_then(Timestamp::from_unix),
            contexts: changes.len(),
            rows_written: RowsWritten::default(),
        }
    }
}

impl Store {
    /// Has a report decided over the contexts that it has rows in, and stores what comes of it. When this returns, it is
    /// on the disk; if it fails, nothing was changed. Reports on one context take their turns, here and on every other
    /// gateway.
    ///
    /// `ask` is asked with those contexts and the report as columns, as they are in memory, while nobody has to wait; and
    /// once more if they turn out to have changed. An observation without rows (a credential probe: N7) is only decided,
    /// for its warnings.
    ///
    /// # Errors
    /// [`ApplyError::Decide`] with what `ask` answered; [`StoreError::UnknownAccount`], [`StoreError::Unstorable`]
    /// for a key that is too long, [`StoreError::Misfit`] for verdicts that make no sense, [`StoreError::Database`].
    pub async fn apply<E, F>(
        &self,
        arriving: &Arriving<'_>,
        observation: &Observation,
        ask: F,
    ) -> Result<Applied, ApplyError<E>>
    where
        F: Fn(&RowColumns, Option<&ReportColumns>) -> Result<Verdicts, E> + Send + Sync + 'static,
        E: Send + 'static,
    {
        let account = arriving.account;
        let names = check(observation)?;
        check_text("the report's id", arriving.report_id)?;
        if names.is_empty() {
            let decided = decide_on(&[], Some(observation), ask).await?;
            return Ok(decided.applied(&[], Some(observation)));
        }
        let ask = Arc::new(ask);
        let inventory_type = observation.inventory_type;
        let ahead = match self.remembered(account, inventory_type, &names).await? {
            Some(contexts) => Some(self.plan(contexts, observation, arriving, &ask).await?),
            None => None,
        };
        let (mut transaction, heads) = self.begin_with_contexts(account, inventory_type, &names).await?;
        let plan = match ahead.filter(|plan| plan.is_for(&heads)) {
            Some(plan) => plan,
            None => {
                let contexts = self.load(&mut transaction, heads).await?;
                self.plan(contexts, observation, arriving, &ask).await?
            }
        };
        self.carry_through(transaction, plan, arriving).await.map_err(ApplyError::Store)
    }

    /// What becomes of contexts by a report.
    async fn plan<E, F>(
        &self,
        contexts: Vec<Loaded>,
        observation: &Observation,
        arriving: &Arriving<'_>,
        ask: &Arc<F>,
    ) -> Result<Plan, ApplyError<E>>
    where
        F: Fn(&RowColumns, Option<&ReportColumns>) -> Result<Verdicts, E> + Send + Sync + 'static,
        E: Send + 'static,
    {
        let ask = Arc::clone(ask);
        let decided = decide_on(&contexts, Some(observation), move |rows, report| ask(rows, report)).await?;
        let Arriving { config, now, content, .. } = *arriving;
        let changes = decided.carry_out(self, contexts, Some(observation), config, now)?;
        let applied = decided.applied(&changes, Some(observation));
        let known =
            content.and_then(|content| Some((content, Known::new(&decided, &changes, observation, now)?)));
        Ok(Plan { changes, applied, known })
    }

    /// Stores what was planned, in a transaction that holds the contexts.
    pub(crate) async fn carry_through(
        &self,
        mut transaction: Transaction<'static, Any>,
        plan: Plan,
        arriving: &Arriving<'_>,
    ) -> Result<Applied, StoreError> {
        let Plan { changes, applied, known } = plan;
        let pending = self.write(&mut transaction, changes, arriving.now, arriving.report_id).await?;
        transaction.commit().await?;
        if let Some((content, known)) = known {
            self.known.insert(arriving.account, content, known);
        }
        Ok(Applied { rows_written: self.remember(pending), ..applied })
    }

    /// What [`Store::apply`] would do, or without an observation a sweep of the whole account. Nothing is written, and
    /// nobody has to wait.
    ///
    /// # Errors
    /// As [`Store::apply`].
    pub async fn preview<E, F>(
        &self,
        account: &str,
        observation: Option<&Observation>,
        config: &Config,
        now: Timestamp,
        ask: F,
    ) -> Result<Applied, ApplyError<E>>
    where
        F: FnOnce(&RowColumns, Option<&ReportColumns>) -> Result<Verdicts, E> + Send + 'static,
        E: Send + 'static,
    {
        let mut transaction = self.begin_read().await?;
        let mut heads = Vec::new();
        match observation {
            None => {
                let text = format!(
                    "SELECT {HEAD} FROM contexts WHERE account = $1 ORDER BY inventory_type, context"
                );
                for row in query(text).bind(account).fetch_all(&mut *transaction).await? {
                    heads.push(Head::read(&row)?);
                }
            }
            Some(observation) => {
                let names = check(observation)?;
                let inventory_type = observation.inventory_type;
                heads = select_heads(&mut transaction, account, inventory_type, &names, "").await?;
                let missing = missing(&names, &heads).into_iter();
                heads.extend(missing.map(|name| Head::missing(account, inventory_type, name)));
                heads.sort_by(|a, b| a.context.cmp(&b.context));
            }
        }
        let contexts = self.load(&mut transaction, heads).await?;
        transaction.rollback().await?;
        let decided = decide_on(&contexts, observation, ask).await?;
        let changes = decided.carry_out(self, contexts, observation, config, now)?;
        Ok(decided.applied(&changes, observation))
    }
}

/// The names of the contexts that an observation has rows in; nothing in it may be too long for a database.
fn check(observation: &Observation) -> Result<Vec<&str>, StoreError> {
    let keys = [
        ("a context", &observation.contexts),
        ("an id", &observation.ids),
        ("a uid or an ARN", &observation.links),
        ("an image_tag", &observation.tags),
        ("an image_digest", &observation.digests),
    ];
    for (what, column) in keys {
        if column.iter().any(|number| observation.string_len(*number) > Some(MAX_KEY_BYTES)) {
            return Err(StoreError::Unstorable { what });
        }
    }
    if observation.text.contains('\0') {
        for (what, column) in keys.into_iter().chain([("attributes", &observation.attributes)]) {
            column
                .iter()
                .filter_map(|number| observation.string(*number))
                .try_for_each(|text| check_text(what, text))?;
        }
    }
    let names = observation.contexts.iter().map(|name| observation.string(*name).unwrap_or_default());
    let names: Vec<_> = names.collect();
    match names.is_sorted_by(|a, b| a < b) {
        true => Ok(names),
        false => Err(StoreError::Misfit(translate::Misfit("contexts in their order"))),
    }
}
