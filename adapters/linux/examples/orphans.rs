//! What becomes of a process whose parent ends: `orphans adopted` has another process take it in, and `orphans killed` has
//! it die with its parent.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};

use wirenut_linux::process::{Process, parent, spawn, spawn_detached};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let (reader, writer) = pipe()?;
    match std::env::args().nth(1).as_deref() {
        Some("adopted") => adopted(reader, writer),
        Some("killed") => killed(reader, writer),
        _ => Err("orphans adopted|killed".into()),
    }
}

/// The tree ends when the orphan has, too.
fn adopted(mut reader: PipeReader, writer: PipeWriter) -> Result<(), Box<dyn core::error::Error>> {
    let tree = Process::new().subreaper().spawn(move || {
        let subreaper = parent();
        spawn_detached(move || {
            while parent() != subreaper {
                std::thread::yield_now();
            }
            writeln!(&writer, "the orphan's parent is {subreaper}")
        })
        .map(drop)
    })?;
    println!("the subreaper is {}", tree.pid());
    println!("its tree {}", tree.join()?);
    let mut told = String::new();
    reader.read_to_string(&mut told)?;
    print!("{told}");
    Ok(())
}

/// The pipe ends when the last process that could write to it is gone.
fn killed(mut reader: PipeReader, writer: PipeWriter) -> Result<(), Box<dyn core::error::Error>> {
    let family = spawn(move || -> Result<(), Box<dyn core::error::Error>> {
        let child = Process::new().daemon(true).spawn(move || {
            let _writer = writer;
            loop {
                std::thread::park();
            }
        })?;
        // Nobody drops the handle, which would kill the child, too.
        core::mem::forget(child);
        Ok(())
    })?;
    println!("the parent {}", family.join()?);
    reader.read_to_end(&mut Vec::new())?;
    println!("its child has died with it");
    Ok(())
}
