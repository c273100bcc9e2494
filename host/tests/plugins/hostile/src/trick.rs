//! What the hostile plugin can be told to do. The host's tests read this file too.

macro_rules! tricks {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A way to misbehave.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Trick { $($(#[$doc])* $name,)* }

        impl Trick {
            /// Every trick.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

impl Trick {
    /// 2100-01-01T00:00:00Z: that many seconds after it, the plugin plays that trick.
    pub const FIRST: i64 = 4_102_444_800;

    /// The `now` at which the plugin plays this trick, in calls that have one.
    pub fn now(self) -> i64 {
        Self::FIRST + self as i64
    }

    /// The trick to play at that time.
    pub fn at(now: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|trick| trick.now() == now)
    }

    /// The name by which calls without a `now` ask for it.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// The trick of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|trick| trick.name() == name)
    }
}

tricks! {
    /// None: the engine's answer.
    Honest,

    // Every call.
    /// Never comes back.
    Loop,
    /// Wants all memory.
    Memory,
    /// Calls itself until the stack is used up.
    Stack,
    /// Panics.
    Crash,
    /// Returns 16 MiB of nothing.
    HugeResult,

    // `bulk` and `session`.
    /// Removes a row beyond the last.
    RemovedOutOfRange,
    /// Removes a row twice.
    RemovedTwice,
    /// Removes the last row as overwritten: its context is not in the report.
    RemovedUncovered,
    /// Removes a row that is in the report as overwritten.
    RemovedReported,
    /// Removes the first row, which was seen just now, as expired.
    RemovedExpired,
    /// Removes the first row as deleted by hand.
    RemovedDeleted,
    /// Removes a row that is no image as superseded.
    RemovedSuperseded,
    /// Adds a row beyond the report's last.
    AddedOutOfRange,
    /// Adds a row that was there before.
    AddedKnown,
    /// Adds a row twice.
    AddedTwice,
    /// Has seen a row in the future.
    TouchedInFuture,
    /// Has seen a row less recently than before.
    TouchedInPast,
    /// Takes a row for another one.
    TouchedAnother,
    /// Touches a row that does not exist.
    TouchedOutOfRange,
    /// Touches a row twice.
    TouchedTwice,
    /// Leaves out one entry of one column.
    TouchedUneven,
    /// Invents an image.
    ImageInvented,
    /// Adds an image that was there before.
    ImageKnown,
    /// Takes a pod for an image.
    ImageAnother,
    /// An image seen in no year that there is.
    ImageWithoutTime,
    /// Answers too few deadlines.
    DeadlinesMissing,
    /// Answers deadlines that nobody asked for.
    DeadlinesUnasked,
    /// Says that nothing expires for ever.
    ExpiryInvented,
    /// Warns about a context that does not exist.
    WarningElsewhere,
    /// A snapshot without its last row.
    SnapshotForgets,

    // `reports`.
    /// An observation of the future.
    SaidInFuture,
    /// A report of the other agent.
    SaidByAnother,
    /// A string that ends before it begins.
    SaidBackwards,
    /// Text behind the last string.
    SaidTooMuch,
    /// A string that ends within a character.
    SaidHalfCharacter,
    /// The number of a string that does not exist.
    SaidNoString,
    /// A column with one entry too few.
    SaidUneven,
    /// Rows that belong to no context.
    SaidNoContext,
    /// A kind that no report has.
    SaidImage,
    /// A row without an id.
    SaidNoId,
    /// Two rows in the wrong order.
    SaidOutOfOrder,
    /// The same row twice.
    SaidTwice,
    /// Attributes that are no object.
    SaidNoObject,
    /// Rows of the agent's credential probe.
    SaidByProbe,

    // `policy`.
    /// Invents a row.
    KeptInvented,
    /// Rows out of order.
    KeptOutOfOrder,
    /// The same row twice.
    KeptTwice,
    /// Forgets a row.
    KeptForgotten,
    /// Keeps a row and removes it.
    KeptAndRemoved,
    /// Keeps a row with another key than rows have.
    KeptMalformed,
    /// Keeps a row with attributes that are no object.
    KeptNoObject,
    /// Keeps a row from the year 10000.
    KeptWithoutTime,
    /// Removes a row that was never there.
    GoneInvented,
    /// Deletes by hand, and changes what it keeps.
    PurgedChanged,
    /// Deletes by hand, and deletes what nobody asked for.
    PurgedAnother,
    /// Deletes by hand, and deletes nothing.
    PurgedNothing,
    /// A TTL that is no setting.
    LongTtl,
}
