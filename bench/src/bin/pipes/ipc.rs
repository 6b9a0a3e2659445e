//! ipc-channel: channels of bytes, which it need not serialize. They are one-way, so an answer has its own.

use ipc_channel::ipc::bytes_channel;
use wirenut_linux::process::spawn;

use crate::Failure;

pub(crate) fn stream(count: usize, length: usize) -> Result<(), Failure> {
    let ((sender, receiver), (answer, answers)) = (bytes_channel()?, bytes_channel()?);
    let child = spawn(move || {
        for _ in 0..count {
            let _ = receiver.recv();
        }
        answer.send(b"")
    })?;
    let message = vec![7; length];
    for _ in 0..count {
        sender.send(&message)?;
    }
    answers.recv().map_err(|error| error.to_string())?;
    child.join()?;
    Ok(())
}

pub(crate) fn round_trip(count: usize, length: usize) -> Result<(), Failure> {
    let ((sender, receiver), (answer, answers)) = (bytes_channel()?, bytes_channel()?);
    let child = spawn(move || {
        for _ in 0..count {
            if let Ok(message) = receiver.recv() {
                let _ = answer.send(&message);
            }
        }
    })?;
    let message = vec![7; length];
    for _ in 0..count {
        sender.send(&message)?;
        answers.recv().map_err(|error| error.to_string())?;
    }
    child.join()?;
    Ok(())
}
