//! The WebAssembly engine: one per process.

use std::path::PathBuf;
use std::thread;

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::error::PluginError;
use crate::limits::Limits;

/// How an [`Engine`] is made.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Where compiled code is kept between runs; none: nowhere. The directory is created if need be, and only used if it
    /// belongs to this user and nobody else can write to it: what is in it is run as it is.
    pub cache: Option<PathBuf>,
    /// Reuse the memory of instances from a pool of this many: for gateways, which make many. Falls back to fresh memory
    /// where the pool cannot be had.
    pub pool: Option<u32>,
    /// Count fuel: deterministic limits and receipts, for a few percent of speed.
    pub metered: bool,
    /// Bytes of stack that a plugin may use.
    pub stack: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { cache: None, pool: None, metered: false, stack: 1 << 20 }
    }
}

/// Compiles and runs plugins. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) options: EngineOptions,
}

impl Engine {
    /// An engine without cache, pool or fuel.
    ///
    /// # Errors
    /// [`PluginError::Engine`] where wasmtime does not support this machine.
    pub fn new() -> Result<Self, PluginError> {
        Self::with_options(EngineOptions::default())
    }

    /// An engine.
    ///
    /// # Errors
    /// [`PluginError::Engine`] where wasmtime does not support this machine.
    pub fn with_options(mut options: EngineOptions) -> Result<Self, PluginError> {
        let wasmtime = match options.pool.map(|instances| pooled(&options, instances)) {
            Some(Ok(engine)) => engine,
            Some(Err(_)) => {
                options.pool = None; // less address space than the pool wants: fresh memory serves as well
                unpooled(&options)?
            }
            None => unpooled(&options)?,
        };
        tick(&wasmtime)?;
        Ok(Self { wasmtime, options })
    }

    /// Whether instances come from a pool.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.options.pool.is_some()
    }
}

fn config(options: &EngineOptions) -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.cranelift_opt_level(OptLevel::Speed);
    config.epoch_interruption(true); // wall time
    config.consume_fuel(options.metered);
    config.max_wasm_stack(options.stack);
    config.relaxed_simd_deterministic(true); // E5
    config.cranelift_nan_canonicalization(true); // E5
    config
}

fn unpooled(options: &EngineOptions) -> Result<wasmtime::Engine, PluginError> {
    wasmtime::Engine::new(&config(options)).map_err(|error| PluginError::Engine(format!("{error:#}")))
}

/// The pool is reserved at once: this is also the probe of whether there is room for it.
fn pooled(options: &EngineOptions, instances: u32) -> Result<wasmtime::Engine, PluginError> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances);
    pool.total_core_instances(instances.saturating_mul(4));
    pool.total_memories(instances);
    pool.total_tables(instances.saturating_mul(4));
    pool.max_memory_size(4 << 30);
    pool.table_elements(10_000);
    // Pages that stay with the pool need not be faulted in again: room for a report of ten thousand containers.
    pool.linear_memory_keep_resident(32 << 20);
    pool.pagemap_scan(Enabled::Auto); // and of those only what was written to is wiped, where the kernel can tell
    pool.table_keep_resident(64 << 10);
    let mut config = config(options);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    wasmtime::Engine::new(&config).map_err(|error| PluginError::Engine(format!("{error:#}")))
}

/// Counts epochs for as long as the engine lives.
fn tick(engine: &wasmtime::Engine) -> Result<(), PluginError> {
    let engine = engine.weak();
    let count = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(Limits::TICK);
        }
    };
    let ticker = thread::Builder::new().name("keepset-epochs".to_owned()).spawn(count);
    ticker.map(drop).map_err(|error| PluginError::Engine(error.to_string()))
}
