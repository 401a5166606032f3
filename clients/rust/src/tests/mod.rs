//! Tests of the modules' crate-wide interfaces. Tests of a module's private parts are a submodule
//! of the module.

pub mod child;
mod codec;
mod lz4;
mod random;
