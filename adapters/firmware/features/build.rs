//! Hands the linker its script, so that no flags are needed outside this folder.

use core::error::Error;
use std::env;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link.x");
    println!("cargo::rustc-link-arg-bins=-T{}/link.x", env::var("CARGO_MANIFEST_DIR")?);
    Ok(())
}
