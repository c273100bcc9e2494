//! What a plugin may use up. Each limit has its own [`crate::PluginError`].

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// What one call of a plugin may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory, over all memories of the plugin.
    pub memory: usize,
    /// Elements of one table.
    pub table_elements: usize,
    /// Core instances, memories and tables, each.
    pub instances: usize,
    /// Wall time of a call, counted in steps of [`Limits::TICK`].
    pub time: Duration,
    /// Instructions, roughly: the same number on every machine. Only where [`crate::EngineOptions::metered`] is set.
    pub fuel: u64,
    /// Bytes that a call may return.
    pub result: usize,
    /// Bytes that a call may be given.
    pub input: usize,
}

impl Limits {
    /// How exactly wall time is measured.
    pub const TICK: Duration = Duration::from_millis(5);
}

impl Default for Limits {
    /// Enough for a million rows; far less than would hurt a gateway.
    fn default() -> Self {
        Self {
            memory: 2 << 30,
            table_elements: 10_000,
            instances: 16,
            time: Duration::from_secs(30),
            fuel: 200_000_000_000,
            result: 1 << 30,
            input: 1 << 30,
        }
    }
}

/// Which limit stopped a plugin from growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    Memory,
    Table,
}

/// Watches over one instance.
pub(crate) struct Watch {
    limits: Limits,
    memory: usize,
    pub(crate) exceeded: Option<Exceeded>,
}

impl Watch {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, memory: 0, exceeded: None }
    }
}

impl ResourceLimiter for Watch {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        let fits = total <= self.limits.memory;
        if fits {
            self.memory = total;
        } else {
            self.exceeded = Some(Exceeded::Memory);
        }
        Ok(fits)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let fits = desired <= self.limits.table_elements;
        if !fits {
            self.exceeded = Some(Exceeded::Table);
        }
        Ok(fits)
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.instances
    }

    fn memories(&self) -> usize {
        self.limits.instances
    }
}
