//! Tests of modules by what they offer each other. Those that look into a module are a part of it.

mod codec;
mod lz4;
mod random;
