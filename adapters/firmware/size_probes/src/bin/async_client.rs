//! `client`, over an async stream.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut_embedded_io::{Buffers, Client, Error};
use wirenut_size_probes::client::REQUEST;
use wirenut_size_probes::stream::{Content, Time, Wire, block_on};
use wirenut_size_probes::{BUFFER, LIMITS, STORE, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut output) = ([0; BUFFER], [0; STORE], [0; BUFFER]);
    loop {
        black_box(block_on(ask(Buffers { input: &mut input, store: &mut store, output: &mut output })).is_err());
    }
}

async fn ask(buffers: Buffers<'_>) -> Result<(), Error<embedded_io::ErrorKind>> {
    let mut wire = Wire;
    let mut client = Client::new(&mut wire, &Time, &LIMITS, buffers);
    black_box(client.send(black_box(&REQUEST), Content, |head| head.status).await?);
    let mut piece = [0; 64];
    while client.read(&mut piece).await? > 0 {
        send(&piece);
    }
    client.close().await
}
