//! Ours: sends back a message in pieces as it comes.

use wirenut::http::service::routes;
use wirenut::websocket::handshake::{OriginPolicy, ServerHandshake};
use wirenut::websocket::{Next, Outbox, Piece, PieceHandler, Upgrade};
use wirenut_server::{Config, Model, Server};

struct Echo;

impl PieceHandler for Echo {
    const ROOM: usize = 14;

    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        outbox.piece(piece.kind, piece.bytes, piece.is_last).into()
    }
}

const ECHO: Upgrade<'static> = Upgrade {
    handshake: ServerHandshake { origins: OriginPolicy::Any, ..ServerHandshake::DEFAULT },
    ..Upgrade::DEFAULT
};

pub fn serve(model: Model) {
    let server = Server::bind("127.0.0.1:0", Config { model, ..Config::DEFAULT }).expect("a free port");
    println!("{}", server.address());
    let app = routes!(
        (),
        get("/", |_, request, responder| {
            let accepted = ECHO.accept(request, responder)?;
            ECHO.begin_pieces(&accepted, responder, Echo)
        })
    );
    server.run(&app).expect("a server that runs");
}
