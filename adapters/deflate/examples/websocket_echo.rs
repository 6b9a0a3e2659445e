//! A WebSocket that sends back what comes, compressed if the client offers it. Messages may be longer than any buffer.
//! The first argument is the address, the second the name of the server model.
//!
//! ```sh
//! cargo run -p wirenut-deflate --example websocket_echo 127.0.0.1:8080 multiplexed
//! ```

use core::num::NonZeroUsize;

use wirenut::http::service::routes;
use wirenut::websocket::handshake::{DeflateSupport, OriginPolicy, ServerHandshake};
use wirenut::websocket::{InPieces, Limits, Next, Outbox, Piece, PieceHandler, Upgrade};
use wirenut_deflate::PerMessageDeflate;
use wirenut_server::{Config, Error, Model, Server};

/// Sends back each piece as it comes.
struct Echo;

impl PieceHandler for Echo {
    /// The header of a frame.
    const ROOM: usize = 14;

    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        outbox.piece(piece.kind, piece.bytes, piece.is_last).into()
    }
}

const ECHO: Upgrade<'static> = Upgrade {
    handshake: ServerHandshake {
        deflate: Some(DeflateSupport::DEFAULT),
        origins: OriginPolicy::Any,
        ..ServerHandshake::DEFAULT
    },
    limits: &Limits { message_bytes: 64 << 20, frame_bytes: 64 << 20, ..Limits::DEFAULT },
};

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:8080".into());
    let name = arguments.next().unwrap_or("multiplexed".into());
    let model = NonZeroUsize::new(40).and_then(|count| Model::by_name(&name, count)).expect("the name of a model");
    let mut server = Server::bind(address, Config { model, ..Config::DEFAULT })?;
    server.stop_on_signals()?;
    println!("ws://{}/", server.address());
    let app = routes!(
        (),
        get("/", |_, request, responder| {
            let accepted = ECHO.accept(request, responder)?;
            let codec = accepted.deflate.as_ref().map(PerMessageDeflate::of_server);
            ECHO.begin_with::<_, _, InPieces>(&accepted, responder, Echo, codec)
        }),
    );
    server.run(&app).map(drop)
}
