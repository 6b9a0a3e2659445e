//! `client`, over an async stream.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut_embedded_io::{Client, Error};
use wirenut_features::client::REQUEST;
use wirenut_features::stream::{Content, Time, Wire, block_on};
use wirenut_features::{BUFFER, LIMITS, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut out) = ([0; BUFFER], [0; BUFFER]);
    loop {
        black_box(block_on(ask(&mut input, &mut out)).is_err());
    }
}

async fn ask(input: &mut [u8], out: &mut [u8]) -> Result<(), Error<embedded_io::ErrorKind>> {
    let mut wire = Wire;
    let mut client = Client::new(&mut wire, &Time, &LIMITS, input, out);
    black_box(client.send(black_box(&REQUEST), Content, |head| head.status).await?);
    let mut piece = [0; 64];
    while client.read(&mut piece).await? > 0 {
        send(&piece);
    }
    client.close().await
}
