//! Hands the linker its script, so that no flags are needed outside this folder.

use core::error::Error;
use std::{env, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = env::var("OUT_DIR")?;
    fs::copy("link.x", Path::new(&out_dir).join("link.x"))?;
    println!("cargo::rerun-if-changed=link.x");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-search={out_dir}");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}
