//! Hands the linker the scripts of the board, so that no flags are needed outside this folder.

use core::error::Error;
use std::{env, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = env::var("OUT_DIR")?;
    for script in ["memory.x", "device.x"] {
        fs::copy(script, Path::new(&out_dir).join(script))?;
        println!("cargo::rerun-if-changed={script}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-search={out_dir}");
    // Without --nmagic the linker pads the first segment to a page that flash does not have.
    println!("cargo::rustc-link-arg-bins=--nmagic");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    if env::var_os("CARGO_FEATURE_LOG").is_some() {
        println!("cargo::rustc-link-arg-bins=-Tdefmt.x");
    }
    Ok(())
}
