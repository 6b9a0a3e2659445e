//! WebSocket servers that echo, one thread each but for `wirenut-threads`, and their load. `measure` runs them.
//!
//! ```text
//! websocket serve NAME                                       prints its address
//! websocket load ADDRESS CONNECTIONS BYTES MESSAGES          one message on its way on each connection
//! websocket mask                                             bytes masked per cycle
//! ```
//!
//! NAME: `wirenut`, `wirenut-threads`, `floor`, `floor-copies`, `tungstenite`, `fastwebsockets` or `wtx`.

mod floor;
mod load;
mod masking;
mod peers;
mod wirenut_echo;

use core::num::NonZeroUsize;

use wirenut_server::Model;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", "wirenut"] => wirenut_echo::serve(Model::DEFAULT),
        ["serve", "wirenut-threads"] => {
            let threads = NonZeroUsize::new(128).expect("a number");
            wirenut_echo::serve(Model::Threading { threads });
        }
        ["serve", "floor"] => floor::serve(floor::Way::InPlace),
        ["serve", "floor-copies"] => floor::serve(floor::Way::TwoCopies),
        ["serve", name] => peers::serve(name),
        ["load", address, connections, bytes, messages] => {
            let number = |text: &str| text.parse().expect("a number");
            load::run(address, number(connections), number(bytes), number(messages));
        }
        ["mask"] => masking::run(),
        _ => panic!("usage: websocket serve NAME | load ADDRESS CONNECTIONS BYTES MESSAGES | mask"),
    }
}
