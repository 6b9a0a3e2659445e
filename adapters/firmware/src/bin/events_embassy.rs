//! An application of routes on embassy: what one client sends, six others hear at once by server-sent events.

#![no_std]
#![no_main]

use embassy_net::{Runner, Stack, StackResources};
use static_cell::StaticCell;
use wirenut::http::service::{Event, Fixed, OrStatus, Topic, collect, routes};
use wirenut::http::{FieldFilter, Limits, Status};
use wirenut::readiness::Policy;
use wirenut::time::Duration;
use wirenut_embedded_io::{Listener, Memory};
use wirenut_firmware::board::{device::EthernetDevice, embassy};
use wirenut_firmware::{FrameBuffers, info};

/// Six who hear, one who speaks, and one socket for whoever else comes.
const CONNECTIONS: usize = 8;

/// The service asks for no field.
const LIMITS: Limits = Limits { field_filter: Some(&FieldFilter { names: &[], bytes: 109 }), ..Limits::DEFAULT };

/// The last eight numbers, for all connections.
type News = Topic<u32, 8, CONNECTIONS>;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut FRAMES: FrameBuffers = FrameBuffers::new();
    static RESOURCES: StaticCell<StackResources<CONNECTIONS>> = StaticCell::new();
    static LISTENER: StaticCell<Listener<CONNECTIONS>> = StaticCell::new();
    static NEWS: StaticCell<News> = StaticCell::new();

    let resources = RESOURCES.init_with(StackResources::new);
    let (stack, runner) = embassy_net::new(embassy::start(FRAMES), embassy::config(), resources, embassy::RANDOM_SEED);
    let listener = LISTENER.init_with(|| Listener::new(80, Policy { slots: 7, ..Policy::DEFAULT }));
    let news = NEWS.init_with(News::new);
    embassy::run(|spawner| {
        spawner.spawn(network(runner).expect("one network"));
        for _ in 0..CONNECTIONS {
            spawner.spawn(connections(listener, stack, news).expect("as many tasks as connections"));
        }
        info!("listening on port 80");
    })
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, EthernetDevice>) -> ! {
    runner.run().await
}

#[embassy_executor::task(pool_size = CONNECTIONS)]
async fn connections(listener: &'static Listener<CONNECTIONS>, stack: Stack<'static>, news: &'static News) {
    let app = routes!(
        news,
        get("/", |_, _, responder| responder.text("POST /news, and GET it\n")),
        post("/news", |_, request, _| collect(request, Fixed::<10>::new(), |news: &News, content, responder| {
            let number = core::str::from_utf8(content).ok().and_then(|text| text.parse().ok());
            news.publish(number.or_status(Status::BAD_REQUEST)?);
            responder.status(Status::NO_CONTENT)
        })),
        get("/news", |news: &'static News, _, responder| responder
            .events(news.follow(|events, number, value| events.send_event(&Event::new(value).with_id(&number))))),
        get("/ticks", |_, _, responder| {
            let mut tick = 0_u32;
            responder.events(move |_, events| {
                events.send(tick)?;
                tick = tick.wrapping_add(1);
                events.wait(Duration::from_millis(100));
                Ok(())
            })
        }),
    );
    let (input, store, output) = ([0; 224], [0; LIMITS.store_bytes()], [0; 256]);
    let mut memory = Memory { received: [0; 512], transmitted: [0; 512], input, store, output };
    listener.serve(stack, &LIMITS, &app, &mut memory, embassy::report).await;
}
