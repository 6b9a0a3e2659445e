//! A server on embassy, with the board around it: what the firmwares that only differ in their service share.

/// The whole of a firmware that serves `$service` on four connections of embassy's, within `$limits`. Responses are made in
/// `$output` bytes.
///
/// A macro, since a task of embassy's cannot be generic.
#[macro_export]
macro_rules! serve_on_embassy {
    ($service:expr, $limits:expr, $output:expr) => {
        use embassy_executor::Spawner;
        use embassy_net::{Runner, Stack, StackResources};
        use static_cell::StaticCell;
        use wirenut::readiness::Policy;
        use wirenut_embedded_io::{Buffers, Error, Listener, Rings};
        use $crate::board::device::EthernetDevice;
        use $crate::board::embassy;
        use $crate::{FrameBuffers, info, warn};

        const PORT: u16 = 80;
        const CONNECTIONS: usize = 4;
        /// Together the 2 KiB that a connection of `canned_embassy` has.
        const RECEIVE_RING: usize = 1024;
        const TRANSMIT_RING: usize = 512;
        /// What is taken out of the ring at once.
        const INPUT: usize = 224;
        /// What is kept of a head.
        const STORE: usize = $limits.store_bytes();
        const OUTPUT: usize = $output;

        /// The fourth connection is for whoever else comes, and waits until one of the others gives way.
        const POLICY: Policy = Policy { slots: 3, ..Policy::DEFAULT };

        #[cortex_m_rt::entry]
        fn main() -> ! {
            static mut FRAMES: FrameBuffers = FrameBuffers::new();
            static RESOURCES: StaticCell<StackResources<CONNECTIONS>> = StaticCell::new();
            static LISTENER: StaticCell<Listener<CONNECTIONS>> = StaticCell::new();

            let resources = RESOURCES.init_with(StackResources::new);
            let (stack, runner) =
                embassy_net::new(embassy::start(FRAMES), embassy::config(), resources, embassy::RANDOM_SEED);
            let listener = LISTENER.init_with(|| Listener::new(PORT, POLICY));
            embassy::run(|spawner: Spawner| {
                spawner.spawn(network(runner).expect("one network"));
                for _ in 0..CONNECTIONS {
                    spawner.spawn(connections(listener, stack).expect("as many tasks as connections"));
                }
                info!("listening on port {=u16}", PORT);
            })
        }

        #[embassy_executor::task]
        async fn network(mut runner: Runner<'static, EthernetDevice>) -> ! {
            runner.run().await
        }

        /// One connection after the other.
        #[embassy_executor::task(pool_size = CONNECTIONS)]
        async fn connections(listener: &'static Listener<CONNECTIONS>, stack: Stack<'static>) {
            let (mut received, mut transmitted) = ([0; RECEIVE_RING], [0; TRANSMIT_RING]);
            let (mut input, mut store, mut output) = ([0; INPUT], [0; STORE], [0; OUTPUT]);
            let rings = Rings { received: &mut received, transmitted: &mut transmitted };
            let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
            let serving = listener.serve(stack, &$limits, &$service, rings, buffers, |error| {
                if let Error::Protocol(error) = error {
                    warn!("{} at byte {=u64}", error.rule, error.offset);
                } else {
                    warn!("the connection was lost");
                }
            });
            serving.await;
        }
    };
}
