//! The engine for the playground.
