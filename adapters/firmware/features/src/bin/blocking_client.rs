//! `client`, over a stream that blocks.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut_embedded_io::{Error, blocking::Client};
use wirenut_features::client::REQUEST;
use wirenut_features::stream::{Content, Time, Wire};
use wirenut_features::{BUFFER, LIMITS, keep, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut out) = ([0; BUFFER], [0; BUFFER]);
    loop {
        black_box(ask(&mut input, &mut out).is_err());
    }
}

fn ask(input: &mut [u8], out: &mut [u8]) -> Result<(), Error<embedded_io::ErrorKind>> {
    let mut wire = Wire;
    let wait = |_: &mut Wire, wanted| {
        black_box(wanted);
    };
    let mut client = Client::new(&mut wire, &Time, wait, &LIMITS, input, out);
    keep(&client);
    black_box(client.send(black_box(&REQUEST), Content, |head| head.status)?);
    let mut piece = [0; 64];
    while client.read(&mut piece)? > 0 {
        send(&piece);
    }
    client.close()
}
