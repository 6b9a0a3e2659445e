//! `client`, over a stream that blocks.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut_embedded_io::{Buffers, Error, blocking::Client};
use wirenut_size_probes::client::REQUEST;
use wirenut_size_probes::stream::{Content, Time, Wire};
use wirenut_size_probes::{BUFFER, LIMITS, STORE, keep, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut output) = ([0; BUFFER], [0; STORE], [0; BUFFER]);
    loop {
        black_box(ask(Buffers { input: &mut input, store: &mut store, output: &mut output }).is_err());
    }
}

fn ask(buffers: Buffers<'_>) -> Result<(), Error<embedded_io::ErrorKind>> {
    let mut wire = Wire;
    let wait = |_: &mut Wire, wanted| {
        black_box(wanted);
    };
    let mut client = Client::new(&mut wire, &Time, wait, &LIMITS, buffers);
    keep(&client);
    black_box(client.send(black_box(&REQUEST), Content, |head| head.status)?);
    let mut piece = [0; 64];
    while client.read(&mut piece)? > 0 {
        send(&piece);
    }
    client.close()
}
